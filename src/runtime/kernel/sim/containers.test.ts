import { describe, expect, test } from 'vitest';
import { errnoOf, errnoOfLater, Session } from '../../../testing/session.ts';
import { host, type HostBuilder, region } from '../../../testing/index.ts';
import * as uapi from '../../uapi/index.ts';

const A = '0000:03:00.0';
const B = '0000:04:00.0';

async function two(): Promise<Session> {
  const session = new Session(host().intelIommu().nic(A, { group: 17 }).nic(B, { group: 18 }).build());
  await session.take(A);
  await session.take(B);
  return session;
}

test('R-ORDER-1: groups join, then the IOMMU is set, then device fds are taken', async () => {
  const session = await two();
  const { kernel } = session;
  const { container, groups } = session.joined([17, 18]);
  const device = await uapi.getDeviceFd(kernel, groups[0] ?? -1, A);
  expect(uapi.getGroupStatus(kernel, groups[0] ?? -1)).toEqual({ viable: true, containerSet: true });
  expect(uapi.getDeviceInfo(kernel, device).bus).toBe('pci');
  expect(container).toBeGreaterThan(2);
});

describe('R-ORDER-1: any other order is refused as the kernel does', () => {
  test('the IOMMU before a group: EINVAL', async () => {
    const session = await two();
    expect(errnoOf(() => uapi.setIommu(session.kernel, session.container(), 'type1v2'))).toBe('EINVAL');
  });

  test('a mapping before the IOMMU: EINVAL', async () => {
    const session = await two();
    const container = session.container();
    uapi.setContainer(session.kernel, session.group(17), container);
    expect(errnoOf(() => session.map(container, session.memory(), 0n, 0x1000n))).toBe('EINVAL');
    expect(errnoOf(() => uapi.getIommuInfo(session.kernel, container))).toBe('EINVAL');
  });

  test('a device before the container or the IOMMU: EINVAL, but a wrong name first: ENODEV', async () => {
    const session = await two();
    const group = session.group(17);
    expect(await errnoOfLater(uapi.getDeviceFd(session.kernel, group, A))).toBe('EINVAL');
    expect(await errnoOfLater(uapi.getDeviceFd(session.kernel, group, B))).toBe('ENODEV');
    uapi.setContainer(session.kernel, group, session.container());
    expect(await errnoOfLater(uapi.getDeviceFd(session.kernel, group, A))).toBe('EINVAL');
  });

  test('the IOMMU twice, the container twice, unset without one: EINVAL', async () => {
    const session = await two();
    const { container, groups } = session.joined([17]);
    expect(errnoOf(() => uapi.setIommu(session.kernel, container, 'type1v2'))).toBe('EINVAL');
    expect(errnoOf(() => uapi.setContainer(session.kernel, groups[0] ?? -1, container))).toBe('EINVAL');
    expect(errnoOf(() => uapi.unsetContainer(session.kernel, session.group(18)))).toBe('EINVAL');
  });
});

test('SET_CONTAINER tells a closed file from one that is no container', async () => {
  const session = await two();
  const group = session.group(17);
  expect(errnoOf(() => uapi.setContainer(session.kernel, group, 99))).toBe('EBADF');
  expect(errnoOf(() => uapi.setContainer(session.kernel, group, session.kernel.eventfd()))).toBe('EBADFD');
});

test.each([
  ['6.1.0-56-amd64', 'EINVAL', 1],
  ['6.12.38', 'EBADFD', 1],
  ['6.13.1', 'EBADFD', 0],
])(
  'on Linux %s a file that is no container is %s, and the nesting type is offered or not: %i',
  async (release, code, nesting) => {
    const session = new Session(host().intelIommu().kernel({ release }).nic(A, { group: 17 }).build());
    await session.take(A);
    const group = session.group(17);
    expect(errnoOf(() => uapi.setContainer(session.kernel, group, group))).toBe(code);
    expect(uapi.checkExtension(session.kernel, session.container(), uapi.EXTENSION.nesting)).toBe(nesting);
  },
);

test('lockstep on Linux 6.1: an SMMU takes the nesting type, and Intel refuses it: its driver cannot nest', async () => {
  const setNesting = async (builder: HostBuilder) => {
    const session = new Session(builder.kernel({ release: '6.1.0-56-amd64' }).nic(A, { group: 17 }).build());
    await session.take(A);
    const container = session.container();
    uapi.setContainer(session.kernel, session.group(17), container);
    const request = uapi.SET_IOMMU.request(session.kernel.architecture);
    return errnoOf(() => session.kernel.ioctl(container, request, uapi.EXTENSION.nesting));
  };
  expect(await setNesting(host().intelIommu())).toBe('EINVAL');
  expect(await setNesting(host().smmuV3())).toBe('no failure');
});

