import { describe, expect, test } from 'vitest';
import { errnoOf, errnoOfLater, Session } from '../../../testing/session.ts';
import { bar, host } from '../../../testing/index.ts';
import * as uapi from '../../uapi/index.ts';
import type { RegisterModel } from '../../../model/plugin/simulation.ts';
import type { DeviceModel } from './options.ts';

const NIC = '0000:03:00.0';
const { intx, msi, msix, err, req } = uapi.PCI_IRQ;
const COMMAND = 4n;

interface Opened {
  readonly session: Session;
  readonly container: number;
  readonly group: number;
  readonly device: number;
}

async function opened(
  model: DeviceModel = {},
  resources = [bar(0, 0x9000_0000n, 0x2_0000n)],
  release = '6.12.38',
): Promise<Opened> {
  const inventory = host().intelIommu().kernel({ release }).nic(NIC, { group: 17, resources }).build();
  const session = new Session(inventory, { devices: new Map([[NIC, model]]) });
  await session.take(NIC);
  const { container, groups } = session.joined([17]);
  const group = groups[0] ?? -1;
  return { session, container, group, device: await uapi.getDeviceFd(session.kernel, group, NIC) };
}

const configOffset = 7n << 40n;

describe('regions', () => {
  test('BARs come from the inventory, others are absent, an index beyond is EINVAL', async () => {
    const { session, device } = await opened();
    const { kernel } = session;
    expect(uapi.getRegionInfo(kernel, device, 0)).toMatchObject({
      size: 0x2_0000n,
      offset: 0n,
      mappable: true,
      writable: true,
    });
    expect(uapi.getRegionInfo(kernel, device, 3)).toMatchObject({ size: 0n, readable: false, offset: 3n << 40n });
    expect(uapi.getRegionInfo(kernel, device, 7)).toMatchObject({ size: 4096n, offset: configOffset, mappable: false });
    expect(errnoOf(() => uapi.getRegionInfo(kernel, device, 9))).toBe('EINVAL');
  });

  test('a BAR with the MSI-X table has a capability, fetched with a second call', async () => {
    const { session, device } = await opened({ msixBar: 0 });
    expect(uapi.getRegionInfo(session.kernel, device, 0)).toMatchObject({ mappable: true, mappableAreas: null });
  });

  test('what is written to a BAR reads back, until a reset', async () => {
    const { session, device } = await opened();
    const { kernel } = session;
    kernel.pwrite(device, Buffer.from('11223344', 'hex'), 0x1fffcn);
    expect(kernel.pread(device, 8, 0x1fff8n).toString('hex')).toBe('0000000011223344');
    expect(kernel.pread(device, 8, 0x1fffcn)).toHaveLength(4);
    await uapi.resetDevice(kernel, device);
    expect(kernel.pread(device, 4, 0x1fffcn).toString('hex')).toBe('00000000');
  });

  test.each([
    ['beyond a BAR', 0x2_0000n, 'EINVAL'],
    ['in a BAR that is absent', 2n << 40n, 'EINVAL'],
    ['beyond the last region', 12n << 40n, 'EINVAL'],
    ['beyond the configuration space', configOffset + 4096n, 'EFAULT'],
    ['across the end of the configuration space', configOffset + 4094n, 'EFAULT'],
  ])('an access %s is refused', async (_what, offset, code) => {
    const { session, device } = await opened();
    expect(errnoOf(() => session.kernel.pread(device, 4, offset))).toBe(code);
    expect(errnoOf(() => session.kernel.pwrite(device, Buffer.alloc(4), offset))).toBe(code);
  });

  test('the configuration space shows the identity, and only writable bits change', async () => {
    const { session, device } = await opened();
    const { kernel } = session;
    const before = kernel.pread(device, 4, configOffset);
    kernel.pwrite(device, Buffer.from('ffffffff', 'hex'), configOffset);
    expect(kernel.pread(device, 4, configOffset)).toEqual(before);
    expect(before.readUInt16LE(0)).toBe(0x8086);
  });

  test('a BAR without memory decode is EIO', async () => {
    const { session, device } = await opened();
    session.kernel.pwrite(device, Buffer.from('0000', 'hex'), configOffset + COMMAND);
    expect(errnoOf(() => session.kernel.pread(device, 4, 0n))).toBe('EIO');
  });

  test('R-ORDER-2: opening and closing a device leave bus mastering off', async () => {
    const { session, device, group } = await opened();
    const { kernel } = session;
    expect(kernel.deviceState(NIC)?.busMaster).toBe(false);
    kernel.pwrite(device, Buffer.from('0600', 'hex'), configOffset + COMMAND);
    expect(kernel.deviceState(NIC)?.busMaster).toBe(true);
    await uapi.resetDevice(kernel, device);
    expect(kernel.deviceState(NIC)?.busMaster).toBe(true);
    kernel.close(device);
    expect(kernel.deviceState(NIC)?.busMaster).toBe(false);
    expect(group).toBeGreaterThan(2);
  });

  test('a register model sees each access in its width, and every reset', async () => {
    const seen: string[] = [];
    const registers: RegisterModel = {
      read: (region, offset, width) => (seen.push(`read ${region} ${offset} ${width}`), 0x1_2345_6789n),
      write: (region, offset, width, value) =>
        void seen.push(`write ${region} ${offset} ${width} ${value.toString(16)}`),
      reset: () => void seen.push('reset'),
    };
    const { session, device } = await opened({ registers });
    session.kernel.pwrite(device, Buffer.from('0102030405', 'hex'), 0x12n);
    expect(session.kernel.pread(device, 4, 0x18n).toString('hex')).toBe('89674523');
    await uapi.resetDevice(session.kernel, device);
    session.kernel.close(device);
    expect(seen).toEqual([
      'reset',
      'write 0 18 2 201',
      'write 0 20 2 403',
      'write 0 22 1 5',
      'read 0 24 4',
      'reset',
      'reset',
    ]);
  });
});

