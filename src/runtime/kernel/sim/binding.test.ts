import { expect, test } from 'vitest';
import { getDeviceFd } from '../../uapi/index.ts';
import { errnoOf, errnoOfLater, Session } from '../../../testing/session.ts';
import { host } from '../../../testing/index.ts';

const NIC = '0000:03:00.0';
const one = () => new Session(host().intelIommu().nic(NIC, { group: 17 }).build());
const device = (file: string) => `/sys/bus/pci/devices/${NIC}/${file}`;
const driver = (name: string, file: string) => `/sys/bus/pci/drivers/${name}/${file}`;
const write = ({ kernel }: Session, path: string, text: string) => errnoOfLater(kernel.writeFile(path, text));

test('R-BIND-2: with an override a device binds to vfio-pci, and its driver link says so', async () => {
  const session = one();
  await session.take(NIC);
  expect(session.kernel.readlink(device('driver'))).toMatch(/\/vfio-pci$/);
  expect(session.kernel.readFile(device('driver_override'))).toBe('vfio-pci\n');
});

test('R-BIND-2: without an override vfio-pci matches nothing', async () => {
  const session = one();
  await session.kernel.writeFile(device('driver/unbind'), NIC);
  expect(await write(session, driver('vfio-pci', 'bind'), NIC)).toBe('ENODEV');
});

test('R-BIND-2: an override keeps the host driver away', async () => {
  const session = one();
  await session.kernel.writeFile(device('driver_override'), 'vfio-pci');
  await session.kernel.writeFile(device('driver/unbind'), NIC);
  expect(await write(session, driver('e1000e', 'bind'), NIC)).toBe('ENODEV');
});

test('R-BIND-2: drivers_probe succeeds although no driver takes the device', async () => {
  const session = new Session(host().intelIommu().withoutModule('vfio_pci').nic(NIC).build());
  await session.kernel.writeFile(device('driver_override'), 'vfio-pci');
  await session.kernel.writeFile(device('driver/unbind'), NIC);
  expect(await write(session, '/sys/bus/pci/drivers_probe', NIC)).toBe('no failure');
  expect(errnoOf(() => session.kernel.readlink(device('driver')))).toBe('ENOENT');
  expect(await write(session, '/sys/bus/pci/drivers_probe', '0000:ff:00.0')).toBe('ENODEV');
});

test('drivers_probe brings the host driver back', async () => {
  const session = one();
  await session.kernel.writeFile(device('driver/unbind'), NIC);
  await session.kernel.writeFile('/sys/bus/pci/drivers_probe', `${NIC}\n`);
  expect(session.kernel.readlink(device('driver'))).toMatch(/\/e1000e$/);
});

test.each([
  ['bound already', driver('vfio-pci', 'bind'), NIC, 'EBUSY', true],
  ['unbinding from another driver', driver('vfio-pci', 'unbind'), NIC, 'ENODEV', false],
  ['a device that is not there', driver('e1000e', 'bind'), '0000:0f:00.0', 'ENODEV', false],
  ['a driver that is not there', driver('nosuch', 'bind'), NIC, 'ENOENT', false],
  ['a read-only attribute', device('vendor'), '0x1234', 'EACCES', false],
  ['an attribute that is not there', device('nosuch'), '1', 'ENOENT', false],
  ['an override of a page', device('driver_override'), 'x'.repeat(4095), 'EINVAL', false],
])('%s is refused as the kernel does', async (_what, path, text, code, override) => {
  const session = one();
  if (override) await session.kernel.writeFile(device('driver_override'), 'vfio-pci');
  expect(await write(session, path, text)).toBe(code);
});

test('an empty write changes nothing, an empty line clears the override', async () => {
  const session = one();
  expect(session.kernel.readFile(device('driver_override'))).toBe('(null)\n');
  await session.kernel.writeFile(device('driver_override'), 'vfio-pci\n');
  await session.kernel.writeFile(device('driver_override'), '');
  expect(session.kernel.readFile(device('driver_override'))).toBe('vfio-pci\n');
  await session.kernel.writeFile(device('driver_override'), '\n');
  expect(session.kernel.readFile(device('driver_override'))).toBe('(null)\n');
});

