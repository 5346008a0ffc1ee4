import { expect, test } from 'vitest';
import { bytes, iova } from '../../../model/address.ts';
import * as uapi from '../../uapi/index.ts';
import { SimulatedKernel } from './simulated-kernel.ts';
import { DMA, nodeOf, opened, relaxed, SENSOR, SERIAL, take, VIDEO } from '../../../testing/sim-board.ts';

const code = (errno: string) => expect.objectContaining({ code: errno }) as unknown;
const { noiommu, type1, type1v2 } = uapi.EXTENSION;
const container = (kernel: SimulatedKernel): number => kernel.open('/dev/vfio/vfio', 'read-write');

async function groupOf(kernel: SimulatedKernel, name: string): Promise<number> {
  await take(kernel, name);
  return kernel.open(nodeOf(kernel, name), 'read-write');
}

test('an empty container offers every type that the host has; one with groups those that can serve them', async () => {
  const kernel = new SimulatedKernel(relaxed().build());
  const c = container(kernel);
  const offered = () => [type1, type1v2, noiommu].map((type) => uapi.checkExtension(kernel, c, type));
  expect(offered()).toEqual([1, 1, 1]);
  const sensor = await groupOf(kernel, SENSOR);
  uapi.setContainer(kernel, sensor, c);
  expect(offered()).toEqual([0, 0, 1]);
  uapi.unsetContainer(kernel, sensor);
  uapi.setContainer(kernel, await groupOf(kernel, DMA), c);
  expect(offered()).toEqual([1, 1, 0]);
});

test('no-IOMMU mode is offered only while it is on, also behind a container that has it', async () => {
  const kernel = new SimulatedKernel(relaxed().build());
  const { container: c } = await opened(kernel, SENSOR);
  const mode = (value: string) => kernel.writeFile('/sys/module/vfio/parameters/enable_unsafe_noiommu_mode', value);
  expect(uapi.checkExtension(kernel, c, noiommu)).toBe(1);
  await mode('N');
  expect(uapi.checkExtension(kernel, c, noiommu)).toBe(0);
  expect(uapi.checkExtension(kernel, container(kernel), noiommu)).toBe(0);
});

test('groups of no-IOMMU mode take the type noiommu and no other; real ones never do', async () => {
  const kernel = new SimulatedKernel(
    relaxed().module('vfio_iommu_type1', 'loaded', { allow_unsafe_interrupts: 'Y' }).build(),
  );
  const [fake, real] = [container(kernel), container(kernel)];
  uapi.setContainer(kernel, await groupOf(kernel, SENSOR), fake);
  uapi.setContainer(kernel, await groupOf(kernel, DMA), real);
  expect(() => uapi.setIommu(kernel, fake, 'type1v2')).toThrow(code('ENODEV'));
  expect(() => uapi.setIommu(kernel, real, 'noiommu')).toThrow(code('ENODEV'));
  uapi.setIommu(kernel, fake, 'noiommu');
  uapi.setIommu(kernel, real, 'type1v2');
  expect(() => uapi.setIommu(kernel, fake, 'noiommu')).toThrow(code('EINVAL'));
});

test('the mode turned off between binding and SET_IOMMU is noticed there', async () => {
  const kernel = new SimulatedKernel(relaxed().build());
  const c = container(kernel);
  uapi.setContainer(kernel, await groupOf(kernel, SENSOR), c);
  await kernel.writeFile('/sys/module/vfio/parameters/enable_unsafe_noiommu_mode', 'N');
  expect(() => uapi.setIommu(kernel, c, 'noiommu')).toThrow(code('ENODEV'));
});

test('real groups and made-up ones do not mix in a container', async () => {
  const kernel = new SimulatedKernel(relaxed().build());
  const c = container(kernel);
  const [sensor, serial, dma] = [
    await groupOf(kernel, SENSOR),
    await groupOf(kernel, SERIAL),
    await groupOf(kernel, DMA),
  ];
  uapi.setContainer(kernel, sensor, c);
  uapi.setContainer(kernel, serial, c);
  expect(() => uapi.setContainer(kernel, dma, c)).toThrow(code('EPERM'));
  uapi.unsetContainer(kernel, sensor);
  uapi.unsetContainer(kernel, serial);
  uapi.setContainer(kernel, dma, c);
  expect(() => uapi.setContainer(kernel, sensor, c)).toThrow(code('EPERM'));
});

test('without an IOMMU there is nothing to map, and nothing to ask about', async () => {
  const kernel = new SimulatedKernel(relaxed().build());
  const { container: c } = await opened(kernel, SENSOR);
  const vaddr = kernel.mmap({ length: 0x1000n, hugePageSize: null, fd: null });
  const mapping = { vaddr, iova: iova(0n), size: bytes(0x1000), read: true, write: true };
  expect(() => uapi.mapDma(kernel, c, mapping)).toThrow(code('ENOTTY'));
  expect(() => uapi.unmapDma(kernel, c, mapping.iova, mapping.size)).toThrow(code('ENOTTY'));
  expect(() => uapi.getIommuInfo(kernel, c)).toThrow(code('ENOTTY'));
});