describe('interrupts', () => {
  const connect = ({ session, device }: Opened, index: number, count: number, start = 0) => {
    const fds = Array.from({ length: count }, () => session.kernel.eventfd());
    return errnoOf(() => uapi.connectEventfds(session.kernel, device, index, fds, start));
  };
  const off = ({ session, device }: Opened, index: number) =>
    errnoOf(() => uapi.disableIrqs(session.kernel, device, index));

  const inject = ({ session, device }: Opened, count: number) => {
    const argument = uapi.IRQ_SET.encode(uapi.abiOf('x86_64'), { argsz: 20, flags: 33, index: msix, count });
    return errnoOf(() => session.kernel.ioctl(device, uapi.DEVICE_SET_IRQS.request('x86_64'), argument));
  };

  test('counts and flags are those of vfio-pci', async () => {
    const { session, device } = await opened({ irqs: { msix: 5 } });
    const info = (index: number) => uapi.getIrqInfo(session.kernel, device, index);
    expect(info(intx)).toMatchObject({ count: 1, maskable: true, automasked: true, noResize: false });
    expect(info(msi)).toMatchObject({ count: 1, noResize: true });
    expect(info(msix)).toMatchObject({ count: 5, noResize: false });
    expect([info(err).count, info(req).count]).toEqual([1, 1]);
    expect(errnoOf(() => info(5))).toBe('EINVAL');
  });

  test('MSI-X cannot grow before Linux 6.5', async () => {
    const old = await opened({}, undefined, '6.1.0-40-amd64');
    expect(uapi.getIrqInfo(old.session.kernel, old.device, msix).noResize).toBe(true);
    expect(connect(old, msix, 2)).toBe('no failure');
    expect(connect(old, msix, 1, 2)).toBe('EINVAL');
    expect(inject(old, 3)).toBe('EINVAL');
    expect(inject(old, 2)).toBe('no failure');
    expect(off(old, msix)).toBe('no failure');
    expect(connect(old, msix, 0, 4)).toBe('EINVAL');
    expect(old.session.kernel.deviceState(NIC)?.activeIrq).toBeNull();
    const recent = await opened();
    expect(connect(recent, msix, 2)).toBe('no failure');
    expect(connect(recent, msix, 1, 2)).toBe('no failure');
    expect(inject(recent, 5)).toBe('no failure');
  });

  test('a conventional PCI device has no error interrupt, a virtual function no INTx', async () => {
    const { session, device } = await opened({ pcie: false });
    expect(errnoOf(() => uapi.getIrqInfo(session.kernel, device, err))).toBe('EINVAL');
    expect(uapi.getRegionInfo(session.kernel, device, 7).size).toBe(256n);
    const vf = new Session(
      host().intelIommu().pf('0000:04:00.0').vf('0000:04:10.0', '0000:04:00.0', 0, { group: 18 }).build(),
    );
    await vf.take('0000:04:10.0');
    const fd = await uapi.getDeviceFd(vf.kernel, vf.joined([18]).groups[0] ?? -1, '0000:04:10.0');
    expect(uapi.getIrqInfo(vf.kernel, fd, intx).count).toBe(0);
  });

  test('one of INTx, MSI and MSI-X at a time', async () => {
    const o = await opened();
    expect(connect(o, msix, 3)).toBe('no failure');
    expect(connect(o, msi, 1)).toBe('EINVAL');
    expect(connect(o, intx, 1)).toBe('EINVAL');
    expect(off(o, msix)).toBe('no failure');
    expect(connect(o, intx, 1)).toBe('no failure');
    expect(o.session.kernel.deviceState(NIC)).toMatchObject({ activeIrq: intx, eventfds: 1 });
  });

  test('taking down what is not up is EINVAL', async () => {
    const o = await opened();
    for (const index of [intx, msi, msix, err, req]) expect(off(o, index)).toBe('EINVAL');
    for (const index of [err, req]) {
      expect(connect(o, index, 1)).toBe('no failure');
      expect(off(o, index)).toBe('no failure');
    }
  });

  test('more interrupts than the index has are EINVAL', async () => {
    const o = await opened({ irqs: { msix: 4, msi: 0 } });
    expect(connect(o, msix, 5)).toBe('EINVAL');
    expect(connect(o, msix, 2, 3)).toBe('EINVAL');
    expect(connect(o, msi, 1)).toBe('EINVAL');
    expect(connect(o, msix, 4)).toBe('no failure');
  });

  test('what is no eventfd enables nothing', async () => {
    const o = await opened();
    const { session, device } = o;
    const good = session.kernel.eventfd();
    const bad = (fd: number) => errnoOf(() => uapi.connectEventfds(session.kernel, device, msix, [good, fd]));
    expect(bad(999)).toBe('EBADF');
    expect(bad(device)).toBe('EINVAL');
    expect(session.kernel.deviceState(NIC)).toMatchObject({ activeIrq: null, eventfds: 0 });
  });

  test('fewer vectors than asked for are a positive answer, and nothing is enabled', async () => {
    const { session, device } = await opened({ vectorsAvailable: 2 });
    const fds = [1, 2, 3].map(() => session.kernel.eventfd());
    expect(() => uapi.connectEventfds(session.kernel, device, msix, fds)).toThrow(uapi.TooFewInterrupts);
    expect(session.kernel.deviceState(NIC)?.activeIrq).toBeNull();
  });

  test('MSI-X cannot be masked: ENOTTY; a wrong header is EINVAL', async () => {
    const { session, device } = await opened();
    const set = (values: Record<string, number>) => {
      const argument = uapi.IRQ_SET.encode(uapi.abiOf('x86_64'), {
        argsz: 20,
        flags: 33,
        index: msix,
        count: 1,
        ...values,
      });
      return errnoOf(() => session.kernel.ioctl(device, uapi.DEVICE_SET_IRQS.request('x86_64'), argument));
    };
    expect(set({ flags: 1 | 8 })).toBe('ENOTTY');
    expect(set({ argsz: 19 })).toBe('EINVAL');
    expect(set({ flags: 3 | 32 })).toBe('EINVAL');
    expect(set({ flags: 33 | 64 })).toBe('EINVAL');
    expect(set({ flags: 36 })).toBe('EINVAL');
    expect(set({ flags: 36, count: 0 })).toBe('ERANGE');
    expect(set({ index: 5 })).toBe('EINVAL');
    expect(set({ start: 0xffff_fff0, count: 0xff })).toBe('EINVAL');
  });

  test('the loop-back test signals the eventfd', async () => {
    const { session, device } = await opened();
    const eventfd = session.kernel.eventfd();
    uapi.connectEventfds(session.kernel, device, msi, [eventfd]);
    const argument = uapi.IRQ_SET.encode(uapi.abiOf('x86_64'), { argsz: 20, flags: 33, index: msi, count: 1 });
    session.kernel.ioctl(device, uapi.DEVICE_SET_IRQS.request('x86_64'), argument);
    expect(session.kernel.signals(eventfd)).toBe(1);
  });
});