test('R-GROUP-5: vfio-pci refuses what it refuses on a real host', async () => {
  const session = new Session(
    host()
      .intelIommu()
      .bridge('0000:00:01.0', { bus: '04' })
      .pf('0000:04:00.0')
      .vf('0000:04:10.0', '0000:04:00.0', 0)
      .nic('0000:05:00.0', { group: null })
      .nic('0000:06:00.0', { vendor: '8086', device: '37c8' })
      .build(),
  );
  expect(await errnoOfLater(session.take('0000:00:01.0'))).toBe('EINVAL');
  expect(await errnoOfLater(session.take('0000:04:00.0'))).toBe('EBUSY');
  expect(await errnoOfLater(session.take('0000:05:00.0'))).toBe('EINVAL');
  expect(await errnoOfLater(session.take('0000:06:00.0'))).toBe('EINVAL');
  expect(await errnoOfLater(session.take('0000:04:10.0'))).toBe('no failure');
});

test('the node of a group comes with its first device on VFIO and goes with its last', async () => {
  const [a, b] = ['0000:03:00.0', '0000:03:00.1'];
  const session = new Session(host().intelIommu().nic(a, { group: 17 }).nic(b, { group: 17 }).build());
  const { kernel } = session;
  const node = '/dev/vfio/17';
  expect(kernel.exists(node)).toBe(false);
  await session.take(a);
  expect(kernel.stat(node)).toEqual({ uid: 0, gid: 0, mode: 0o600 });
  kernel.chown(node, 1000, 1001);
  kernel.chmod(node, 0o660);
  await session.take(b);
  await session.giveBack(a, 'e1000e');
  expect(kernel.stat(node)).toEqual({ uid: 1000, gid: 1001, mode: 0o660 });
  await session.giveBack(b, 'e1000e');
  expect(kernel.exists(node)).toBe(false);
  await session.take(a);
  expect(kernel.stat(node)).toEqual({ uid: 0, gid: 0, mode: 0o600 });
});

test('a node that udev makes later is not there before', async () => {
  const session = new Session(host().intelIommu().nic(NIC, { group: 17 }).build(), { nodeDelayMs: 40 });
  await session.take(NIC);
  expect(errnoOf(() => session.group(17))).toBe('ENOENT');
  await session.kernel.sleep(40);
  expect(errnoOf(() => session.group(17))).toBe('no failure');
});

test('R-BACK-1: after the way back the host is what it was, whole', async () => {
  const before = host()
    .intelIommu()
    .bridge('0000:00:01.0', { bus: '03' })
    .nic(NIC, { group: 17 })
    .gpu('0000:08:00.0')
    .build();
  const session = new Session(before);
  await session.take(NIC);
  expect(session.kernel.toInventory()).not.toEqual(before);
  expect(session.kernel.toInventory().devices.find(({ address }) => address === NIC)).toMatchObject({
    driver: 'vfio-pci',
    driverOverride: 'vfio-pci',
    netdevs: [],
  });
  await session.giveBack(NIC, 'e1000e');
  expect(session.kernel.toInventory()).toEqual(before);
});

test('a device that starts on vfio-pci keeps its node as the inventory has it', () => {
  const node = { uid: 104, gid: 105, mode: 0o640 };
  const options = { group: 17, driver: 'vfio-pci', driverOverride: 'vfio-pci', netdevs: [] };
  const before = host().intelIommu().nic(NIC, options).group(17, { node }).build();
  const session = new Session(before);
  expect(session.kernel.stat('/dev/vfio/17')).toEqual(node);
  expect(session.kernel.toInventory()).toEqual(before);
});

test('modprobe loads a module with what it needs, and its driver and nodes appear', async () => {
  const builder = host().intelIommu().vfio({ container: false }).nic(NIC);
  for (const name of ['vfio', 'vfio_pci', 'vfio_pci_core', 'vfio_iommu_type1']) builder.module(name, 'available');
  const { kernel } = new Session(builder.build());
  expect(kernel.exists(driver('vfio-pci', 'bind'))).toBe(false);
  expect(errnoOf(() => kernel.open('/dev/vfio/vfio', 'read-write'))).toBe('ENOENT');
  expect(await kernel.spawn('modprobe', ['--', 'vfio-pci'])).toEqual({ status: 0, stderr: '' });
  expect(kernel.exists(driver('vfio-pci', 'bind'))).toBe(true);
  expect(kernel.exists('/sys/module/vfio_iommu_type1')).toBe(true);
  expect(kernel.readFile('/sys/module/vfio_iommu_type1/parameters/dma_entry_limit')).toBe('65535\n');
  expect(errnoOf(() => kernel.open('/dev/vfio/vfio', 'read-write'))).toBe('no failure');
  expect((await kernel.spawn('modprobe', ['nosuch'])).status).toBe(1);
  expect(await errnoOfLater(kernel.spawn('rm', ['-rf', '/']))).toBe('ENOENT');
});

