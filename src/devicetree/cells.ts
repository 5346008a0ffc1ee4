import type { DeviceTreeNode } from '../model/index.ts';

/** More address cells than this, and Linux translates nothing (OF_MAX_ADDR_CELLS in drivers/of/address.c). */
export const MAX_ADDRESS_CELLS = 4;

/** More cells than this in one specifier, and Linux refuses it (MAX_PHANDLE_ARGS in include/linux/of.h). */
export const MAX_SPECIFIER_CELLS = 16;

/** The whole 32-bit cells of a value; up to three bytes behind the last one are left out, as in Linux. */
export function cellsOf(value: Uint8Array): number[] {
  const view = viewOf(value);
  return Array.from({ length: Math.floor(value.length / 4) }, (_, index) => view.getUint32(index * 4));
}

/** The cells of a property; none where it is absent. */
export function propertyCells(node: DeviceTreeNode, property: string): number[] {
  const value = node.properties.get(property);
  return value ? cellsOf(value) : [];
}

/**
 * The first cell of a property; null where it is absent or shorter. A longer one counts too: of_property_read_u32 in
 * include/linux/of.h asks for at least one cell.
 */
export function u32Of(node: DeviceTreeNode, property: string): number | null {
  const value = node.properties.get(property);
  if (!value || value.length < 4) return null;
  return new DataView(value.buffer, value.byteOffset, 4).getUint32(0);
}

/**
 * `count` cells from `from` on as one number: the most significant cell first, and only the lowest 64 bits kept
 * (of_read_number in include/linux/of.h). Null where the cells end before.
 */
export function numberAt(cells: readonly number[], from: number, count: number): bigint | null {
  if (from < 0 || count < 0 || from + count > cells.length) return null;
  let value = 0n;
  for (const cell of cells.slice(from, from + count)) value = (value << 32n) | BigInt(cell);
  return BigInt.asUintN(64, value);
}

/** The same from a value that has the cells: large `ranges` are looked through without a list of them. */
export function numberIn(value: DataView, from: number, count: number): bigint {
  // Most numbers are small enough to be made in one go.
  if (count === 1) return BigInt(value.getUint32(from * 4));
  if (count === 0) return 0n;
  return value.getBigUint64((from + count - 2) * 4);
}

/** A value to be read cell by cell. */
export const viewOf = (value: Uint8Array): DataView => new DataView(value.buffer, value.byteOffset, value.length);

/** The strings of a property, split at their NULs. The last one need not end with a NUL. None where it is absent. */
export function stringsOf(node: DeviceTreeNode, property: string): string[] {
  const value = node.properties.get(property);
  if (!value || value.length === 0) return [];
  const end = value[value.length - 1] === 0 ? value.length - 1 : value.length;
  const strings: string[] = [];
  for (let start = 0; start <= end;) {
    const nul = value.indexOf(0, start);
    const stop = nul < 0 || nul > end ? end : nul;
    strings.push(latin1(value.subarray(start, stop)));
    start = stop + 1;
  }
  return strings;
}

/** The first string of a property; null where it is absent or empty. */
export const stringOf = (node: DeviceTreeNode, property: string): string | null => stringsOf(node, property)[0] ?? null;

/** Byte for byte, so that no value is a bad one: names and compatibles are ASCII anyway. The quickest for short ones. */
function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at++) text += String.fromCharCode(bytes[at] ?? 0);
  return text;
}

/**
 * How many cells an address below `bus` has: its own `#address-cells`, else that of the nearest ancestor that has one,
 * else 1 (of_bus_n_addr_cells in drivers/of/base.c).
 */
export const addressCells = (bus: DeviceTreeNode): number => inheritedCells(bus, '#address-cells');

/** The same for sizes (of_bus_n_size_cells in drivers/of/base.c). */
export const sizeCells = (bus: DeviceTreeNode): number => inheritedCells(bus, '#size-cells');

function inheritedCells(bus: DeviceTreeNode, property: string): number {
  for (let node: DeviceTreeNode | null = bus; node; node = node.parent) {
    const cells = u32Of(node, property);
    if (cells !== null) return cells;
  }
  return 1;
}

/** The name without its unit address: `usb` of `usb@210000` (of_node_name_eq in drivers/of/base.c). */
export function baseName(node: DeviceTreeNode): string {
  const at = node.name.indexOf('@');
  return at < 0 ? node.name : node.name.slice(0, at);
}
