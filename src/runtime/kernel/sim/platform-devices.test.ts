import { expect, test } from 'vitest';
import type { HostInventory } from '../../../model/index.ts';
import * as uapi from '../../uapi/index.ts';
import { RegisterBank } from '../../../model/index.ts';
import type { SimulationOptions } from './index.ts';
import { SimulatedKernel } from './simulated-kernel.ts';
import { board, opened, PCIE, relaxed, SENSOR, SERIAL, XGMAC } from '../../../testing/sim-board.ts';

const region = (index: number, offset = 0): bigint => (BigInt(index) << 40n) + BigInt(offset);
const word = (value: number): Buffer => {
  const data = Buffer.alloc(4);
  data.writeUInt32LE(value);
  return data;
};
const { dataNone, dataBool, dataEventfd, mask, unmask, trigger } = uapi.IRQ_SET_FLAG;

async function open(name: string, inventory: HostInventory = relaxed().build(), options: SimulationOptions = {}) {
  const kernel = new SimulatedKernel(inventory, options);
  return { kernel, ...(await opened(kernel, name)) };
}

function setIrqs(
  kernel: SimulatedKernel,
  fd: number,
  header: { flags: number; index?: number; start?: number; count?: number; argsz?: number },
  data: Buffer = Buffer.alloc(0),
): number {
  const values = { argsz: 20 + data.length, index: 0, start: 0, count: 1, ...header };
  const argument = uapi.IRQ_SET.encode(uapi.abiOf(kernel.architecture), values, data.length);
  data.copy(argument, 20);
  return kernel.ioctl(fd, uapi.DEVICE_SET_IRQS.request(kernel.architecture), argument);
}

const code = (errno: string) => expect.objectContaining({ code: errno }) as unknown;

test('R-TREE-2: regions and interrupts are those of the node, each with the flags that vfio-platform gives it', async () => {
  const { kernel, device } = await open(XGMAC, board('Y').build());
  expect(uapi.getDeviceInfo(kernel, device)).toEqual({ bus: 'platform', canReset: true, regions: 1, irqs: 3 });
  expect(uapi.getRegionInfo(kernel, device, 0)).toMatchObject({
    size: 0x1000n,
    offset: 0n,
    readable: true,
    writable: true,
    mappable: true,
  });
  const irqs = [0, 1, 2].map((index) => uapi.getIrqInfo(kernel, device, index));
  expect(irqs.map(({ count, eventfd, maskable, automasked }) => [count, eventfd, maskable, automasked])).toEqual([
    [1, true, true, true],
    [1, true, true, true],
    [1, true, false, false],
  ]);
  expect(() => uapi.getRegionInfo(kernel, device, 1)).toThrow(code('EINVAL'));
  expect(() => uapi.getIrqInfo(kernel, device, 3)).toThrow(code('EINVAL'));
  expect(() => uapi.getPciHotResetInfo(kernel, device)).toThrow(code('ENOTTY'));
});

test('an AMBA device says so, and has one region however many its node has', async () => {
  const { kernel, device } = await open(SERIAL);
  expect(uapi.getDeviceInfo(kernel, device)).toEqual({ bus: 'amba', canReset: false, regions: 1, irqs: 1 });
});

test('a region that is no whole page is read and written, not mapped', async () => {
  const { kernel, device } = await open(SENSOR);
  expect(uapi.getRegionInfo(kernel, device, 0)).toMatchObject({ size: 0x200n, readable: true, mappable: false });
  expect(() => kernel.mmap({ length: 0x200n, hugePageSize: null, fd: device, offset: 0n })).toThrow(code('EINVAL'));
  const big = await open(XGMAC, board('Y').kernel({ pageSize: 65_536 }).build());
  expect(uapi.getRegionInfo(big.kernel, big.device, 0).mappable).toBe(false);
});

test('registers keep what is written to them in pieces of 4, 2 and 1 bytes, up to the end of the region', async () => {
  const accesses: string[] = [];
  const bank = new RegisterBank({ 0: { 0x10: 0x1122_3344 } });
  const registers = {
    read: (at: number, offset: bigint, width: number) => {
      accesses.push(`${offset}+${width}`);
      return bank.read(at, offset, width);
    },
    write: (at: number, offset: bigint, width: number, value: bigint) => bank.write(at, offset, width, value),
    reset: () => bank.reset(),
  };
  const { kernel, device } = await open(SENSOR, undefined, { devices: new Map([[SENSOR, { registers }]]) });
  expect(kernel.pread(device, 4, 0x10n).toString('hex')).toBe('44332211');
  expect(kernel.pread(device, 8, 0x0fn)).toHaveLength(8);
  expect(accesses).toEqual(['16+4', '15+1', '16+4', '20+2', '22+1']);
  kernel.pwrite(device, Buffer.from('aabbccdd', 'hex'), 0x1fcn);
  // What is cut off at the end is simply shorter.
  expect(kernel.pread(device, 8, 0x1fcn).toString('hex')).toBe('aabbccdd');
  for (const at of [0x200n, region(1), region(40), -1n])
    expect(() => kernel.pread(device, 4, at)).toThrow(code('EINVAL'));
  expect(() => kernel.pwrite(device, Buffer.alloc(8), 0x1fcn)).toThrow(code('EINVAL'));
});

