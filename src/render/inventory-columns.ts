import { describeClass } from '../model/index.ts';
import type { PciDevice } from '../model/index.ts';

/** How parts of an inventory are set off; each returns its text as it is where nothing is coloured. */
export interface InventoryPaint {
  heading(text: string): string;
  problem(text: string): string;
}

export const PLAIN: InventoryPaint = { heading: (text) => text, problem: (text) => text };

/** The facts of a device that every view shows, one cell each. */
export function deviceCells(device: PciDevice): string[] {
  const override = device.driverOverride === null ? '' : ` (override ${device.driverOverride})`;
  return [
    device.address,
    describeClass(device.class),
    `${device.vendor}:${device.device}`,
    `${device.driver ?? '-'}${override}`,
    device.resetMethods.join(' ') || '-',
    namesOf(device).join(' ') || '-',
  ];
}

/** What the host calls it: interfaces, disks, physical slot, place among virtual functions. */
function namesOf(device: PciDevice): string[] {
  const { slot, physicalFunction, virtualFunctionIndex, sriov } = device;
  return [
    ...device.netdevs.map(({ name }) => name),
    ...device.blocks.map(({ name }) => name),
    ...(slot === null ? [] : [`slot=${slot}`]),
    ...(physicalFunction === null ? [] : [`vf=${virtualFunctionIndex ?? '?'}@${physicalFunction}`]),
    ...(sriov === null ? [] : [`vfs=${sriov.enabled}/${sriov.total}`]),
  ];
}

/** The width of each column over all rows. */
export function columnWidths(rows: readonly (readonly string[])[]): number[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  }
  return widths;
}

/** A row in columns two spaces apart, without blanks at its end. */
export const columnLine = (row: readonly string[], widths: readonly number[]): string =>
  row
    .map((cell, index) => cell.padEnd(widths[index] ?? 0))
    .join('  ')
    .trimEnd();
