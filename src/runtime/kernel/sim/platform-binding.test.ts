import { expect, test } from 'vitest';
import { host } from '../../../testing/index.ts';
import { KernelError } from '../port.ts';
import { SimulatedKernel } from './simulated-kernel.ts';
import {
  BOARD,
  board,
  CAMERA,
  DMA,
  give,
  nodeOf,
  opened,
  relaxed,
  SENSOR,
  SERIAL,
  take,
  VIDEO,
  XGMAC,
} from '../../../testing/sim-board.ts';

async function errnoOf(run: () => unknown): Promise<string> {
  try {
    await run();
    return 'ok';
  } catch (error) {
    if (error instanceof KernelError) return error.code;
    throw error;
  }
}

const bindTo = (kernel: SimulatedKernel, name: string): Promise<string> => errnoOf(() => take(kernel, name));

test('sysfs shows devices of the platform and the AMBA bus with driver, node and group', () => {
  const kernel = new SimulatedKernel(board().build());
  const link = (path: string) => kernel.readlink(path).split('/').slice(-2).join('/');
  expect(link(`/sys/bus/platform/devices/${DMA}/driver`)).toBe('drivers/acme-dma');
  expect(link(`/sys/bus/platform/devices/${DMA}/iommu_group`)).toBe('iommu_groups/5');
  expect(link(`/sys/devices/platform/${DMA}/subsystem`)).toBe('bus/platform');
  expect(kernel.readlink(`/sys/bus/platform/devices/${DMA}/of_node`)).toMatch(
    /\/firmware\/devicetree\/base\/dma@10000000$/,
  );
  expect(link(`/sys/bus/amba/devices/${SERIAL}/driver`)).toBe('drivers/uart-pl011');
  expect(kernel.readFile(`/sys/bus/amba/devices/${SERIAL}/driver_override`)).toBe('(null)\n');
  expect(link(`/sys/bus/amba/drivers/uart-pl011/${SERIAL}`)).toBe(`platform/${SERIAL}`);
});

test('a name is looked for on its own bus only', async () => {
  const kernel = new SimulatedKernel(board().build());
  expect(kernel.exists(`/sys/bus/platform/devices/${SERIAL}`)).toBe(false);
  expect(kernel.exists(`/sys/bus/pci/devices/${DMA}`)).toBe(false);
  expect(kernel.exists('/sys/bus/pci/drivers/acme-dma')).toBe(false);
  expect(kernel.exists('/sys/bus/amba/drivers/vfio-platform')).toBe(false);
  expect(kernel.exists('/sys/bus/nosuch/devices')).toBe(false);
  await expect(kernel.writeFile('/sys/bus/amba/drivers_probe', DMA)).rejects.toMatchObject({ code: 'ENODEV' });
  await expect(kernel.writeFile('/sys/bus/amba/drivers/uart-pl011/unbind', DMA)).rejects.toMatchObject({
    code: 'ENODEV',
  });
});

test('vfio-platform takes what driver_override names, and nothing else', async () => {
  const kernel = new SimulatedKernel(relaxed().build());
  const bind = () => kernel.writeFile('/sys/bus/platform/drivers/vfio-platform/bind', VIDEO);
  expect(await errnoOf(bind)).toBe('ENODEV');
  await kernel.writeFile(`/sys/bus/platform/devices/${VIDEO}/driver_override`, 'vfio-platform\n');
  expect(await errnoOf(bind)).toBe('ok');
  expect(await errnoOf(bind)).toBe('EBUSY');
});

test('without the module there is no driver to bind to', async () => {
  const kernel = new SimulatedKernel(relaxed().module('vfio_platform', 'available').build());
  expect(await bindTo(kernel, VIDEO)).toBe('ENOENT');
  await kernel.spawn('modprobe', ['--', 'vfio-platform']);
  expect(kernel.readFile('/sys/module/vfio_platform/parameters/reset_required')).toBe('Y\n');
  expect(await errnoOf(() => kernel.writeFile('/sys/module/vfio_platform/parameters/reset_required', 'N'))).toBe(
    'EACCES',
  );
});