test('on a big-endian machine a register comes as a number in its byte order', async () => {
  const registers = new RegisterBank({ 0: { 0: 0x1122_3344 } });
  const inventory = relaxed().kernel({ architecture: 'ppc64' }).build();
  const { kernel, device } = await open(SENSOR, inventory, { devices: new Map([[SENSOR, { registers }]]) });
  expect(kernel.pread(device, 4, 0n).toString('hex')).toBe('11223344');
  kernel.pwrite(device, Buffer.from('0000002a', 'hex'), 4n);
  expect(registers.read(0, 4n, 4)).toBe(0x2an);
});

test('R-RESET-1: the reset handler runs at the first open, on request and at the last close', async () => {
  let resets = 0;
  const registers = Object.assign(new RegisterBank(), { reset: () => (resets += 1) });
  const model = new Map([[XGMAC, { registers }]]);
  const { kernel, device, group } = await open(XGMAC, board('Y').build(), { devices: model });
  expect(resets).toBe(1);
  const second = await uapi.getDeviceFd(kernel, group, XGMAC);
  await uapi.resetDevice(kernel, device);
  kernel.close(device);
  expect(resets).toBe(2);
  kernel.close(second);
  expect(resets).toBe(3);
});

test('R-RESET-3: without a handler a reset is refused, and what was written stays when the device is closed', async () => {
  const { kernel, device, group } = await open(SENSOR);
  await expect(uapi.resetDevice(kernel, device)).rejects.toThrow(code('EINVAL'));
  kernel.pwrite(device, word(0x2002), 0n);
  kernel.close(device);
  const again = await uapi.getDeviceFd(kernel, group, SENSOR);
  expect(kernel.pread(again, 4, 0n)).toEqual(word(0x2002));
});

test('a handler that fails fails the open where it is required, and only the reset where it is not', async () => {
  const devices = new Map([[XGMAC, { resetFails: 'ETIMEDOUT' as const }]]);
  await expect(open(XGMAC, board('Y').build(), { devices })).rejects.toThrow(code('ETIMEDOUT'));
  const { kernel, device } = await open(XGMAC, relaxed().build(), { devices });
  expect(uapi.getDeviceInfo(kernel, device).canReset).toBe(true);
  await expect(uapi.resetDevice(kernel, device)).rejects.toThrow(code('ETIMEDOUT'));
});

test('a level interrupt is masked when it is delivered, and told again after it was unmasked', async () => {
  const { kernel, device } = await open(XGMAC, board('Y').build());
  const told = kernel.eventfd();
  uapi.connectEventfds(kernel, device, 0, [told]);
  kernel.interrupt(XGMAC, 0);
  kernel.interrupt(XGMAC, 0);
  expect(kernel.signals(told)).toBe(1);
  uapi.unmaskIrq(kernel, device, 0);
  expect(kernel.signals(told)).toBe(2);
  uapi.unmaskIrq(kernel, device, 0);
  expect(kernel.signals(told)).toBe(2);
});

test('an eventfd unmasks each time that it is signalled, also when it was signalled before it was connected', async () => {
  const { kernel, device } = await open(XGMAC, board('Y').build());
  const [told, done] = [kernel.eventfd(), kernel.eventfd()];
  uapi.connectEventfds(kernel, device, 0, [told]);
  kernel.interrupt(XGMAC, 0);
  kernel.signal(done);
  uapi.unmaskThrough(kernel, device, 0, done);
  kernel.interrupt(XGMAC, 0);
  expect(kernel.signals(told)).toBe(2);
  kernel.signal(done);
  kernel.interrupt(XGMAC, 0);
  expect(kernel.signals(told)).toBe(3);
  uapi.unmaskThrough(kernel, device, 0, null);
  kernel.signal(done);
  kernel.interrupt(XGMAC, 0);
  expect(kernel.signals(told)).toBe(3);
});

