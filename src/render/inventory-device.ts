import { describeClass, describeDevice, formatBytes, hex, printable } from '../model/index.ts';
import type { HostIndex, PciDevice } from '../model/index.ts';
import { PLAIN } from './inventory-columns.ts';
import type { InventoryPaint } from './inventory-columns.ts';
import { problemsOf } from './inventory-problems.ts';
import { regionText } from './inventory.ts';

type Row = [name: string, value: string];

const pciIdentity = (device: PciDevice): Row[] => [
  ['class', `${describeClass(device.class)} (${device.class}), ${device.header} header`],
  ['id', `${device.vendor}:${device.device} revision ${device.revision}`],
  ['subsystem', device.subsystem ? `${device.subsystem.vendor}:${device.subsystem.device}` : '-'],
];

const pciFacts = (device: PciDevice): Row[] => [
  ['reset', device.resetMethods.join(' ') || '-'],
  ['slot', device.slot ?? '-'],
  ...(device.sriov ? [['SR-IOV', `${device.sriov.enabled} of ${device.sriov.total} VFs`] as Row] : []),
  ...(device.physicalFunction === null
    ? []
    : [['VF of', `${device.physicalFunction}, index ${device.virtualFunctionIndex ?? '?'}`] as Row]),
  ...device.resources.map(({ index, start, size, kind }): Row => [
    index === 6 ? 'ROM' : `BAR ${index}`,
    `${hex(start)}, ${formatBytes(size)}, ${kind}`,
  ]),
];

/**
 * Everything about one PCI function, a fact to a line, with the group that it can only be assigned with.
 *
 * @param iommu what the plugin of the host's IOMMU says of it.
 */
export function renderDevice(
  host: HostIndex,
  device: PciDevice,
  iommu: readonly string[] = [],
  paint: InventoryPaint = PLAIN,
): string {
  const group = device.group === null ? undefined : host.groups.get(device.group);
  const siblings = device.group === null ? [] : (host.members.get(device.group) ?? []).filter((one) => one !== device);
  const facts: Row[] = [
    ['path', device.sysfsPath],
    ...pciIdentity(device),
    ['driver', device.driver ?? '-'],
    ['override', device.driverOverride ?? '-'],
    ['group', group ? `${group.id}${group.type === null ? '' : ` (${group.type})`}` : '-'],
    ...siblings.map((sibling): Row => ['with', describeDevice(sibling)]),
    ...(group?.reservedRegions ?? []).map((region): Row => ['reserved', regionText(region)]),
    ...iommu.map((line): Row => ['IOMMU', line]),
    ['NUMA node', device.numaNode === null ? '-' : String(device.numaNode)],
    ...pciFacts(device),
    ...device.netdevs.map(({ name, up }): Row => ['interface', `${name}, ${up ? 'up' : 'down'}`]),
    ...device.blocks.map(({ name }): Row => ['disk', name]),
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  const problems = problemsOf(host).filter(
    (problem) => problem.device === device.address || (problem.device === null && problem.group === device.group),
  );
  return `${[
    paint.heading(device.address),
    ...facts.map(([name, value]) => `  ${name.padEnd(width)}  ${printable(value)}`),
    ...problems.map(({ text }) => `  ${paint.problem(`! ${printable(text)}`)}`),
  ].join('\n')}\n`;
}
