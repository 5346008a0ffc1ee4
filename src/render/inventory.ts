import { formatBytes, hex, isPci, printable } from '../model/index.ts';
import type { HostDevice, HostIndex, HostInventory, IommuGroup, ReservedRegion } from '../model/index.ts';
import { columnLine, columnWidths, deviceCells, PLAIN, platformCells } from './inventory-columns.ts';
import type { InventoryPaint } from './inventory-columns.ts';
import { problemsOf } from './inventory-problems.ts';
import type { InventoryProblem } from './inventory-problems.ts';

const HEAD = ['ADDRESS', 'CLASS', 'ID', 'DRIVER', 'RESET', 'KNOWN AS'];

/** The host by IOMMU group: each group with its regions, its devices, and what is wrong with either. */
export function renderGroups(host: HostIndex, paint: InventoryPaint = PLAIN): string {
  const problems = new ProblemTable(listedProblems(host), paint);
  const cells = new Map([...host.byAddress.values()].map((device) => [device, deviceCells(device)]));
  const widths = columnWidths([HEAD, ...cells.values()]);
  const rows = (devices: readonly HostDevice[]) =>
    devices.flatMap((device) => [
      `  ${columnLine(cells.get(device) ?? [], widths)}`,
      ...problems.ofDevice(device, '    '),
    ]);
  const lines = [...renderHost(host.inventory), ...problems.ofHost()];
  if (host.byAddress.size > 0) lines.push('', `  ${columnLine(HEAD, widths)}`);
  for (const id of [...host.groups.keys()].sort((a, b) => a - b)) {
    const group = host.groups.get(id);
    if (group)
      lines.push(paint.heading(groupLine(group)), ...problems.ofGroup(id), ...rows(host.members.get(id) ?? []));
  }
  const outside = [...host.byAddress.values()].filter((device) => device.group === null);
  if (outside.length > 0) lines.push(paint.heading('no group'), ...rows(outside));
  return `${lines.join('\n')}\n`;
}

const PLATFORM_HEAD = ['ADDRESS', 'GROUP', 'DRIVER', 'TREE PATH', 'KNOWN AS'];

/** The devices in one table for each bus, in order of address. */
export function renderDevices(host: HostIndex, paint: InventoryPaint = PLAIN): string {
  const problems = new ProblemTable(listedProblems(host), paint);
  const buses = new Map<HostDevice['bus'], HostDevice[]>();
  for (const device of host.byAddress.values()) {
    const list = buses.get(device.bus);
    if (list) list.push(device);
    else buses.set(device.bus, [device]);
  }
  // A host without any shows the head of the table all the same.
  if (buses.size === 0) buses.set('pci', []);
  const sections = [...buses].map(([bus, devices]) => [
    // A host with PCI alone has one table, which needs no name.
    ...(bus === 'pci' && buses.size === 1 ? [] : [paint.heading(`${bus}: ${devices.length}`)]),
    ...deviceTable(devices, problems, paint),
  ]);
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function deviceTable(devices: readonly HostDevice[], problems: ProblemTable, paint: InventoryPaint): string[] {
  const isPlatform = devices.length > 0 && devices.every((device) => !isPci(device));
  const insertGroup = ([address = '', ...rest]: readonly string[], group: string) => [address, group, ...rest];
  const head = isPlatform ? PLATFORM_HEAD : insertGroup(HEAD, 'GROUP');
  const rows = devices.map((device) =>
    isPci(device)
      ? insertGroup(deviceCells(device), device.group === null ? '-' : String(device.group))
      : platformCells(device),
  );
  const widths = columnWidths([head, ...rows]);
  return [
    paint.heading(columnLine(head, widths)),
    ...devices.flatMap((device, index) => [columnLine(rows[index] ?? [], widths), ...problems.ofDevice(device, '  ')]),
  ];
}

/** What the whole host has, in the lines above the devices. */
export function renderHost({ kernel, iommu, vfio, limits, hugePages, modules }: HostInventory): string[] {
  const units = iommu.units.map(({ name, kind, addressBits }) => {
    return `${name} (${kind}${addressBits === null ? '' : `, ${addressBits} bits`})`;
  });
  const isolation = { true: 'on', false: 'off', null: 'not shown by this host' }[`${iommu.interruptRemapping}`];
  const lockable = limits.mayLockAnything || limits.memlock === null ? 'no limit' : formatBytes(limits.memlock);
  const pools = hugePages.map(({ size, total, free }) => `${formatBytes(size)}: ${free} of ${total} free`);
  const nodes = [...(vfio.container ? ['/dev/vfio/vfio'] : []), ...(vfio.iommufd ? ['/dev/iommu'] : [])];
  const vfioModule = modules['vfio_pci'];
  return [
    `Linux ${kernel.release} ${kernel.architecture}, pages of ${formatBytes(BigInt(kernel.pageSize))}`,
    `IOMMU: ${units.join(', ') || 'none'}; interrupt remapping ${isolation}`,
    `VFIO: vfio_pci ${vfioModule ? vfioModule.state : 'absent'}; ${nodes.join(', ') || 'no node in /dev'}`,
    `memory to lock: ${lockable}; huge pages: ${pools.join(', ') || 'none'}`,
  ].map(printable);
}

function groupLine({ id, type, reservedRegions, node }: IommuGroup): string {
  const regions = reservedRegions.map(regionText);
  const parts = [
    ...(type === null ? [] : [type]),
    ...(regions.length > 0 ? [`reserved ${regions.join(', ')}`] : []),
    ...(node === null
      ? []
      : [`/dev/vfio/${id} uid ${node.uid} gid ${node.gid} mode ${node.mode.toString(8).padStart(4, '0')}`]),
  ];
  return printable(parts.length === 0 ? `group ${id}` : `group ${id}: ${parts.join('; ')}`);
}

export const regionText = ({ first, last, type }: ReservedRegion): string => `${hex(first)}-${hex(last)} ${type}`;

/** Most platform devices have no IOMMU: their place in a list says so, and a line more for each would hide the rest. */
const listedProblems = (host: HostIndex): InventoryProblem[] =>
  problemsOf(host).filter(({ kind, device }) => {
    const about = device === null ? undefined : host.byAddress.get(device);
    return kind !== 'no-group' || !about || isPci(about);
  });

/** The lines of problems, found by what they are about. */
class ProblemTable {
  readonly #lines = new Map<string, string[]>();
  readonly #paint: InventoryPaint;

  constructor(problems: readonly InventoryProblem[], paint: InventoryPaint) {
    this.#paint = paint;
    for (const { device, group, text } of problems) {
      const key = device ?? (group === null ? 'host' : `group ${group}`);
      const list = this.#lines.get(key);
      if (list) list.push(text);
      else this.#lines.set(key, [text]);
    }
  }

  ofHost = (): string[] => this.#of('host', '');
  ofGroup = (id: number): string[] => this.#of(`group ${id}`, '  ');
  ofDevice = (device: HostDevice, indent: string): string[] => this.#of(device.address, indent);

  #of(key: string, indent: string): string[] {
    return (this.#lines.get(key) ?? []).map((text) => indent + this.#paint.problem(`! ${printable(text)}`));
  }
}