test('a group is opened once: here, or by a process that the inventory lists', async () => {
  const session = await two();
  const group = session.group(17);
  expect(errnoOf(() => session.group(17))).toBe('EBUSY');
  session.kernel.close(group);
  expect(errnoOf(() => session.group(17))).toBe('no failure');
  const held = host()
    .intelIommu()
    .nic(A, { group: 17, driver: 'vfio-pci' })
    .group(17, { openedBy: [{ pid: 7, command: 'qemu' }] })
    .build();
  expect(errnoOf(() => new Session(held).group(17))).toBe('EBUSY');
});

test('R-GROUP-1: a group is viable only when no member is on a driver that does DMA', async () => {
  const inventory = host()
    .intelIommu()
    .bridge('0000:00:01.0', { bus: '03', group: 17 })
    .gpu('0000:03:00.0', { group: 17 })
    .audio('0000:03:00.1', { group: 17 })
    .build();
  const session = new Session(inventory);
  await session.take('0000:03:00.0');
  const group = session.group(17);
  expect(uapi.getGroupStatus(session.kernel, group).viable).toBe(false);
  expect(errnoOf(() => uapi.setContainer(session.kernel, group, session.container()))).toBe('EPERM');
  await session.kernel.writeFile('/sys/bus/pci/devices/0000:03:00.1/driver/unbind', '0000:03:00.1');
  expect(uapi.getGroupStatus(session.kernel, group).viable).toBe(true);
  uapi.setContainer(session.kernel, group, session.container());
});

test('R-GROUP-1: while user space owns a group no host driver binds to a member', async () => {
  const [gpu, audio] = ['0000:03:00.0', '0000:03:00.1'];
  const session = new Session(host().intelIommu().gpu(gpu, { group: 17 }).audio(audio, { group: 17 }).build());
  await session.take(gpu);
  await session.kernel.writeFile(`/sys/bus/pci/devices/${audio}/driver/unbind`, audio);
  const { groups } = session.joined([17]);
  const bind = () => errnoOfLater(session.kernel.writeFile('/sys/bus/pci/drivers/snd_hda_intel/bind', audio));
  expect(await bind()).toBe('EBUSY');
  expect(await errnoOfLater(session.kernel.writeFile('/sys/bus/pci/drivers_probe', audio))).toBe('EINVAL');
  uapi.unsetContainer(session.kernel, groups[0] ?? -1);
  expect(await bind()).toBe('no failure');
});

test('the last group that leaves takes the IOMMU and every mapping with it', async () => {
  const session = await two();
  const { container, groups } = session.joined([17, 18]);
  session.map(container, session.memory(), 0n, 0x4000n);
  uapi.unsetContainer(session.kernel, groups[0] ?? -1);
  expect(uapi.getIommuInfo(session.kernel, container).mappingsLeft).toBe(65_534);
  uapi.unsetContainer(session.kernel, groups[1] ?? -1);
  expect(errnoOf(() => uapi.getIommuInfo(session.kernel, container))).toBe('EINVAL');
  expect(session.kernel.leaks().filter((line) => /mapping|pinned/.test(line))).toEqual([]);
});

test('UNSET_CONTAINER is refused while a device of the group is open', async () => {
  const session = await two();
  const { groups } = session.joined([17]);
  const device = await uapi.getDeviceFd(session.kernel, groups[0] ?? -1, A);
  expect(errnoOf(() => uapi.unsetContainer(session.kernel, groups[0] ?? -1))).toBe('EBUSY');
  session.kernel.close(device);
  expect(errnoOf(() => uapi.unsetContainer(session.kernel, groups[0] ?? -1))).toBe('no failure');
});

test('files may be closed in any order: a device holds its group, a group its container', async () => {
  const session = await two();
  const { kernel } = session;
  const { container, groups } = session.joined([17]);
  const device = await uapi.getDeviceFd(kernel, groups[0] ?? -1, A);
  session.map(container, session.memory(), 0n, 0x4000n);
  kernel.close(container);
  kernel.close(groups[0] ?? -1);
  expect(errnoOf(() => session.group(17))).toBe('EBUSY');
  expect(kernel.leaks()).toContain('mapping 0x0-0x3fff in address space 0');
  kernel.close(device);
  expect(kernel.leaks().filter((line) => !line.startsWith('memory'))).toEqual([]);
  expect(errnoOf(() => session.group(17))).toBe('no failure');
});

