import type { Abi } from './abi.ts';

type FieldType = 'u8' | 'u16' | 'u32' | 's32' | 'u64';
/** Where a field lies in its struct, in bytes, and what it is. */
type Field = readonly [offset: number, type: FieldType];
type Fields = Readonly<Record<string, Field>>;

/** The values of a struct: 64-bit fields are `bigint`, the others numbers. */
export type ValuesOf<F extends Fields> = { [K in keyof F]: F[K][1] extends 'u64' ? bigint : number };

/** The layout of a C struct: reads and writes it in the byte order of a kernel. */
export interface Struct<F extends Fields> {
  readonly size: number;
  readonly fields: F;
  /** A new buffer of the struct and `trailing` bytes behind it, all zero but for the values given. */
  encode(abi: Abi, values: Partial<ValuesOf<F>>, trailing?: number): Buffer;
  /** Changes only the fields given. */
  write(abi: Abi, buffer: Buffer, values: Partial<ValuesOf<F>>, at?: number): void;
  /** Fields that lie beyond the end of the buffer read as 0, as for a caller with an older, shorter struct. */
  read(abi: Abi, buffer: Buffer, at?: number): ValuesOf<F>;
}

const WIDTH: Readonly<Record<FieldType, number>> = { u8: 1, u16: 2, u32: 4, s32: 4, u64: 8 };

export const viewOf = (buffer: Buffer): DataView => new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);

function put(view: DataView, at: number, type: FieldType, value: number | bigint, little: boolean): void {
  if (type === 'u64') view.setBigUint64(at, BigInt(value), little);
  else if (type === 'u32') view.setUint32(at, Number(value), little);
  else if (type === 's32') view.setInt32(at, Number(value), little);
  else if (type === 'u16') view.setUint16(at, Number(value), little);
  else view.setUint8(at, Number(value));
}

function get(view: DataView, at: number, type: FieldType, little: boolean): number | bigint {
  if (at + WIDTH[type] > view.byteLength) return type === 'u64' ? 0n : 0;
  if (type === 'u64') return view.getBigUint64(at, little);
  if (type === 'u32') return view.getUint32(at, little);
  if (type === 's32') return view.getInt32(at, little);
  if (type === 'u16') return view.getUint16(at, little);
  return view.getUint8(at);
}

/** Declares a struct: its size in bytes and, by name, the offset and type of its fields. */
export function defineStruct<const F extends Fields>(size: number, fields: F): Struct<F> {
  const entries = Object.entries(fields) as readonly (readonly [keyof F, Field])[];

  function write(abi: Abi, buffer: Buffer, values: Partial<ValuesOf<F>>, at = 0): void {
    const view = viewOf(buffer);
    for (const [name, [offset, type]] of entries) {
      const value = values[name];
      if (value !== undefined) put(view, at + offset, type, value, abi.littleEndian);
    }
  }

  return {
    size,
    fields,
    write,
    encode(abi, values, trailing = 0) {
      const buffer = Buffer.alloc(size + trailing);
      write(abi, buffer, values);
      return buffer;
    },
    read(abi, buffer, at = 0) {
      const view = viewOf(buffer);
      const values: Record<string, number | bigint> = {};
      for (const [name, [offset, type]] of entries) {
        values[name as string] = get(view, at + offset, type, abi.littleEndian);
      }
      return values as ValuesOf<F>;
    },
  };
}