test('without CAP_SYS_RAWIO the node is there and cannot be opened', async () => {
  const kernel = new SimulatedKernel(relaxed().build(), { mayRawIo: false });
  await take(kernel, SENSOR);
  await take(kernel, VIDEO);
  expect(() => kernel.open('/dev/vfio/noiommu-0', 'read-write')).toThrow(code('EPERM'));
  kernel.open('/dev/vfio/6', 'read-write');
});

test('a made-up group is viable, and one opener at a time has it', async () => {
  const kernel = new SimulatedKernel(relaxed().build());
  const group = await groupOf(kernel, SENSOR);
  expect(uapi.getGroupStatus(kernel, group)).toEqual({ viable: true, containerSet: false });
  expect(() => kernel.open(nodeOf(kernel, SENSOR), 'read-write')).toThrow(code('EBUSY'));
  await expect(uapi.getDeviceFd(kernel, group, SENSOR)).rejects.toThrow(code('EINVAL'));
  const c = container(kernel);
  uapi.setContainer(kernel, group, c);
  expect(uapi.getGroupStatus(kernel, group)).toEqual({ viable: true, containerSet: true });
  await expect(uapi.getDeviceFd(kernel, group, SENSOR)).rejects.toThrow(code('EINVAL'));
  uapi.setIommu(kernel, c, 'noiommu');
  await expect(uapi.getDeviceFd(kernel, group, `${SENSOR} vf_token=1`)).rejects.toThrow(code('ENODEV'));
  await expect(uapi.getDeviceFd(kernel, group, SERIAL)).rejects.toThrow(code('ENODEV'));
  const device = await uapi.getDeviceFd(kernel, group, SENSOR);
  expect(() => uapi.unsetContainer(kernel, group)).toThrow(code('EBUSY'));
  kernel.close(device);
  uapi.unsetContainer(kernel, group);
});

test('the descriptor of a group whose device was given back answers ENODEV', async () => {
  const kernel = new SimulatedKernel(relaxed().build());
  const group = await groupOf(kernel, SENSOR);
  await kernel.writeFile(`/sys/bus/platform/devices/${SENSOR}/driver/unbind`, SENSOR);
  expect(() => uapi.getGroupStatus(kernel, group)).toThrow(code('ENODEV'));
  expect(() => uapi.setContainer(kernel, group, container(kernel))).toThrow(code('ENODEV'));
});

test('R-GROUP-5: a device of the tree without an isolating MSI controller is refused at SET_IOMMU, unless that is allowed', async () => {
  const start = async (allowed: 'Y' | 'N', name: string, release = '6.12.38') => {
    const inventory = relaxed()
      .kernel({ release })
      .module('vfio_iommu_type1', 'loaded', { allow_unsafe_interrupts: allowed })
      .build();
    const kernel = new SimulatedKernel(inventory, { devices: new Map([[name, { resetHandler: true }]]) });
    const c = container(kernel);
    uapi.setContainer(kernel, await groupOf(kernel, name), c);
    return () => uapi.setIommu(kernel, c, 'type1v2');
  };
  expect(await start('N', VIDEO)).toThrow(code('EPERM'));
  expect(await start('Y', VIDEO)).not.toThrow();
  expect(await start('N', DMA)).not.toThrow();
  // Before 6.3 the whole machine was asked, which has an ITS.
  expect(await start('N', VIDEO, '6.1.192')).not.toThrow();
});

test('behind an SMMU the software MSI window is kept free for a platform device too', async () => {
  const kernel = new SimulatedKernel(relaxed().build());
  const c = container(kernel);
  const group = await groupOf(kernel, DMA);
  uapi.setContainer(kernel, group, c);
  uapi.setIommu(kernel, c, 'type1v2');
  const vaddr = kernel.mmap({ length: 0x1000n, hugePageSize: null, fd: null });
  const at = (address: bigint) => ({ vaddr, iova: iova(address), size: bytes(0x1000), read: true, write: true });
  expect(() => uapi.mapDma(kernel, c, at(0x800_0000n))).toThrow(code('EINVAL'));
  uapi.mapDma(kernel, c, at(0x810_0000n));
  const device = await uapi.getDeviceFd(kernel, group, DMA);
  expect(uapi.getDeviceInfo(kernel, device)).toMatchObject({ bus: 'platform', regions: 2, irqs: 0 });
  expect(uapi.getRegionInfo(kernel, device, 1)).toMatchObject({ offset: 1n << 40n, mappable: false });
});

test('R-GROUP-1: a platform device on a host driver makes its group not viable', async () => {
  const inventory = relaxed().changePlatform(VIDEO, { group: 5, driver: 'acme-video' }).build();
  const kernel = new SimulatedKernel(inventory);
  const group = await groupOf(kernel, DMA);
  expect(uapi.getGroupStatus(kernel, group).viable).toBe(false);
  expect(() => uapi.setContainer(kernel, group, container(kernel))).toThrow(code('EPERM'));
});