test('one eventfd unmasks an interrupt; closing it makes room for another', async () => {
  const { kernel, device } = await open(XGMAC, board('Y').build());
  const [one, two] = [kernel.eventfd(), kernel.eventfd()];
  uapi.unmaskThrough(kernel, device, 0, one);
  expect(() => uapi.unmaskThrough(kernel, device, 0, two)).toThrow(code('EBUSY'));
  kernel.close(one);
  uapi.unmaskThrough(kernel, device, 0, two);
  expect(kernel.deviceState(XGMAC)?.eventfds).toBe(1);
});

test('an edge interrupt is told each time, and cannot be masked', async () => {
  const { kernel, device } = await open(XGMAC, board('Y').build());
  const told = kernel.eventfd();
  uapi.connectEventfds(kernel, device, 2, [told]);
  kernel.interrupt(XGMAC, 2);
  kernel.interrupt(XGMAC, 2);
  expect(kernel.signals(told)).toBe(2);
  for (const action of [mask, unmask]) {
    expect(() => setIrqs(kernel, device, { flags: action | dataNone, index: 2 })).toThrow(code('EINVAL'));
  }
});

test('the loop-back test acts as the device: it masks a level interrupt even where nobody is told', async () => {
  const { kernel, device } = await open(XGMAC, board('Y').build());
  setIrqs(kernel, device, { flags: trigger | dataNone });
  const told = kernel.eventfd();
  uapi.connectEventfds(kernel, device, 0, [told]);
  setIrqs(kernel, device, { flags: trigger | dataBool }, Buffer.from([1]));
  expect(kernel.signals(told)).toBe(0);
  setIrqs(kernel, device, { flags: unmask | dataBool }, Buffer.from([1]));
  setIrqs(kernel, device, { flags: trigger | dataBool }, Buffer.from([0]));
  setIrqs(kernel, device, { flags: trigger | dataBool }, Buffer.from([1]));
  expect(kernel.signals(told)).toBe(1);
});

test('SET_IRQS tests its numbers as vfio-platform does', async () => {
  const { kernel, device } = await open(XGMAC, board('Y').build());
  const one = Buffer.alloc(4, 0xff);
  const cases: readonly (readonly [string, Parameters<typeof setIrqs>[2], Buffer?])[] = [
    ['EINVAL', { flags: trigger | dataNone, argsz: 19 }],
    ['EINVAL', { flags: trigger | dataNone, index: 3 }],
    ['EINVAL', { flags: trigger | dataNone, count: 0xffff_ffff }],
    ['EINVAL', { flags: trigger | dataNone | 64 }],
    ['EINVAL', { flags: trigger | dataNone, start: 3, count: 0 }],
    ['EINVAL', { flags: trigger | dataNone | dataBool }, one],
    ['EINVAL', { flags: trigger | dataEventfd, argsz: 20 }, one],
    ['EFAULT', { flags: trigger | dataEventfd, argsz: 24 }],
    // Inside the number of indices, but not the one interrupt of this index.
    ['EINVAL', { flags: trigger | dataNone, count: 2 }],
    ['EINVAL', { flags: trigger | dataNone, start: 1 }],
    ['EINVAL', { flags: trigger | dataEventfd, count: 0 }],
    ['ENOTTY', { flags: dataNone }],
    ['ENOTTY', { flags: trigger | mask | dataNone }],
    ['EBADF', { flags: trigger | dataEventfd }, word(77)],
    ['EINVAL', { flags: trigger | dataEventfd }, word(device)],
    ['EBADF', { flags: unmask | dataEventfd }, word(77)],
  ];
  for (const [errno, header, data] of cases) {
    expect(() => setIrqs(kernel, device, header, data), JSON.stringify(header)).toThrow(code(errno));
  }
  // A start elsewhere is no matter where everything is taken down.
  expect(setIrqs(kernel, device, { flags: trigger | dataNone, start: 1, count: 0 })).toBe(0);
  expect(setIrqs(kernel, device, { flags: trigger | dataEventfd }, one)).toBe(0);
});

test('an eventfd that is none leaves the interrupt without one', async () => {
  const { kernel, device } = await open(XGMAC, board('Y').build());
  const told = kernel.eventfd();
  uapi.connectEventfds(kernel, device, 2, [told]);
  expect(() => uapi.connectEventfds(kernel, device, 2, [77])).toThrow(code('EBADF'));
  kernel.interrupt(XGMAC, 2);
  expect(kernel.signals(told)).toBe(0);
});

test('an interrupt that the kernel could not have fails where it is set up, not where the device is opened', async () => {
  const devices = new Map([[XGMAC, { irqFails: new Map([[1, 'EBUSY' as const]]) }]]);
  const { kernel, device } = await open(XGMAC, board('Y').build(), { devices });
  expect(() => uapi.disableIrqs(kernel, device, 1)).toThrow(code('EBUSY'));
  uapi.disableIrqs(kernel, device, 0);
});