describe('opening and closing', () => {
  test('a device may be opened several times and is released with the last', async () => {
    const { session, group, device } = await opened();
    const again = await uapi.getDeviceFd(session.kernel, group, NIC);
    session.kernel.close(device);
    expect(session.kernel.deviceState(NIC)?.openCount).toBe(1);
    expect(errnoOf(() => uapi.unsetContainer(session.kernel, group))).toBe('EBUSY');
    session.kernel.close(again);
    expect(errnoOf(() => uapi.unsetContainer(session.kernel, group))).toBe('no failure');
  });

  test('a VF token where none is needed is EINVAL, none where one is needed EACCES', async () => {
    const { session, group } = await opened();
    const token = `${NIC} vf_token=14d63f20-8445-11ea-8900-1f9ce7d5650d`;
    expect(await errnoOfLater(uapi.getDeviceFd(session.kernel, group, token))).toBe('EINVAL');
    const builder = host().intelIommu().pf('0000:04:00.0', { driver: 'vfio-pci', driverOverride: 'vfio-pci' });
    const vf = new Session(builder.vf('0000:04:10.0', '0000:04:00.0', 0, { group: 18 }).build());
    await vf.take('0000:04:10.0');
    const { groups } = vf.joined([18]);
    expect(await errnoOfLater(uapi.getDeviceFd(vf.kernel, groups[0] ?? -1, '0000:04:10.0'))).toBe('EACCES');
  });

  test('a device that does not open leaves nothing behind', async () => {
    const inventory = host().intelIommu().nic(NIC, { group: 17 }).build();
    const session = new Session(inventory, { devices: new Map([[NIC, { openFails: 'EAGAIN' }]]) });
    await session.take(NIC);
    const { groups } = session.joined([17]);
    expect(await errnoOfLater(uapi.getDeviceFd(session.kernel, groups[0] ?? -1, NIC))).toBe('EAGAIN');
    expect(errnoOf(() => uapi.unsetContainer(session.kernel, groups[0] ?? -1))).toBe('no failure');
  });

  test('R-BIND-4: an unbind of an open device fails instead of waiting, and is done when it is closed', async () => {
    const { session, device, group } = await opened();
    const { kernel } = session;
    const path = '/sys/bus/pci/drivers/vfio-pci/unbind';
    expect(await errnoOfLater(kernel.writeFile(path, NIC))).toBe('ETIMEDOUT');
    expect(kernel.blocked).toEqual([{ path, text: NIC }]);
    expect(await errnoOfLater(uapi.getDeviceFd(kernel, group, NIC))).toBe('ENODEV');
    expect(kernel.exists(`/sys/bus/pci/devices/${NIC}/driver`)).toBe(true);
    kernel.close(device);
    expect(kernel.exists(`/sys/bus/pci/devices/${NIC}/driver`)).toBe(false);
  });

  test('R-BIND-4: a group that another process holds blocks the unbind too', async () => {
    const options = { group: 17, driver: 'vfio-pci', driverOverride: 'vfio-pci' };
    const builder = host()
      .intelIommu()
      .nic(NIC, options)
      .group(17, { openedBy: [{ pid: 7, command: 'qemu' }] });
    const { kernel } = new Session(builder.build());
    expect(await errnoOfLater(kernel.writeFile(`/sys/bus/pci/devices/${NIC}/driver/unbind`, NIC))).toBe('ETIMEDOUT');
  });

  test('R-BACK-2: the death of the process closes everything and leaves the bindings', async () => {
    const { session, container, device } = await opened();
    const { kernel } = session;
    session.map(container, session.memory(), 0n, 0x4000n);
    uapi.connectEventfds(kernel, device, msi, [kernel.eventfd()]);
    kernel.memfdCreate('x', null);
    expect(kernel.leaks()).toHaveLength(8);
    kernel.kill();
    expect(kernel.leaks()).toEqual([]);
    expect(kernel.deviceState(NIC)).toEqual({ openCount: 0, busMaster: false, activeIrq: null, eventfds: 0 });
    expect(kernel.toInventory().groups[0]?.openedBy).toEqual([]);
    await session.giveBack(NIC, 'e1000e');
  });

  test('an inventory taken meanwhile shows who holds the group', async () => {
    const { session } = await opened();
    expect(session.kernel.toInventory().groups[0]?.openedBy).toEqual([{ pid: 4242, command: 'vfio-compose' }]);
  });
});

