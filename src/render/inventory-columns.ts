import { describeKind, printable } from '../model/index.ts';
import type { HostDevice, PlatformDevice } from '../model/index.ts';

/** How parts of an inventory are set off; each returns its text as it is where nothing is coloured. */
export interface InventoryPaint {
  heading(text: string): string;
  problem(text: string): string;
}

export const PLAIN: InventoryPaint = { heading: (text) => text, problem: (text) => text };

/** The facts of a device that every view shows, one cell each. */
export function deviceCells(device: HostDevice): string[] {
  return [
    device.address,
    device.bus === 'pci' ? describeKind(device) : `${device.bus} device`,
    device.bus === 'pci' ? `${device.vendor}:${device.device}` : '-',
    driverCell(device),
    device.bus === 'pci' ? device.resetMethods.join(' ') || '-' : '-',
    namesOf(device).join(' ') || '-',
  ].map(printable);
}

/** The same where every device is of one bus but PCI: no class, no id, and no reset method that the bus has. */
export const platformCells = (device: PlatformDevice): string[] =>
  [
    device.address,
    device.group === null ? '-' : String(device.group),
    driverCell(device),
    device.treePath ?? '-',
    [...device.netdevs, ...device.blocks].map(({ name }) => name).join(' ') || '-',
  ].map(printable);

const driverCell = ({ driver, driverOverride }: HostDevice): string =>
  `${driver ?? '-'}${driverOverride === null ? '' : ` (override ${driverOverride})`}`;

/** What the host calls it: interfaces, disks, physical slot, place among virtual functions. */
function namesOf(device: HostDevice): string[] {
  const names = [...device.netdevs.map(({ name }) => name), ...device.blocks.map(({ name }) => name)];
  if (device.bus !== 'pci') return device.treePath === null ? names : [...names, device.treePath];
  const { slot, physicalFunction, virtualFunctionIndex, sriov } = device;
  return [
    ...names,
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
