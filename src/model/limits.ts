/**
 * How much of each input is read. Manifests, snapshots, plans, device trees and the state of running projects are untrusted
 * input to a process that may be root's: what is larger, deeper or grows further than this is refused with a diagnostic
 * before it costs the machine its memory. The largest real inputs stay far below. docs/security.md has these numbers as a
 * table.
 */
export const LIMITS = {
  manifest: {
    /** Bytes of one file, and UTF-16 units of its text. */
    text: 8 * 1024 * 1024,
    /** UTF-16 units of all files of a manifest. */
    allTexts: 32 * 1024 * 1024,
    /** Files of a manifest; one that is included twice counts twice. */
    files: 1000,
    /** Files that include each other in a row. */
    includeDepth: 16,
    /** UTF-16 units of one key, value or comment, before and after its variables are put in. */
    token: 64 * 1024,
    /** Defaults of variables inside of defaults: `${A:-${B:-c}}`. */
    interpolationDepth: 16,
    /** Maps and lists inside each other, aliases followed. A manifest needs nine. */
    depth: 64,
    /** Values that aliases may add by standing for what an anchor names. */
    aliased: 1_000_000,
    /** Faults of the syntax that are reported for one file: one slip often makes several. */
    syntaxErrors: 10,
  },
  snapshot: {
    /** Bytes of the file: room for about 200,000 devices. */
    bytes: 256 * 1024 * 1024,
    /** Objects and lists inside each other. The schema needs seven. */
    depth: 32,
    /** Values, with those inside of others. A device has about sixty. */
    values: 20_000_000,
  },
  plan: {
    /** Bytes of the file. A plan of a million steps has about 400 MB. */
    bytes: 480 * 1024 * 1024,
    /** Objects and lists inside each other. The schema needs six. */
    depth: 32,
    /** Values, with those inside of others. A step has about ten. */
    values: 20_000_000,
  },
  deviceTree: {
    /** Bytes of a blob. The largest in Debian's kernel packages has 150 KiB, 900 nodes and 5,400 properties. */
    bytes: 64 * 1024 * 1024,
    nodes: 250_000,
    properties: 1_000_000,
    reservations: 10_000,
    /** Of all paths together: a small blob of long names above many nodes would else grow a thousand times in memory. */
    pathCharacters: 32 * 1024 * 1024,
    /** Nodes inside each other. */
    depth: 64,
  },
  state: {
    /** Bytes of the record of a project; each device takes some 200. */
    record: 64 * 1024 * 1024,
    /** Objects and lists inside each other. */
    depth: 16,
    /** Values of the record. */
    values: 2_000_000,
    /** Bytes of a journal: four lines for each durable step, of some 60 bytes each. */
    journal: 256 * 1024 * 1024,
  },
} as const;

/** What is checked of a JSON text before it is parsed. */
export interface JsonLimits {
  readonly depth: number;
  readonly values: number;
}
