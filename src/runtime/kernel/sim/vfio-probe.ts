import { coherency } from '../../../devicetree/coherency.ts';
import { compatibleOf } from '../../../devicetree/compatible.ts';
import type { DeviceTreeNode } from '../../../model/index.ts';
import { ConfigSpace, irqCounts } from './config-space.ts';
import type { SimHost } from './host.ts';
import { Interrupts } from './interrupts.ts';
import { isNoiommuOn, makeNoiommuGroup } from './noiommu.ts';
import { PlatformInterrupts } from './platform-interrupts.ts';
import { levelsOf, regionsOf, rowsOf } from './platform-resources.ts';
import { refuse } from './refusal.ts';
import { findResetHandler } from './reset-handlers.ts';
import { SparseMemory } from './sparse-memory.ts';
import type { SimDevice, SimGroup, SimPciDevice, SimPlatformDevice, VfioGroup } from './state.ts';

/** Intel functions that vfio-pci refuses by vendor:device (drivers/vfio/pci/vfio_pci.c). */
const DENIED: ReadonlySet<string> = new Set(
  ['19e2', '19e3', '37c8', '37c9', '0435', '0443', '0b25', '0cfe'].map((id) => `8086:${id}`),
);

/** What the probe of a VFIO driver does. The device has no driver, and the driver matches it. */
export function probeVfio(host: SimHost, device: SimDevice): void {
  if (device.kind === 'pci') probePci(host, device);
  else probePlatform(host, device);
}

/** A device that was on a VFIO driver when the simulation began: it was probed then. */
export function wasProbed(host: SimHost, device: SimDevice): void {
  device.group ??= makeNoiommuGroup(host, device);
  if (device.kind === 'pci') registerPci(host, device, true);
  else registerPlatform(host, device, true);
}

/** vfio_pci_probe in drivers/vfio/pci/vfio_pci.c, vfio_pci_core_register_device in vfio_pci_core.c. */
function probePci(host: SimHost, device: SimPciDevice): void {
  const denylistOff = host.modules.parameter('vfio_pci', 'disable_denylist') === 'Y';
  if (DENIED.has(`${device.info.vendor}:${device.info.device}`) && !denylistOff) refuse('EINVAL');
  if (device.info.header !== 'endpoint') refuse('EINVAL');
  if ((device.sriov?.enabled ?? 0) > 0) refuse('EBUSY');
  device.group ??= groupFor(host, device);
  registerPci(host, device, false);
}

/**
 * vfio_platform_init_common in drivers/vfio/platform/vfio_platform_common.c, then vfio_register_group_dev in
 * drivers/vfio/vfio_main.c: first what the device is, then its reset, then its group, then its way to memory.
 */
function probePlatform(host: SimHost, device: SimPlatformDevice): void {
  const { tree } = host;
  const node = nodeOf(host, device);
  // Without a "compatible" it came neither from a tree nor, where there is one, from ACPI.
  if (tree && (!node || compatibleOf(node).length === 0)) refuse('EINVAL');
  const required = isResetRequired(host, device) || host.behaviour.resetAlwaysRequired;
  if (!findResetHandler(host, device, node) && required) refuse('ENOENT');
  if (device.group && tree && node && coherency(tree, node).kind === 'not-coherent') refuse('EINVAL');
  device.group ??= groupFor(host, device);
  registerPlatform(host, device, false);
}

const nodeOf = (host: SimHost, { info }: SimPlatformDevice): DeviceTreeNode | undefined =>
  info.treePath === null ? undefined : host.tree?.byPath.get(info.treePath);

/** AMBA devices never need a handler (drivers/vfio/platform/vfio_amba.c). */
const isResetRequired = (host: SimHost, { info }: SimPlatformDevice): boolean =>
  info.bus !== 'amba' && host.modules.parameter('vfio_platform', 'reset_required') !== 'N';

/** `vfio_group_find_or_alloc` for a device without an IOMMU. */
const groupFor = (host: SimHost, device: SimDevice): SimGroup =>
  isNoiommuOn(host) ? makeNoiommuGroup(host, device) : refuse('EINVAL');

function registerPci(host: SimHost, device: SimPciDevice, fromStart: boolean): void {
  const { info, model } = device;
  const interrupts = new Interrupts({
    ...irqCounts(info, model),
    pcie: model.pcie ?? true,
    vectorsAvailable: model.vectorsAvailable ?? Number.MAX_SAFE_INTEGER,
    growingMsix: host.behaviour.growingMsix,
  });
  device.vfio = {
    kind: 'pci',
    device,
    group: vfioGroupOf(host, device, fromStart),
    openCount: 0,
    leaving: false,
    unplugged: false,
    config: new ConfigSpace(info, model),
    interrupts,
    bars: new SparseMemory(),
  };
  device.vfio.group.devices.set(info.address, device.vfio);
}

function registerPlatform(host: SimHost, device: SimPlatformDevice, fromStart: boolean): void {
  const rows = rowsOf(host, device);
  device.vfio = {
    kind: 'platform',
    device,
    group: vfioGroupOf(host, device, fromStart),
    openCount: 0,
    leaving: false,
    unplugged: false,
    regions: regionsOf(rows, host.pageSize),
    interrupts: new PlatformInterrupts(levelsOf(rows), device.model.irqFails),
    hasReset: findResetHandler(host, device, nodeOf(host, device)),
    resetRequired: isResetRequired(host, device),
  };
  device.vfio.group.devices.set(device.info.address, device.vfio);
}

/**
 * The device appears in its VFIO group, the group's node in /dev. Nodes that are there `fromStart` have the owner and the
 * permissions of the inventory, new ones those of devtmpfs.
 */
function vfioGroupOf(host: SimHost, { group }: SimDevice, fromStart: boolean): VfioGroup {
  if (!group) return refuse('EINVAL');
  group.vfio ??= {
    group,
    devices: new Map(),
    node: { uid: 0, gid: 0, mode: 0o600, ...(fromStart ? group.info.node : null) },
    nodeSinceMs: fromStart ? 0 : host.nowMs + (host.options.nodeDelayMs ?? 0),
    fileRefs: 0,
    openedBy: null,
    container: null,
    users: 0,
  };
  return group.vfio;
}
