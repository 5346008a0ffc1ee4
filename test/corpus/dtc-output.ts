/** A tree as somebody else read it: properties by node path, both in their order. */
export type PlainTree = ReadonlyMap<string, ReadonlyMap<string, Uint8Array>>;

/** What `dtc -I dtb -O dts` says about a blob. */
export interface DtcReading {
  readonly tree: PlainTree;
  readonly reservations: readonly { readonly address: bigint; readonly size: bigint }[];
}

/**
 * Reads what `dtc` prints for a blob, which is a small part of its language: a line for each thing, and each value one
 * string, one list of cells, or one list of bytes. Independent of our reader of blobs on purpose. Throws on anything else.
 */
export function parseDtcOutput(text: string): DtcReading {
  const tree = new Map<string, Map<string, Uint8Array>>();
  const reservations: { address: bigint; size: bigint }[] = [];
  const open: { path: string; properties: Map<string, Uint8Array> }[] = [];
  for (const line of text.split('\n')) {
    const word = line.trimStart();
    if (word === '' || word === '/dts-v1/;') continue;
    const reserved = /^\/memreserve\/\s+(0x[0-9a-f]+) (0x[0-9a-f]+);$/.exec(word);
    const inside = open.at(-1);
    if (reserved) {
      reservations.push({ address: BigInt(reserved[1] ?? ''), size: BigInt(reserved[2] ?? '') });
    } else if (word === '};') {
      if (!open.pop()) throw new Error('dtc closes a node too many');
    } else if (word.endsWith(' {') && !word.includes('"')) {
      const name = word.slice(0, -2);
      const path = !inside ? '/' : inside.path === '/' ? `/${name}` : `${inside.path}/${name}`;
      if (tree.has(path)) throw new Error(`dtc prints ${path} twice`);
      const properties = new Map<string, Uint8Array>();
      tree.set(path, properties);
      open.push({ path, properties });
    } else {
      const [name, value] = property(word);
      if (!inside || inside.properties.has(name)) throw new Error(`dtc prints ${name} where it cannot be`);
      inside.properties.set(name, value);
    }
  }
  if (open.length > 0 || tree.size === 0) throw new Error('the output of dtc is cut off');
  return { tree, reservations };
}

function property(line: string): [name: string, value: Uint8Array] {
  const [, name = '', value] = /^([^\s=;]+)(?: = (.*))?;$/.exec(line) ?? [];
  if (name === '') throw new Error(`not understood: ${line}`);
  if (value === undefined) return [name, new Uint8Array(0)];
  const [, cells, bytes, string] = /^(?:<(.*)>|\[(.*)\]|"(.*)")$/.exec(value) ?? [];
  if (cells !== undefined) return [name, ofCells(cells.split(' '))];
  if (bytes !== undefined) return [name, Uint8Array.from(bytes.split(' '), (digits) => Number.parseInt(digits, 16))];
  if (string === undefined) throw new Error(`not understood: ${line}`);
  return [name, ofString(string)];
}

function ofCells(cells: readonly string[]): Uint8Array {
  const value = new Uint8Array(cells.length * 4);
  const view = new DataView(value.buffer);
  cells.forEach((cell, index) => view.setUint32(index * 4, Number(cell)));
  return value;
}

const LETTERS: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  t: 9,
  n: 10,
  v: 11,
  f: 12,
  r: 13,
  '\\': 92,
  '"': 34,
  // Never the start of an octal number: dtc prints NUL like this whatever follows.
  '0': 0,
};

function ofString(text: string): Uint8Array {
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at++) {
    if (text[at] !== '\\') {
      bytes.push(text.charCodeAt(at));
      continue;
    }
    at += 1;
    const byte = LETTERS[text[at] ?? ''];
    if (byte === undefined) throw new Error(`not understood: ${text}`);
    bytes.push(byte);
  }
  bytes.push(0);
  return Uint8Array.from(bytes);
}
