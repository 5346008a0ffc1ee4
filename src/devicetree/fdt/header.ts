import {
  FDT_HEADER_SIZE,
  FDT_MAGIC,
  FDT_OLDEST_VERSION,
  FDT_VERSION,
  hex32,
  type FdtLimits,
  type FdtProblem,
  type FdtProblemKind,
} from './format.ts';

/** A part of a blob. In bytes from its start; `end` is the first byte behind. */
export interface Block {
  readonly start: number;
  readonly end: number;
}

/** Where the three blocks of a blob lie: all of them inside, each where it may begin. */
export interface FdtHeader {
  readonly totalSize: number;
  readonly bootCpu: number;
  readonly reservations: Block;
  readonly structure: Block;
  readonly strings: Block;
}

/** Bytes of a header of version 16, which does not have the size of the structure block. */
const HEADER_SIZE_16 = 36;

/** Offsets of the header's fields. */
const AT = {
  magic: 0,
  totalSize: 4,
  structure: 8,
  strings: 12,
  reservations: 16,
  version: 20,
  lastCompatible: 24,
  bootCpu: 28,
  stringsSize: 32,
  structureSize: 36,
} as const;

const problem = (kind: FdtProblemKind, offset: number, what: string): { readonly problem: FdtProblem } => ({
  problem: { kind, offset, what },
});

/** Reads and checks the header of a blob; what lies behind the size that it states is not looked at. */
export function readHeader(bytes: Uint8Array, limits: FdtLimits): FdtHeader | { readonly problem: FdtProblem } {
  if (bytes.length < HEADER_SIZE_16) {
    return problem('truncated', bytes.length, `a header has ${HEADER_SIZE_16} bytes at least`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(AT.magic);
  if (magic !== FDT_MAGIC) {
    return problem(
      'not-a-blob',
      AT.magic,
      `it begins with ${hex32(magic)}, a device-tree blob with ${hex32(FDT_MAGIC)}`,
    );
  }
  const version = view.getUint32(AT.version);
  const wrong = versionProblem(version, view.getUint32(AT.lastCompatible));
  if (wrong) return wrong;
  const headerSize = version < FDT_VERSION ? HEADER_SIZE_16 : FDT_HEADER_SIZE;
  const totalSize = view.getUint32(AT.totalSize);
  if (totalSize < headerSize) {
    return problem('block', AT.totalSize, `a size of ${totalSize} bytes does not hold the header`);
  }
  if (totalSize > bytes.length) {
    const what = `the header states ${totalSize} bytes, and ${bytes.length} are there`;
    return problem('truncated', AT.totalSize, what);
  }
  if (totalSize > limits.bytes) {
    return problem('limit', AT.totalSize, `${totalSize} bytes are more than the ${limits.bytes} that are read`);
  }
  return readBlocks(view, version, headerSize, totalSize);
}

function versionProblem(version: number, lastCompatible: number): { readonly problem: FdtProblem } | null {
  if (lastCompatible > FDT_VERSION) {
    const what = `it can be read from version ${lastCompatible} on, and ${FDT_VERSION} is known here`;
    return problem('version', AT.lastCompatible, what);
  }
  if (version < FDT_OLDEST_VERSION) {
    const what = `version ${version} is older than ${FDT_OLDEST_VERSION}; \`dtc -I dtb -O dtb\` writes it anew`;
    return problem('version', AT.version, what);
  }
  if (version < lastCompatible) {
    const what = `version ${version} is said to be compatible with nothing before ${lastCompatible}`;
    return problem('version', AT.lastCompatible, what);
  }
  return null;
}

function readBlocks(
  view: DataView,
  version: number,
  headerSize: number,
  totalSize: number,
): FdtHeader | { readonly problem: FdtProblem } {
  /** A block with a size of its own; without one it goes up to the end of the blob. */
  const block = (
    name: string,
    at: number,
    alignment: number,
    sizeAt: number | null,
  ): Block | { readonly problem: FdtProblem } => {
    const start = view.getUint32(at);
    if (start < headerSize || start > totalSize) {
      return problem('block', at, `the ${name} block begins at ${hex32(start)}, outside of the blob`);
    }
    if (start % alignment !== 0) {
      return problem('block', at, `the ${name} block begins at ${hex32(start)}, no multiple of ${alignment}`);
    }
    const size = sizeAt === null ? totalSize - start : view.getUint32(sizeAt);
    if (sizeAt !== null && size > totalSize - start) {
      return problem('block', sizeAt, `the ${name} block ends at ${hex32(start + size)}, outside of the blob`);
    }
    return { start, end: start + size };
  };
  const reservations = block('memory reservation', AT.reservations, 8, null);
  if ('problem' in reservations) return reservations;
  const structure = block('structure', AT.structure, 4, version < FDT_VERSION ? null : AT.structureSize);
  if ('problem' in structure) return structure;
  const strings = block('strings', AT.strings, 1, AT.stringsSize);
  if ('problem' in strings) return strings;
  return { totalSize, bootCpu: view.getUint32(AT.bootCpu), reservations, structure, strings };
}