test('module parameters take values of their kind', async () => {
  const session = one();
  const parameter = (name: string) => `/sys/module/vfio_iommu_type1/parameters/${name}`;
  expect(await write(session, parameter('allow_unsafe_interrupts'), '1\n')).toBe('no failure');
  expect(session.kernel.readFile(parameter('allow_unsafe_interrupts'))).toBe('Y\n');
  expect(await write(session, parameter('allow_unsafe_interrupts'), 'maybe')).toBe('EINVAL');
  expect(await write(session, parameter('dma_entry_limit'), '-1')).toBe('EINVAL');
  expect(await write(session, parameter('nosuch'), '1')).toBe('ENOENT');
  expect(await write(session, '/sys/module/vfio_pci/parameters/disable_denylist', 'Y')).toBe('EACCES');
});

const PF = '0000:04:00.0';
const NUMVFS = `/sys/bus/pci/devices/${PF}/sriov_numvfs`;

test('virtual functions come and go as the kernel makes them, through 0 only, each in a group of its own', async () => {
  const session = new Session(host().intelIommu().pf(PF, { group: 7 }).build());
  expect(await write(session, NUMVFS, '0')).toBe('no failure');
  expect(await write(session, NUMVFS, '9999')).toBe('ERANGE');
  expect(await write(session, NUMVFS, 'two')).toBe('EINVAL');
  expect(await write(session, NUMVFS, '2')).toBe('no failure');
  expect(await write(session, NUMVFS, '3')).toBe('EBUSY');
  expect(session.kernel.readlink(`/sys/bus/pci/devices/${PF}/virtfn1`)).toBe('../0000:04:10.2');
  expect(session.kernel.toInventory().devices.map(({ address, group }) => [address, group])).toEqual([
    [PF, 7],
    ['0000:04:10.0', 8],
    ['0000:04:10.2', 9],
  ]);
  expect(await write(session, NUMVFS, '0')).toBe('no failure');
  expect(session.kernel.exists('/sys/bus/pci/devices/0000:04:10.0')).toBe(false);
  expect(session.kernel.toInventory().groups.map(({ id }) => id)).toEqual([7]);
});

test('virtual functions are refused clearly: without a host driver, and where the inventory does not say where they are', async () => {
  const on = (options: object) => new Session(host().intelIommu().pf(PF, options).build());
  expect(await write(on({ driver: null }), NUMVFS, '2')).toBe('ENOENT');
  expect(await write(on({ driver: 'vfio-pci' }), NUMVFS, '2')).toBe('ENOENT');
  expect(await write(on({ sriov: { total: 7, enabled: 0 } }), NUMVFS, '2')).toBe('EOPNOTSUPP');
});

test('R-BIND-4: a virtual function that is open keeps the write that takes it away waiting', async () => {
  const session = new Session(host().intelIommu().pf(PF).build());
  await write(session, NUMVFS, '1');
  await session.take('0000:04:10.0');
  const group = session.kernel.toInventory().devices[1]?.group ?? 0;
  const { groups } = session.joined([group]);
  await getDeviceFd(session.kernel, groups[0] ?? -1, '0000:04:10.0');
  expect(await write(session, NUMVFS, '0')).toBe('ETIMEDOUT');
});

test('sysfs shows a device by both of its paths, and a group its reserved regions', () => {
  const inventory = host().intelIommu().bridge('0000:00:01.0', { bus: '03' }).nic(NIC, { group: 17 }).build();
  const { kernel } = new Session(inventory);
  const real = inventory.devices.find(({ address }) => address === NIC)?.sysfsPath ?? '';
  expect(kernel.readFile(`${real}/vendor`)).toBe(kernel.readFile(device('vendor')));
  expect(kernel.readlink(`${real}/iommu_group`)).toMatch(/\/17$/);
  expect(kernel.readFile('/sys/kernel/iommu_groups/17/reserved_regions')).toBe(
    '0x00000000fee00000 0x00000000feefffff msi\n',
  );
  expect(errnoOf(() => kernel.readFile('/etc/passwd'))).toBe('ENOENT');
  expect(errnoOf(() => kernel.open('/sys/bus/pci/drivers_probe', 'read'))).toBe('EACCES');
});
