import { parseJson } from '../../compiler/json/index.ts';
import { type Assignment, LIMITS, type SwitchedParameter } from '../../model/index.ts';
import type { ProcessIdentity } from './process-identity.ts';
import type { NamedPlugin } from '../plugins/found-plugin.ts';
import { readInputText } from '../read-input.ts';
import { faultInRecord, type PHASES } from './record-shape.ts';
import { type ProjectDirectory } from './state-directory.ts';
import { writeFileAtomically } from '../write-atomically.ts';

/**
 * `starting` and `going-back` while steps run, `up` while the devices are out, `back` when all of the host has come
 * back and only the record is left to be taken away, `stuck` when something could not be brought back.
 */
export type Phase = (typeof PHASES)[number];

/** Something that the way back could not do, with what to do about it. */
export interface LeftOver {
  readonly step: string;
  readonly resource: string;
  readonly explanation: string;
}

/** A parameter of a module that a project's plan switches. */
export interface RecordedParameter extends SwitchedParameter {
  /** The step of the way back that puts it back. A record of an older version does not say. */
  readonly step?: string;
}

/** What is on disk of a running project, beside its plan and its journal. */
export interface ProjectRecord {
  readonly format_version: 1;
  readonly name: string;
  readonly toolVersion: string;
  readonly phase: Phase;
  /** The process that holds it: the one in the foreground, the supervisor, or none with `handoff: bind` alone. */
  readonly owner: (ProcessIdentity & { readonly kind: 'foreground' | 'supervisor' }) | null;
  /** Snapshot of the simulated host, as an absolute path; null on the live machine. */
  readonly hostFile: string | null;
  /** Fingerprint of the manifest or plan file that it was brought up with: the same `up` again has nothing to do. */
  readonly source: string;
  /** When it came up, ISO 8601. */
  readonly since: string;
  /** The plugins that its manifest listed, for a simulated host to be found as it was. */
  readonly plugins: readonly NamedPlugin[];
  readonly assignments: readonly Assignment[];
  /** The parameters of modules that its plan switches. A record of an older version has none. */
  readonly parameters?: readonly RecordedParameter[];
  readonly left: readonly LeftOver[];
  /** Why `up` failed, where it did. */
  readonly failure: string | null;
}

export function writeRecord(directory: ProjectDirectory, record: ProjectRecord): void {
  writeFileAtomically(directory.record(), `${JSON.stringify(record, null, 2)}\n`);
}

/** A record that cannot be read, with the reason. */
export class BrokenRecord extends Error {
  override readonly name = 'BrokenRecord';

  constructor(
    readonly project: string,
    path: string,
    what: string,
  ) {
    super(`${path} ${what}`);
  }
}

/**
 * Reads a project's record; undefined where there is none. Throws {@link BrokenRecord} for one that makes no sense or may not
 * be this user's, and StateDirectoryError where its directory may not be.
 */
export function readRecord(directory: ProjectDirectory): ProjectRecord | undefined {
  directory.check();
  const path = directory.record();
  const broken = (what: string) => new BrokenRecord(directory.name, path, what);
  const read = readInputText(path, { limit: LIMITS.state.record, own: true });
  if ('refusal' in read) {
    if (read.refusal.kind === 'absent') return undefined;
    throw broken(read.refusal.what);
  }
  const parsed = parseJson(path, read.text, LIMITS.state);
  if ('refusal' in parsed) {
    const { detail, at } = parsed.refusal;
    throw broken(`is not a record: line ${at.start.line}, column ${at.start.column}: ${detail}`);
  }
  const { value } = parsed;
  const later = laterFormat(value);
  if (later !== undefined) throw broken(later);
  const fault = faultInRecord(value);
  if (fault !== undefined) throw broken(`is not a record of this version: see ${fault}`);
  const record = value as ProjectRecord;
  // The name leads to the files that are removed in the end.
  if (record.name === directory.name) return record;
  throw broken(`is the record of another project, ${JSON.stringify(record.name.slice(0, 64))}`);
}

/** A later version may have written it. */
function laterFormat(value: unknown): string | undefined {
  const format = (value as { format_version?: unknown } | null)?.format_version;
  return typeof format === 'number' && format > 1
    ? `has format_version ${format}, and this version of vfio-compose reads 1: use the version that brought the project up, or a later one`
    : undefined;
}