test('closing the device disconnects and unmasks everything', async () => {
  const { kernel, device, group } = await open(XGMAC, board('Y').build());
  const [told, done] = [kernel.eventfd(), kernel.eventfd()];
  uapi.connectEventfds(kernel, device, 0, [told]);
  uapi.unmaskThrough(kernel, device, 0, done);
  kernel.interrupt(XGMAC, 0);
  kernel.close(device);
  expect(kernel.deviceState(XGMAC)).toMatchObject({ openCount: 0, eventfds: 0 });
  const again = await uapi.getDeviceFd(kernel, group, XGMAC);
  uapi.connectEventfds(kernel, again, 0, [told]);
  kernel.interrupt(XGMAC, 0);
  expect(kernel.signals(told)).toBe(2);
});

test('whole pages of a region are mapped, and keep the device open', async () => {
  const { kernel, device } = await open(PCIE);
  const map = (offset: bigint, length: bigint) => kernel.mmap({ length, hugePageSize: null, fd: device, offset });
  for (const [offset, length] of [
    [0n, 0x1_1000n],
    [0xf000n, 0x2000n],
    [region(1), 0x1000n],
    [1n, 0x1000n],
    [0n, 0n],
  ] as const) {
    expect(() => map(offset, length), `${offset} ${length}`).toThrow(code('EINVAL'));
  }
  expect(() => kernel.mmap({ length: 0x1000n, hugePageSize: null, fd: 99, offset: 1n })).toThrow(code('EINVAL'));
  expect(() => kernel.mmap({ length: 0x1000n, hugePageSize: null, fd: 99, offset: 0n })).toThrow(code('EBADF'));
  const address = map(0x1000n, 0x2f01n);
  kernel.close(device);
  expect(kernel.deviceState(PCIE)?.openCount).toBe(1);
  kernel.munmap(address + 0x1000n, 0x1000n);
  expect(kernel.leaks().filter((line) => line.startsWith('memory'))).toHaveLength(2);
  kernel.munmap(address, 0x3000n);
  expect(kernel.deviceState(PCIE)?.openCount).toBe(0);
});

test('R-TREE-5: only a kernel that has it answers where in the tree a region or an interrupt stands', async () => {
  const mainline = await open(PCIE);
  expect(() => uapi.getDevtreeInfo(mainline.kernel, mainline.device, 'region', 0)).toThrow(code('ENOTTY'));
  const { kernel, device } = await open(PCIE, relaxed().vfio({ devtreeInfo: true }).build());
  const place = (dtIndex: number, isRange: boolean) => ({ path: '/pcie@40000000', dtIndex, isRange });
  expect(uapi.getDevtreeInfo(kernel, device, 'region', 0)).toEqual(place(0, false));
  expect(uapi.getDevtreeInfo(kernel, device, 'interrupt', 0)).toEqual(place(0, false));
  expect(() => uapi.getDevtreeInfo(kernel, device, 'region', 2)).toThrow(code('EINVAL'));
});

test('R-TREE-4: such a kernel exposes windows and mapped interrupts behind those that every kernel has', async () => {
  const mainline = await open(PCIE);
  expect(uapi.getDeviceInfo(mainline.kernel, mainline.device)).toMatchObject({ regions: 1, irqs: 1 });
  const { kernel, device } = await open(PCIE, relaxed().vfio({ devtreeInfo: true }).build());
  expect(uapi.getDeviceInfo(kernel, device)).toMatchObject({ regions: 2, irqs: 2 });
  expect(uapi.getRegionInfo(kernel, device, 1)).toMatchObject({ size: 0x1000_0000n, mappable: true });
  expect(uapi.getDevtreeInfo(kernel, device, 'region', 1)).toMatchObject({ dtIndex: 0, isRange: true });
  expect(uapi.getDevtreeInfo(kernel, device, 'interrupt', 1)).toMatchObject({ dtIndex: 0, isRange: true });
});

test('a killed process leaves nothing of a platform device open', async () => {
  const { kernel, device } = await open(PCIE);
  uapi.connectEventfds(kernel, device, 0, [kernel.eventfd()]);
  kernel.mmap({ length: 0x1000n, hugePageSize: null, fd: device, offset: 0n });
  expect(kernel.leaks()).not.toEqual([]);
  kernel.kill();
  expect(kernel.leaks()).toEqual([]);
  expect(kernel.deviceState(PCIE)).toMatchObject({ openCount: 0, eventfds: 0 });
});
