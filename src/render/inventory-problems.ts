import { liodnOf, streamsOf } from '../devicetree/streams.ts';
import { isVfioDriver, leavesGroupViable, resetMethodsOn, slotOf } from '../model/index.ts';
import type { HostDevice, HostIndex, PciDevice } from '../model/index.ts';

/** Something that stands in the way of assigning a device or a group, or that its owner should know first. */
export interface InventoryProblem {
  readonly kind:
    | 'no-iommu'
    | 'interrupts-not-isolated'
    | 'no-group'
    | 'shared-group'
    | 'host-held'
    | 'direct-region'
    | 'no-reset'
    | 'live-vfs'
    | 'in-use'
    | 'opened';
  /** What it is about: a device, a group, or (both null) the host. */
  readonly device: string | null;
  readonly group: number | null;
  readonly text: string;
}

/** All problems of a host: its own first, then groups, then devices, each in their order. */
export function problemsOf(host: HostIndex): InventoryProblem[] {
  const { inventory } = host;
  const isCovered = inventory.devices.some((device) => device.group !== null);
  return [
    ...hostProblems(host, isCovered),
    ...[...host.groups.keys()].sort((a, b) => a - b).flatMap((id) => groupProblems(host, id)),
    ...[...host.byAddress.values()].flatMap((device) => deviceProblems(host, device, isCovered)),
  ];
}

function hostProblems({ inventory }: HostIndex, isCovered: boolean): InventoryProblem[] {
  const about = { device: null, group: null };
  if (!isCovered) {
    return [{ ...about, kind: 'no-iommu', text: `no device has an IOMMU group: ${whyNone(inventory)}` }];
  }
  if (inventory.iommu.interruptRemapping !== false) return [];
  const text = 'interrupts are not isolated: interrupt remapping is off, and an assigned device could forge interrupts';
  return [{ ...about, kind: 'interrupts-not-isolated', text }];
}

function whyNone({ origin, iommu }: HostIndex['inventory']): string {
  const hasUnits = iommu.units.length > 0;
  if (origin === 'device-tree') {
    return hasUnits
      ? 'no device of the tree names one of its IOMMUs in "iommus" (what is on a PCI or fsl-mc bus is not in a tree)'
      : 'the tree has no IOMMU that is switched on';
  }
  return hasUnits
    ? 'there are IOMMU units, but they cover no device'
    : 'no IOMMU is active: it is switched off in the firmware, not asked for on the kernel command line, or absent';
}

/** What can be assigned: bridges stay with the host, and host bridges are no devices to give away. */
const isAssignable = (device: HostDevice): boolean =>
  device.bus !== 'pci' || (device.header === 'endpoint' && !device.class.startsWith('0600'));

function groupProblems(host: HostIndex, id: number): InventoryProblem[] {
  const members = (host.members.get(id) ?? []).filter(isAssignable);
  const group = host.groups.get(id);
  const about = { device: null, group: id };
  const problems: InventoryProblem[] = [];
  const cards = new Set(members.map((device) => (device.bus === 'pci' ? slotOf(device.address) : device.address)));
  if (cards.size > 1) {
    const isPci = members.every(({ bus }) => bus === 'pci');
    const what = isPci ? `functions of ${cards.size} different cards` : `its ${cards.size} devices`;
    const text = `${what} cannot be isolated from each other`;
    problems.push({ ...about, kind: 'shared-group', text });
  }
  const held = members.filter((device) => !leavesGroupViable(device));
  if (held.length > 0 && held.length < members.length) {
    const names = held.map((device) => `${device.address} (${device.driver})`).join(', ');
    problems.push({ ...about, kind: 'host-held', text: `not viable while the host holds ${names}` });
  }
  for (const { first, last, type } of group?.reservedRegions ?? []) {
    if (type !== 'direct') continue;
    const range = `0x${first.toString(16)}-0x${last.toString(16)}`;
    const text = `the firmware wants ${range} mapped one to one; the kernel refuses to assign such devices`;
    problems.push({ ...about, kind: 'direct-region', text });
  }
  const openers = (group?.openedBy ?? []).map(({ pid, command }) => `${command} (${pid})`);
  if (openers.length > 0) problems.push({ ...about, kind: 'opened', text: `held open by ${openers.join(', ')}` });
  return problems;
}

function deviceProblems(host: HostIndex, device: HostDevice, isCovered: boolean): InventoryProblem[] {
  if (!isAssignable(device)) return [];
  const problems: InventoryProblem[] = [];
  const add = (kind: InventoryProblem['kind'], text: string) =>
    problems.push({ kind, device: device.address, group: device.group, text });
  if (device.group === null && isCovered) add('no-group', whyNoGroup(host, device));
  if (device.bus === 'pci') pciProblems(host, device, add);
  const uses = usesOf(device);
  if (uses.length > 0) add('in-use', `in use: ${uses.join('; ')}`);
  return problems;
}

/**
 * A platform device has a group only through its own node's `iommus` (drivers/iommu/of_iommu.c), or behind a PAMU through
 * its own `fsl,liodn` (fsl_pamu_device_group in drivers/iommu/fsl_pamu_domain.c).
 */
function whyNoGroup({ tree }: HostIndex, device: HostDevice): string {
  const node = device.bus === 'pci' || device.treePath === null ? undefined : tree?.byPath.get(device.treePath);
  if (!tree || !node) return 'no IOMMU covers it';
  const pamu = liodnOf(tree, node)?.pamu;
  if (pamu) return `no IOMMU covers it: ${pamu.path} needs a "fsl,liodn" in its own node, which a boot loader writes`;
  const [stream] = streamsOf(tree, node).streams;
  return stream
    ? `its node names the IOMMU ${stream.iommu.path}, which does not cover it: it is disabled, or has no driver`
    : 'no IOMMU covers it: its node has no "iommus"';
}

function pciProblems(
  host: HostIndex,
  device: PciDevice,
  add: (kind: InventoryProblem['kind'], text: string) => void,
): void {
  // Functions of the chipset have no reset and are not given away.
  if (resetMethodsOn(host, device).length === 0 && !device.class.startsWith('06')) {
    const others = device.resetMethods.length > 0 ? ' alone: other functions are on its bus' : '';
    add('no-reset', `the kernel cannot reset it${others}`);
  }
  if (device.sriov && device.sriov.enabled > 0) {
    const { enabled } = device.sriov;
    add('live-vfs', `has ${enabled} virtual function${enabled === 1 ? '' : 's'}: VFIO takes a PF only without any`);
  }
}

/** What the host does with a device, each use in words. Nothing for one that VFIO holds. */
function usesOf(device: HostDevice): string[] {
  if (device.driver !== null && isVfioDriver(device.driver)) return [];
  const uses: string[] = [];
  if (device.bus === 'pci' && device.bootDisplay) uses.push('the boot display');
  for (const { name, up, hasAddress, defaultRoute, master } of device.netdevs) {
    const roles = [
      ...(up && hasAddress ? ['up with an address'] : []),
      ...(defaultRoute ? ['the default route'] : []),
      ...(master === null ? [] : [`part of ${master}`]),
    ];
    if (roles.length > 0) uses.push(`${name} ${roles.join(', ')}`);
  }
  for (const { name, mounts, swap, holders } of device.blocks) {
    const roles = [
      ...(mounts.length > 0 ? [`mounted on ${mounts.join(', ')}`] : []),
      ...(swap ? ['swap'] : []),
      ...(holders.length > 0 ? [`held by ${holders.join(', ')}`] : []),
    ];
    if (roles.length > 0) uses.push(`${name} ${roles.join(', ')}`);
  }
  return uses;
}
