import { readFileSync, statSync } from 'node:fs';
import type { ErrorObject } from 'ajv';
import { formatBytes } from '../../model/index.ts';
import type { Diagnostic, DiagnosticKind, HostInventory, Position, Result, Span } from '../../model/index.ts';
import { decode } from '../../model/generated/decode-snapshot.ts';
import * as diagnostics from './diagnostics.ts';
import { findInJson, walkJson } from './json-walk.ts';
import type { JsonKey } from './json-walk.ts';
import { contradictionsIn } from './snapshot-consistency.ts';
import type { Contradiction } from './contradiction.ts';

const MAX_BYTES = 256 << 20;
/** Contradictions shown; a file that was edited wrongly by a program has thousands of the same. */
const MAX_SHOWN = 20;

/** Reads a snapshot file. Whatever is wrong with it is a diagnostic with its position; throws nothing. */
export async function readSnapshot(path: string): Promise<Result<HostInventory>> {
  const text = readText(path);
  return typeof text === 'string' ? parseSnapshot(path, text) : { diagnostics: [text] };
}

function readText(path: string): string | Diagnostic {
  try {
    const stat = statSync(path);
    if (!stat.isFile()) return diagnostics.snapshotUnreadable({ detail: `"${path}" is not a regular file.` });
    if (stat.size > MAX_BYTES) {
      const detail = `"${path}" has ${stat.size} bytes; at most ${formatBytes(BigInt(MAX_BYTES))} are read.`;
      return diagnostics.snapshotTooLarge({ detail });
    }
    const text = readFileSync(path, 'utf8');
    // Editors on Windows begin a file with a byte order mark, which JSON does not know.
    return text.startsWith('\ufeff') ? text.slice(1) : text;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    const reason = code === 'ENOENT' ? 'there is no such file' : code === 'EACCES' ? 'permission denied' : code;
    return diagnostics.snapshotUnreadable({ detail: `"${path}" cannot be read: ${reason}.` });
  }
}

/**
 * Reads the text of a snapshot: JSON, version, shape, sense. The returned inventory is decoded (64-bit values are
 * bigints) and has nothing that contradicts itself.
 */
export async function parseSnapshot(file: string, text: string): Promise<Result<HostInventory>> {
  const report = (kind: DiagnosticKind, detail: string, way: readonly JsonKey[]): Result<HostInventory> => ({
    diagnostics: [kind({ detail, at: spanAt(file, text, findInJson(text, [way])[0]) })],
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const fault = walkJson(text, () => undefined);
    const at = spanAt(file, text, fault?.offset);
    return { diagnostics: [diagnostics.snapshotNotJson({ detail: jsonFault(text, fault), at })] };
  }
  const version = (value as { format_version?: unknown } | null)?.format_version;
  if (typeof version === 'number' && version !== 1) {
    const detail = `It has format ${version}; this version of vfio-compose reads format 1.`;
    return report(diagnostics.snapshotVersion, detail, ['format_version']);
  }
  const { default: validate } = await import('../../model/generated/validate-snapshot.cjs');
  if (!validate(value)) {
    const error = validate.errors?.[0];
    const way = wayOf(error);
    return report(diagnostics.snapshotInvalid, shapeFault(error, way), way);
  }
  decode(value);
  const inventory = value as HostInventory;
  const wrong = contradictionsIn(inventory);
  return wrong.length === 0
    ? { value: inventory, diagnostics: [] }
    : { diagnostics: contradictions(file, text, wrong) };
}

function contradictions(file: string, text: string, wrong: readonly Contradiction[]): Diagnostic[] {
  const shown = wrong.slice(0, MAX_SHOWN);
  const offsets = findInJson(
    text,
    shown.map(({ way }) => way),
  );
  const found = shown.map(({ detail }, index) =>
    diagnostics.snapshotInconsistent({ detail, at: spanAt(file, text, offsets[index]) }),
  );
  const rest = wrong.length - shown.length;
  if (rest > 0) {
    const detail = `${rest} more contradictions in this snapshot are not shown.`;
    found.push(diagnostics.snapshotInconsistent({ detail, severity: 'note' }));
  }
  return found;
}

function jsonFault(text: string, fault: { offset: number; expected: string } | undefined): string {
  if (!fault) return 'The text is not a JSON document.';
  const found = text[fault.offset];
  if (found === undefined) return `The file ends where ${fault.expected} was expected. It may not be complete.`;
  return `Found ${JSON.stringify(found)} where ${fault.expected} was expected.`;
}

/** The way to the value that a validator's error is about; for a key too much, to that key's value. */
function wayOf(error: ErrorObject | undefined): JsonKey[] {
  const way = (error?.instancePath ?? '').split('/').slice(1);
  const keys = way.map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  const extra: unknown = error?.params?.['additionalProperty'];
  return typeof extra === 'string' ? [...keys, extra] : keys;
}

function shapeFault(error: ErrorObject | undefined, way: readonly JsonKey[]): string {
  const place = way.length === 0 ? 'The document' : `The value of ${way.join('.')}`;
  if (error?.keyword === 'additionalProperties') return `${place} is not part of the format.`;
  if (error?.keyword === 'required') return `${place} lacks "${String(error.params['missingProperty'])}".`;
  return `${place} ${error?.message ?? 'is not valid'}.`;
}

/** One character at an offset, as a span. */
function spanAt(file: string, text: string, offset: number | undefined): Span | undefined {
  if (offset === undefined) return undefined;
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  const line = before.split('\n').length;
  const column = [...before.slice(lineStart)].length + 1;
  const start: Position = { line, column, offset };
  return { file, start, end: { line, column: column + 1, offset: Math.min(offset + 1, text.length) } };
}
