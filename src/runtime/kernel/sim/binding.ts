import { isVfioDriver } from '../../../model/inventory.ts';
import { ConfigSpace, irqCounts } from './config-space.ts';
import { detachContainer } from './containers.ts';
import type { SimHost } from './host.ts';
import { Interrupts } from './interrupts.ts';
import { Refusal, refuse } from './refusal.ts';
import { SparseMemory } from './sparse-memory.ts';
import type { SimDevice, SimGroup, VfioDevice, VfioGroup } from './state.ts';
import { doesDma } from './viability.ts';

/** Intel functions that vfio-pci refuses by vendor:device (drivers/vfio/pci/vfio_pci.c). */
const DENIED: ReadonlySet<string> = new Set(
  ['19e2', '19e3', '37c8', '37c9', '0435', '0443', '0b25', '0cfe'].map((id) => `8086:${id}`),
);

function freshGroup(host: SimHost, group: SimGroup, fromStart: boolean): VfioGroup {
  return {
    group,
    devices: new Map(),
    node: { uid: 0, gid: 0, mode: 0o600, ...(fromStart ? group.info.node : null) },
    nodeSinceMs: fromStart ? 0 : host.nowMs + (host.options.nodeDelayMs ?? 0),
    fileRefs: 0,
    container: null,
    users: 0,
  };
}

/**
 * What the probe of a VFIO driver does in the end: the device appears in its VFIO group, the group's node in /dev. Nodes
 * that are there `fromStart` have the owner and the permissions of the inventory, new ones those of devtmpfs.
 */
export function registerWithVfio(host: SimHost, device: SimDevice, fromStart = false): void {
  const { group, info, model } = device;
  if (!group) return refuse('EINVAL');
  group.vfio ??= freshGroup(host, group, fromStart);
  const interrupts = new Interrupts({
    ...irqCounts(info, model),
    pcie: model.pcie ?? true,
    vectorsAvailable: model.vectorsAvailable ?? Number.MAX_SAFE_INTEGER,
    growingMsix: host.behaviour.growingMsix,
  });
  device.vfio = {
    device,
    group: group.vfio,
    openCount: 0,
    leaving: false,
    config: new ConfigSpace(info, model),
    interrupts,
    bars: new SparseMemory(),
  };
  group.vfio.devices.set(info.address, device.vfio);
}

function probeVfio(host: SimHost, device: SimDevice): void {
  const denylistOff = host.modules.parameter('vfio_pci', 'disable_denylist') === 'Y';
  if (DENIED.has(`${device.info.vendor}:${device.info.device}`) && !denylistOff) refuse('EINVAL');
  if (device.info.header !== 'endpoint') refuse('EINVAL');
  if ((device.info.sriov?.enabled ?? 0) > 0) refuse('EBUSY');
  registerWithVfio(host, device);
}

/** Probes a driver that matches. The device is unbound. */
function probe(host: SimHost, device: SimDevice, driver: string): void {
  if (isVfioDriver(driver)) probeVfio(host, device);
  else if (doesDma(device, driver) && device.group?.owner) refuse('EBUSY');
  device.driver = driver;
}

const matches = (device: SimDevice, driver: string): boolean =>
  device.override === null ? device.matching.includes(driver) : device.override === driver;

/** A write to `/sys/bus/pci/drivers/<driver>/bind` (drivers/base/bus.c, dd.c). */
export function bind(host: SimHost, device: SimDevice | undefined, driver: string): void {
  if (!device || !matches(device, driver)) return refuse('ENODEV');
  if (device.driver !== null) refuse('EBUSY');
  probe(host, device, driver);
}

/**
 * A write to `/sys/bus/pci/drivers_probe`: succeeds whether or not a driver takes the device. Only a probe that cannot
 * even begin, because user space owns the group, is an error (`really_probe`, `dma_configure`).
 */
export function reprobe(host: SimHost, device: SimDevice | undefined): void {
  if (!device) return refuse('ENODEV');
  if (device.driver !== null) return;
  const candidates = device.override === null ? device.matching : [device.override];
  for (const driver of candidates) {
    if (!host.hasDriver(driver)) continue;
    if (doesDma(device, driver) && device.group?.owner) refuse('EINVAL');
    try {
      probe(host, device, driver);
      return;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
  }
}

/**
 * A write to `/sys/bus/pci/drivers/<driver>/unbind`. Returns false where the kernel would wait, because the device is
 * open: here or, as far as the inventory says, in another process.
 */
export function unbind(device: SimDevice | undefined, driver: string): boolean {
  if (!device || device.driver !== driver) return refuse('ENODEV');
  const { vfio } = device;
  if (vfio && (vfio.openCount > 0 || (device.group?.info.openedBy.length ?? 0) > 0)) {
    vfio.leaving = true;
    return false;
  }
  completeUnbind(device);
  return true;
}

/** The second half of an unbind: at once, or when the last descriptor of the device is closed. */
export function completeUnbind(device: SimDevice): void {
  const { vfio } = device;
  device.driver = null;
  device.vfio = null;
  if (vfio) leaveGroup(vfio);
}

/** With its last device a group dies: its node goes, its container loses it, and what is open of it answers ENODEV. */
function leaveGroup(vfio: VfioDevice): void {
  const { group } = vfio;
  group.devices.delete(vfio.device.info.address);
  if (group.devices.size > 0 || !group.group) return;
  if (group.container) detachContainer(group);
  group.group.vfio = null;
  group.group = null;
}
