/** A value of which the meaning is known: cells, where a label stands for the phandle of what carries it. */
export interface DtsCells {
  readonly cells: readonly (number | { readonly label: string })[];
}

/** The value of a property, for the printer: the bytes, or cells with references. */
export type DtsValue = Uint8Array | DtsCells;

/** The escapes of a string in DTS, which are those of C. */
const ESCAPES: ReadonlyMap<number, string> = new Map([
  [0x07, '\\a'],
  [0x08, '\\b'],
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0b, '\\v'],
  [0x0c, '\\f'],
  [0x0d, '\\r'],
  [0x22, '\\"'],
  [0x5c, '\\\\'],
]);

/** A value as source, without the `=`; null for that of a property without one. */
export function dtsValue(value: DtsValue): string | null {
  if (!(value instanceof Uint8Array)) {
    return `<${value.cells.map((cell) => (typeof cell === 'number' ? hexCell(cell) : `&${cell.label}`)).join(' ')}>`;
  }
  if (value.length === 0) return null;
  if (looksLikeStrings(value)) return strings(value).join(', ');
  return value.length % 4 === 0 ? `<${cells(value).join(' ')}>` : `[${hexBytes(value).join(' ')}]`;
}

/**
 * What `dtc` takes for text when it prints a blob (guess_value_type in its treesource.c): it ends with a NUL, has
 * printable characters and the usual control characters only, and not more NULs than characters.
 */
function looksLikeStrings(value: Uint8Array): boolean {
  if (value.at(-1) !== 0) return false;
  let nuls = 0;
  for (const byte of value) {
    if (byte === 0) nuls += 1;
    else if (!isPrintable(byte) && !(byte >= 0x07 && byte <= 0x0d)) return false;
  }
  return nuls <= value.length - nuls;
}

const isPrintable = (byte: number): boolean => byte >= 0x20 && byte <= 0x7e;

function strings(value: Uint8Array): string[] {
  const list: string[] = [];
  let text = '';
  for (const byte of value) {
    if (byte === 0) {
      list.push(`"${text}"`);
      text = '';
    } else {
      text += ESCAPES.get(byte) ?? String.fromCharCode(byte);
    }
  }
  return list;
}

function cells(value: Uint8Array): string[] {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  return Array.from({ length: value.length / 4 }, (_, index) => hexCell(view.getUint32(index * 4)));
}

const hexCell = (cell: number): string => `0x${cell.toString(16)}`;

const hexBytes = (value: Uint8Array): string[] => Array.from(value, (byte) => byte.toString(16).padStart(2, '0'));
