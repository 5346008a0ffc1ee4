import { readFileSync, writeFileSync } from 'node:fs';
import { CLOCK } from './alarm-clock.ts';
import { equal } from './assert.ts';
import { mapAnonymous, unmapMemory } from './libc.ts';
import { bindError, giveBackPlatform, platformLink, platformState, type TreeBus } from './platform.ts';
import { CARD } from './virtio-link.ts';
import * as vfio from './vfio.ts';

/** The disk on virtio-mmio, whose interrupts an ITS isolates: the harness's machine gives it a stream and an `msi-parent`. */
export const DISK = 'a003c00.virtio_mmio';

export interface StreamDevice {
  readonly bus: TreeBus;
  readonly name: string;
  readonly vfioDriver: string;
}

/** The platform devices of the machine that have a stream of the SMMU. */
export const STREAM_DEVICES = {
  card: { bus: 'platform', name: CARD, vfioDriver: 'vfio-platform' },
  disk: { bus: 'platform', name: DISK, vfioDriver: 'vfio-platform' },
  clock: { bus: 'amba', name: CLOCK, vfioDriver: 'vfio-amba' },
} as const satisfies Readonly<Record<string, StreamDevice>>;

/** Its IOMMU group. Throws where it has none. */
export function groupOf({ bus, name }: StreamDevice): string {
  const group = platformLink(bus, name, 'iommu_group');
  if (group === undefined) throw new Error(`the kernel gives ${name} no IOMMU group`);
  return group;
}

/**
 * Gives a device the group that it lacks while no driver has been tried on it: Linux 6.12 reads the tree's `iommus` only then
 * (of_iommu_configure, by way of really_probe in drivers/base/dd.c). The group stays when the driver goes.
 */
export function haveGroup({ bus, name, vfioDriver }: StreamDevice): void {
  if (platformLink(bus, name, 'iommu_group') !== undefined) return;
  bindError(bus, name, vfioDriver);
  giveBackPlatform(bus, name);
}

const PARAMETER = '/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts';

/** Whether the host accepts devices whose interrupts nothing isolates: Y or N. */
export const unsafeInterrupts = (): string => readFileSync(PARAMETER, 'utf8').trim();

export const allowUnsafeInterrupts = (value: 'Y' | 'N'): void => writeFileSync(PARAMETER, value);

/** What a run has to put back here. */
export const smmuHost = (): Readonly<Record<string, string>> => ({
  ...platformState(),
  allow_unsafe_interrupts: unsafeInterrupts(),
});

/** The kernel's answer to VFIO_SET_IOMMU for a device that is bound to VFIO: its errno, or nothing where it agrees. */
export const setIommuError = (device: StreamDevice): string | undefined => inContainer(device, setType);

/** The same to a mapping of a page, for a device whose IOMMU the kernel sets up. */
export function mapError(device: StreamDevice, iova: bigint): string | undefined {
  const page = mapAnonymous(PAGE);
  try {
    return inContainer(device, (container) => {
      equal(setType(container), undefined, 'VFIO_SET_IOMMU');
      return vfio.mapDma(container, page, iova, BigInt(PAGE)).errno;
    });
  } finally {
    unmapMemory(page, PAGE);
  }
}

const PAGE = 4096;

const setType = (container: number): string | undefined => vfio.setIommu(container, vfio.TYPE1V2).errno;

function inContainer<T>(device: StreamDevice, body: (container: number) => T): T {
  const container = vfio.openContainer();
  const group = vfio.openGroup(groupOf(device));
  try {
    vfio.succeed('SET_CONTAINER', vfio.setContainer(group, container));
    return body(container);
  } finally {
    vfio.close(group);
    vfio.close(container);
  }
}