describe('resets', () => {
  test('R-RESET-5: a device without a method says so in its flags and refuses', async () => {
    const session = new Session(host().intelIommu().nic(NIC, { group: 17, resetMethods: [] }).build());
    await session.take(NIC);
    const device = await uapi.getDeviceFd(session.kernel, session.joined([17]).groups[0] ?? -1, NIC);
    expect(uapi.getDeviceInfo(session.kernel, device).canReset).toBe(false);
    expect(await errnoOfLater(uapi.resetDevice(session.kernel, device))).toBe('EINVAL');
    const other = await opened();
    expect(uapi.getDeviceInfo(other.session.kernel, other.device).canReset).toBe(true);
    expect(await errnoOfLater(uapi.resetDevice(other.session.kernel, other.device))).toBe('no failure');
  });

  test('R-RESET-5: a function whose only method is the bus is refused while another one is on the bus', async () => {
    const bus = { resetMethods: ['bus'] };
    const inventory = host()
      .intelIommu()
      .nic('0000:41:00.0', { group: 17, ...bus })
      .nic('0000:41:00.1', { group: 17 });
    const session = new Session(inventory.nic('0000:42:00.0', { group: 18, ...bus }).build());
    for (const address of ['0000:41:00.0', '0000:41:00.1', '0000:42:00.0']) await session.take(address);
    const [shared = -1, alone = -1] = session.joined([17, 18]).groups;
    const first = await uapi.getDeviceFd(session.kernel, shared, '0000:41:00.0');
    expect(uapi.getDeviceInfo(session.kernel, first).canReset).toBe(false);
    expect(await errnoOfLater(uapi.resetDevice(session.kernel, first))).toBe('EINVAL');
    const other = await uapi.getDeviceFd(session.kernel, alone, '0000:42:00.0');
    expect(await errnoOfLater(uapi.resetDevice(session.kernel, other))).toBe('no failure');
  });

  test('R-RESET-5: a bus reset needs every function on the bus, bound to VFIO and with its group', async () => {
    const [gpu, audio] = ['0000:03:00.0', '0000:03:00.1'];
    const builder = host().intelIommu().bridge('0000:00:01.0', { bus: '03' });
    const session = new Session(builder.gpu(gpu, { group: 17 }).audio(audio, { group: 18 }).build());
    const { kernel } = session;
    await session.take(gpu);
    const { groups, container } = session.joined([17]);
    const device = await uapi.getDeviceFd(kernel, groups[0] ?? -1, gpu);
    expect(uapi.getPciHotResetInfo(kernel, device)).toEqual([
      { group: 17, address: gpu },
      { group: 18, address: audio },
    ]);
    const reset = (fds: readonly number[]) => errnoOfLater(uapi.pciHotReset(kernel, device, fds));
    expect(await reset(groups)).toBe('EINVAL');
    await session.take(audio);
    expect(await reset(groups)).toBe('EINVAL');
    const other = session.group(18);
    expect(await reset([...groups, other])).toBe('no failure');
    expect(await reset([...groups, 999])).toBe('EBADF');
    expect(await reset([...groups, container])).toBe('EINVAL');
    expect(await reset([])).toBe('EINVAL');
    expect(await reset([...groups, other, other])).toBe('EINVAL');
  });

  test('R-RESET-5: a bridge beside the function is in the way of a bus reset', async () => {
    const gpu = '0000:03:00.0';
    const builder = host().intelIommu().bridge('0000:00:01.0', { bus: '03' }).gpu(gpu, { group: 17 });
    const session = new Session(builder.bridge('0000:03:01.0', { bus: '04' }).build());
    await session.take(gpu);
    const { groups } = session.joined([17]);
    const device = await uapi.getDeviceFd(session.kernel, groups[0] ?? -1, gpu);
    expect(await errnoOfLater(uapi.pciHotReset(session.kernel, device, groups))).toBe('EINVAL');
  });

  test('a device on a root bus has no bus reset', async () => {
    const { session, device } = await opened();
    expect(errnoOf(() => uapi.getPciHotResetInfo(session.kernel, device))).toBe('ENODEV');
  });
});