test('a group whose last device leaves VFIO while it is open is dead', async () => {
  const session = await two();
  const { container, groups } = session.joined([17]);
  await session.giveBack(A, 'e1000e');
  expect(errnoOf(() => uapi.getGroupStatus(session.kernel, groups[0] ?? -1))).toBe('ENODEV');
  expect(errnoOf(() => uapi.setContainer(session.kernel, groups[0] ?? -1, container))).toBe('ENODEV');
  expect(errnoOf(() => uapi.getIommuInfo(session.kernel, container))).toBe('EINVAL');
});

test('R-GROUP-5: interrupts that are not isolated are EPERM at SET_IOMMU, unless unsafe ones are allowed', async () => {
  const inventory = host().intelIommu({ interruptRemapping: false }).nic(A, { group: 17 }).build();
  const session = new Session(inventory);
  await session.take(A);
  expect(errnoOf(() => session.joined([17]))).toBe('EPERM');
  session.kernel.kill();
  await session.kernel.writeFile('/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts', 'Y');
  expect(errnoOf(() => session.joined([17]))).toBe('no failure');
});

test('R-GROUP-5: a direct reserved region makes a group unassignable, a relaxable one does not', async () => {
  const withRegion = (type: string) =>
    host()
      .intelIommu()
      .nic(A, { group: 17 })
      .group(17, { reservedRegions: [region(0x1000n, 0x1fffn, type)] });
  const joined = async (builder: ReturnType<typeof withRegion>) => {
    const session = new Session(builder.build());
    await session.take(A);
    return errnoOf(() => session.joined([17]));
  };
  expect(await joined(withRegion('direct'))).toBe('EINVAL');
  expect(await joined(withRegion('direct').kernel({ release: '6.1.0-40-amd64' }))).toBe('EPERM');
  expect(await joined(withRegion('direct-relaxable'))).toBe('no failure');
});

test('no IOMMU backend of the type is ENODEV, and the extension is not offered', async () => {
  const session = new Session(host().intelIommu().withoutModule('vfio_iommu_type1').nic(A, { group: 17 }).build());
  await session.take(A);
  expect(uapi.checkExtension(session.kernel, session.container(), uapi.EXTENSION.type1v2)).toBe(0);
  expect(errnoOf(() => session.joined([17]))).toBe('ENODEV');
});

test('extensions: type 1 and 2 are there, no-IOMMU and SPAPR are not, address updates only with an IOMMU', async () => {
  const session = await two();
  const { kernel } = session;
  const { container } = session.joined([17]);
  const { type1, type1v2, unmapAll, updateVaddr, noiommu, spaprTce } = uapi.EXTENSION;
  const check = (fd: number) =>
    [type1, type1v2, unmapAll, updateVaddr, noiommu, spaprTce].map((e) => uapi.checkExtension(kernel, fd, e));
  expect(check(session.container())).toEqual([1, 1, 1, 0, 0, 0]);
  expect(check(container)).toEqual([1, 1, 1, 1, 0, 0]);
  expect(uapi.getApiVersion(kernel, container)).toBe(0);
});

test('an unknown ioctl is ENOTTY, but EINVAL on a container without an IOMMU', async () => {
  const session = await two();
  const { kernel } = session;
  const { container, groups } = session.joined([17]);
  const device = await uapi.getDeviceFd(kernel, groups[0] ?? -1, A);
  const unknown = (fd: number) =>
    errnoOf(() => kernel.ioctl(fd, { name: 'X', fdKind: 'container', number: 0x3bff }, null));
  expect([container, groups[0] ?? -1, device, kernel.eventfd()].map(unknown)).toEqual(Array(4).fill('ENOTTY'));
  expect(unknown(session.container())).toBe('EINVAL');
  expect(unknown(999)).toBe('EBADF');
});

test('the same number is another call on another kind of file', async () => {
  const session = await two();
  const { container, groups } = session.joined([17]);
  const device = await uapi.getDeviceFd(session.kernel, groups[0] ?? -1, A);
  const getInfo = uapi.IOMMU_GET_INFO.request('x86_64');
  expect(
    errnoOf(() => session.kernel.ioctl(container, getInfo, Buffer.from([24, 0, 0, 0, ...Array(20).fill(0)]))),
  ).toBe('no failure');
  // GET_PCI_HOT_RESET_INFO there: this bus has no bridge above it that could reset it.
  expect(errnoOf(() => session.kernel.ioctl(device, getInfo, Buffer.from([24, 0, 0, 0, ...Array(20).fill(0)])))).toBe(
    'ENODEV',
  );
});

test('an argument that is too short or none is EFAULT', async () => {
  const session = await two();
  const { container } = session.joined([17]);
  const map = uapi.IOMMU_MAP_DMA.request('x86_64');
  for (const argument of [null, 7, Buffer.alloc(31)]) {
    expect(errnoOf(() => session.kernel.ioctl(container, map, argument))).toBe('EFAULT');
  }
});