test('R-GROUP-5: a device without a reset handler is refused with ENOENT, unless none is required', async () => {
  expect(await bindTo(new SimulatedKernel(board('Y').build()), SENSOR)).toBe('ENOENT');
  expect(await bindTo(new SimulatedKernel(board('Y').build()), XGMAC)).toBe('ok');
  expect(await bindTo(new SimulatedKernel(relaxed().build()), SENSOR)).toBe('ok');
});

test('only the first compatible counts when a reset handler is looked for', async () => {
  // Its second compatible is the one of the XGMAC.
  expect(await bindTo(new SimulatedKernel(board().build()), DMA)).toBe('ENOENT');
});

test('the module of a reset handler is loaded when it is needed; a kernel that lacks it has no handler', async () => {
  const kernel = new SimulatedKernel(board('Y').build());
  await take(kernel, XGMAC);
  expect(kernel.toInventory().modules['vfio_platform_calxedaxgmac']?.state).toBe('loaded');
  expect(await bindTo(new SimulatedKernel(board('Y').withoutModule('vfio_platform_calxedaxgmac').build()), XGMAC)).toBe(
    'ENOENT',
  );
});

test('kernels 6.1 and 6.2 insist on a reset handler whatever the parameter says, of AMBA devices too', async () => {
  for (const [release, expected] of [
    ['6.0.19', 'ok'],
    ['6.1.192', 'ENOENT'],
    ['6.2.1', 'ENOENT'],
    ['6.3.0', 'ok'],
  ] as const) {
    for (const name of [SENSOR, SERIAL]) {
      const kernel = new SimulatedKernel(relaxed().kernel({ release }).build());
      expect(await bindTo(kernel, name), `${release} ${name}`).toBe(expected);
    }
  }
});

test('an AMBA device needs no reset handler', async () => {
  expect(await bindTo(new SimulatedKernel(board('Y').build()), SERIAL)).toBe('ok');
});

test('R-GROUP-3: a device without a group is refused with EINVAL while no-IOMMU mode is off', async () => {
  expect(await bindTo(new SimulatedKernel(relaxed('N').build()), SENSOR)).toBe('EINVAL');
  expect(await bindTo(new SimulatedKernel(relaxed('Y').build()), SENSOR)).toBe('ok');
});

test('R-GROUP-5: a device whose SMMU is not coherent is refused with EINVAL', async () => {
  const kernel = new SimulatedKernel(relaxed().build());
  expect(await bindTo(kernel, CAMERA)).toBe('EINVAL');
  expect(await bindTo(kernel, VIDEO)).toBe('ok');
});

test('the missing reset is noticed before the group and the coherency', async () => {
  const kernel = new SimulatedKernel(board('N').build());
  expect(await bindTo(kernel, SENSOR)).toBe('ENOENT');
  expect(await bindTo(kernel, CAMERA)).toBe('ENOENT');
});

test('a device that is in no tree has no compatible and is refused, unless the host has no tree at all', async () => {
  const made = (tree: boolean) => {
    const builder = host().smmuV3().module('vfio_platform', 'loaded', { reset_required: 'N' });
    return new SimulatedKernel((tree ? builder.tree(BOARD) : builder).platform('made.0', { group: 3 }).build());
  };
  expect(await bindTo(made(true), 'made.0')).toBe('EINVAL');
  expect(await bindTo(made(false), 'made.0')).toBe('ok');
});

test('no-IOMMU mode makes a group with the lowest free number and a node of its own; both go with the device', async () => {
  const kernel = new SimulatedKernel(relaxed().build());
  expect(kernel.exists(`/sys/bus/platform/devices/${SENSOR}/iommu_group`)).toBe(false);
  await take(kernel, SENSOR);
  await take(kernel, SERIAL);
  expect([nodeOf(kernel, SENSOR), nodeOf(kernel, SERIAL)]).toEqual(['/dev/vfio/noiommu-0', '/dev/vfio/noiommu-1']);
  expect(kernel.readFile('/sys/kernel/iommu_groups/0/name')).toBe('vfio-noiommu\n');
  expect(kernel.readFile('/sys/kernel/iommu_groups/0/type')).toBe('unknown\n');
  expect(kernel.exists('/dev/vfio/0')).toBe(false);
  expect(kernel.stat('/dev/vfio/noiommu-0')).toEqual({ uid: 0, gid: 0, mode: 0o600 });
  await give(kernel, SENSOR);
  expect(kernel.exists('/dev/vfio/noiommu-0')).toBe(false);
  expect(kernel.exists('/sys/kernel/iommu_groups/0')).toBe(false);
  expect(kernel.exists(`/sys/bus/platform/devices/${SENSOR}/iommu_group`)).toBe(false);
  // The number is free again.
  await take(kernel, XGMAC);
  expect(nodeOf(kernel, XGMAC)).toBe('/dev/vfio/noiommu-0');
});

