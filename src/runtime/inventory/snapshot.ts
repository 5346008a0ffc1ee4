import { findInJson, type JsonKey, parseJson, shapeFault, spanAt } from '../../compiler/json/index.ts';
import { LIMITS } from '../../model/index.ts';
import type { Diagnostic, DiagnosticKind, HostInventory, Result } from '../../model/index.ts';
import { decode } from '../../model/generated/decode-snapshot.ts';
import { readInputText } from '../read-input.ts';
import * as diagnostics from './diagnostics.ts';
import { contradictionsIn } from './snapshot-consistency.ts';
import type { Contradiction } from './contradiction.ts';

/** Contradictions shown; a file that was edited wrongly by a program has thousands of the same. */
const MAX_SHOWN = 20;

/** Reads a snapshot file; with `own`, only one of this user's own. Whatever is wrong with it is a diagnostic; throws nothing. */
export async function readSnapshot(path: string, own = false): Promise<Result<HostInventory>> {
  const text = readText(path, own);
  return typeof text === 'string' ? parseSnapshot(path, text) : { diagnostics: [text] };
}

function readText(path: string, own: boolean): string | Diagnostic {
  const read = readInputText(path, { limit: LIMITS.snapshot.bytes, own });
  if (!('refusal' in read)) return read.text.startsWith('\ufeff') ? read.text.slice(1) : read.text;
  const { kind, what } = read.refusal;
  const refuse = kind === 'too-large' ? diagnostics.snapshotTooLarge : diagnostics.snapshotUnreadable;
  return refuse({ detail: `"${path}" ${what}.` });
}

/**
 * Reads the text of a snapshot: JSON, version, shape, sense. The returned inventory is decoded (64-bit values are
 * bigints) and has nothing that contradicts itself.
 */
export async function parseSnapshot(file: string, text: string): Promise<Result<HostInventory>> {
  const report = (kind: DiagnosticKind, detail: string, way: readonly JsonKey[]): Result<HostInventory> => ({
    diagnostics: [kind({ detail, at: placeOf(file, text, findInJson(text, [way])[0]) })],
  });
  const parsed = parseJson(file, text, LIMITS.snapshot);
  if ('refusal' in parsed) {
    const { kind, detail, at } = parsed.refusal;
    const refuse = kind === 'limit' ? diagnostics.snapshotTooLarge : diagnostics.snapshotNotJson;
    return { diagnostics: [refuse({ detail, at })] };
  }
  const { value } = parsed;
  const version = (value as { format_version?: unknown } | null)?.format_version;
  if (typeof version === 'number' && version !== 1) {
    const detail = `It has format ${version}; this version of vfio-compose reads format 1.`;
    return report(diagnostics.snapshotVersion, detail, ['format_version']);
  }
  const { default: validate } = await import('../../model/generated/validate-snapshot.cjs');
  if (!validate(value)) {
    const { detail, way } = shapeFault(validate.errors?.[0]);
    return report(diagnostics.snapshotInvalid, detail, way);
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
    diagnostics.snapshotInconsistent({ detail, at: placeOf(file, text, offsets[index]) }),
  );
  const rest = wrong.length - shown.length;
  if (rest > 0) {
    const detail = `${rest} more contradictions in this snapshot are not shown.`;
    found.push(diagnostics.snapshotInconsistent({ detail, severity: 'note' }));
  }
  return found;
}

/** The place of a value; none where the text does not have it, as of a key that is missing. */
const placeOf = (file: string, text: string, offset: number | undefined) =>
  offset === undefined ? undefined : spanAt(file, text, offset);