test('a made-up number steps over the groups that are there', async () => {
  const kernel = new SimulatedKernel(
    relaxed().group(0).group(1).platform('b0.dma', { group: 0 }).platform('b1.dma', { group: 1 }).build(),
  );
  await take(kernel, SENSOR);
  expect(nodeOf(kernel, SENSOR)).toBe('/dev/vfio/noiommu-2');
});

test('a PCI function without an IOMMU gets such a group too', async () => {
  const inventory = host().module('vfio', 'loaded', { enable_unsafe_noiommu_mode: 'Y' }).nic('0000:04:00.0').build();
  const kernel = new SimulatedKernel(inventory);
  const device = '/sys/bus/pci/devices/0000:04:00.0';
  await kernel.writeFile(`${device}/driver_override`, 'vfio-pci');
  await kernel.writeFile(`${device}/driver/unbind`, '0000:04:00.0');
  await kernel.writeFile('/sys/bus/pci/drivers/vfio-pci/bind', '0000:04:00.0');
  expect(kernel.exists('/dev/vfio/noiommu-0')).toBe(true);
});

test('the node of a made-up group takes its time where udev does', async () => {
  const kernel = new SimulatedKernel(relaxed().build(), { nodeDelayMs: 50 });
  await take(kernel, SENSOR);
  expect(kernel.exists('/dev/vfio/noiommu-0')).toBe(false);
  await kernel.sleep(50);
  expect(kernel.exists('/dev/vfio/noiommu-0')).toBe(true);
});

test('R-BACK-1: given back, devices of both buses are as they were, and another process finds what was left', async () => {
  const before = relaxed().build();
  const kernel = new SimulatedKernel(before);
  const names = [SENSOR, SERIAL, DMA];
  for (const name of names) await take(kernel, name);
  const left = kernel.toInventory();
  expect(left.devices.filter(({ driver }) => driver?.startsWith('vfio')).map(({ address }) => address)).toEqual(
    expect.arrayContaining(names),
  );
  expect(left.devices.find(({ address }) => address === SENSOR)?.group).toBeNull();
  expect(left.groups.find(({ id }) => id === 5)?.node).toEqual({ uid: 0, gid: 0, mode: 0o600 });
  const next = new SimulatedKernel(before, { state: left });
  expect(next.exists('/dev/vfio/noiommu-0')).toBe(true);
  for (const name of names) await give(next, name);
  expect(next.toInventory()).toEqual(before);
});

test('interfaces of a platform device go with its driver and come back with it', async () => {
  const netdev = { name: 'eth0', up: false, hasAddress: false, defaultRoute: false, master: null };
  const kernel = new SimulatedKernel(
    board('Y')
      .changePlatform(XGMAC, { netdevs: [netdev] })
      .build(),
  );
  const netdevs = () => kernel.toInventory().devices.find(({ address }) => address === XGMAC)?.netdevs;
  await take(kernel, XGMAC);
  expect(netdevs()).toEqual([]);
  await give(kernel, XGMAC);
  expect(netdevs()).toEqual([netdev]);
});

test('R-BIND-4: an unbind waits while the device is open, and is done with its last descriptor', async () => {
  const kernel = new SimulatedKernel(relaxed().build());
  const { device } = await opened(kernel, SENSOR);
  const unbind = () => kernel.writeFile(`/sys/bus/platform/devices/${SENSOR}/driver/unbind`, SENSOR);
  expect(await errnoOf(unbind)).toBe('ETIMEDOUT');
  expect(kernel.exists('/dev/vfio/noiommu-0')).toBe(true);
  kernel.close(device);
  expect(kernel.exists('/dev/vfio/noiommu-0')).toBe(false);
  expect(kernel.exists(`/sys/bus/platform/devices/${SENSOR}/driver`)).toBe(false);
});
