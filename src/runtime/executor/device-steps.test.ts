import { expect, it } from 'vitest';
import { bytes, type StepOf } from '../../model/index.ts';
import { type Answer, scriptedKernel } from '../../testing/scripted-kernel.ts';
import {
  checkDeviceInfo,
  checkDevtreeInfo,
  checkIrqInfo,
  checkRegionInfo,
  clearIrqUnmask,
  setIrqs,
  setIrqUnmask,
} from './device-steps.ts';
import { writeRegion } from './register-steps.ts';
import { UnexpectedAnswer } from './failure.ts';
import { Handles } from './handles.ts';

const DEVICE = 'device:fff51000.ethernet';
const COMMON = { id: 'x', resource: '', cause: '', dependsOn: [], deviceHandle: DEVICE };
const BY_PLUGIN = { plugin: 'reset-test', part: 'quiesce' } as const;

function handles(): Handles {
  const all = new Handles();
  all.setFd(DEVICE, 9);
  all.setBus(DEVICE, 'platform');
  all.setFd('eventfd#a', 11);
  return all;
}

const deviceInfo =
  (flags: number, regions: number, irqs: number): Answer =>
  (argument) => {
    [24, flags, regions, irqs].forEach((value, i) => argument.writeUInt32LE(value, 4 * i));
    return 0;
  };
const regionInfo =
  (flags: number, size: bigint): Answer =>
  (argument) => {
    argument.writeUInt32LE(flags, 4);
    argument.writeBigUInt64LE(size, 16);
    argument.writeBigUInt64LE(1n << 40n, 24);
    return 0;
  };
const irqInfo =
  (flags: number, count: number): Answer =>
  (argument) => {
    argument.writeUInt32LE(flags, 4);
    argument.writeUInt32LE(count, 12);
    return 0;
  };

/** What a step says of an answer: nothing, or why it is not what the plan needs. */
function verdict(
  answer: Answer,
  run: (kernel: ReturnType<typeof scriptedKernel>['kernel'], all: Handles) => void,
): string {
  try {
    run(scriptedKernel('aarch64', answer, answer).kernel, handles());
    return 'fine';
  } catch (error) {
    if (error instanceof UnexpectedAnswer) return error.message;
    throw error;
  }
}

const PLATFORM = 4;
const AMBA = 8;
const RESET = 1;

it('R-TREE-2: holds bus, counts and reset of a device against the plan', () => {
  const step = { ...COMMON, kind: 'check-device-info', bus: 'platform', regions: 1, irqs: 3, reset: true } as const;
  const says = (flags: number, regions: number, irqs: number) =>
    verdict(deviceInfo(flags, regions, irqs), (kernel, all) => checkDeviceInfo(kernel, all, step));
  expect(says(PLATFORM | RESET, 1, 3)).toBe('fine');
  expect(says(AMBA | RESET, 1, 3)).toContain('bus amba, not platform');
  expect(says(PLATFORM | RESET, 2, 3)).toContain('2 regions and 3 interrupts');
  expect(says(PLATFORM | RESET, 1, 0)).toContain('1 regions and 0 interrupts');
  expect(says(PLATFORM, 1, 3)).toContain('cannot be reset');
});

it('leaves alone what the plan says nothing of', () => {
  const step = { ...COMMON, kind: 'check-device-info', bus: 'platform' } as const;
  expect(verdict(deviceInfo(PLATFORM, 7, 7), (kernel, all) => checkDeviceInfo(kernel, all, step))).toBe('fine');
});

it('R-TREE-2: holds the size and the flags of a region against the plan, and keeps where it is', () => {
  const step: StepOf<'check-region-info'> = {
    ...COMMON,
    kind: 'check-region-info',
    index: 0,
    size: bytes(0x1000),
    flags: ['read', 'write', 'mmap'],
  };
  const says = (flags: number, size: bigint) =>
    verdict(regionInfo(flags, size), (kernel, all) => checkRegionInfo(kernel, all, step));
  expect(says(7, 0x1000n)).toBe('fine');
  expect(says(7, 0x2000n)).toContain('the device tree says 4 KiB');
  expect(says(7, 0n)).toContain('no region 0');
  expect(says(1, 0x1000n)).toContain('does not allow write, mmap');
  expect(says(3, 0x1000n)).toContain('does not allow mmap');
  const all = handles();
  checkRegionInfo(scriptedKernel('aarch64', regionInfo(7, 0x1000n)).kernel, all, step);
  expect(all.region(DEVICE, 0)).toMatchObject({ offset: 1n << 40n, size: 0x1000n });
});

it.each([
  ['level', 7, 1, 'fine'],
  ['level', 1, 1, 'is edge-triggered for the kernel; the device tree says level'],
  ['edge', 7, 1, 'is level-triggered for the kernel'],
  ['edge', 1, 1, 'fine'],
  [undefined, 7, 1, 'fine'],
  [undefined, 1, 1, 'fine'],
  ['level', 7, 0, 'interrupt 2 of device:fff51000.ethernet is not there'],
] as const)(
  'R-TREE-2: holds an interrupt that should be %s against flags %i and count %i',
  (trigger, flags, count, said) => {
    const step = { ...COMMON, kind: 'check-irq-info', index: 2, count: 1, ...(trigger ? { trigger } : {}) } as const;
    expect(verdict(irqInfo(flags, count), (kernel, all) => checkIrqInfo(kernel, all, step))).toContain(said);
  },
);

it('R-TREE-5: holds path and position against the plan', () => {
  const step = {
    ...COMMON,
    kind: 'check-devtree-info',
    type: 'interrupt',
    index: 1,
    path: '/soc/a',
    dtIndex: 1,
  } as const;
  const says = (path: string, dtIndex: number) =>
    verdict(
      (argument) => {
        argument.writeUInt32LE(20 + path.length + 1, 0);
        if (argument.length > 20) {
          argument.writeUInt32LE(dtIndex, 8);
          argument.write(`${path}\0`, 20);
        }
        return 0;
      },
      (kernel, all) => checkDevtreeInfo(kernel, all, step),
    );
  expect(says('/soc/a', 1)).toBe('fine');
  expect(says('/soc/b', 1)).toContain('entry 1 of /soc/b for the kernel');
  expect(says('/soc/a', 0)).toContain('entry 0 of /soc/a for the kernel, and entry 1 of /soc/a');
});

it('R-ORDER-3: connects an interrupt by its number, lets an eventfd unmask it, and ends that', () => {
  const { kernel, asked } = scriptedKernel('aarch64');
  const all = handles();
  setIrqs(kernel, all, { ...COMMON, kind: 'set-irqs', index: 2, eventfds: ['eventfd#a'] });
  setIrqUnmask(kernel, all, { ...COMMON, kind: 'set-irq-unmask', index: 2, eventfd: 'eventfd#a' });
  clearIrqUnmask(kernel, all, { ...COMMON, kind: 'clear-irq-unmask', index: 2 });
  // argsz 24, flags, index 2, start 0, count 1, the descriptor.
  expect(asked.map(({ argument }) => argument)).toEqual([
    '18000000240000000200000000000000010000000b000000',
    '18000000140000000200000000000000010000000b000000',
    '1800000014000000020000000000000001000000ffffffff',
  ]);
});

it('writes a register of a plan at the offset that the kernel gave, in the width of the register', () => {
  const written: string[] = [];
  const { kernel } = scriptedKernel('aarch64', regionInfo(3, 0x1000n));
  const all = handles();
  const spied = {
    ...kernel,
    pwrite: (fd: number, data: Buffer, at: bigint) => void written.push(`${fd} ${data.toString('hex')} ${at}`),
  };
  checkRegionInfo(spied, all, { ...COMMON, kind: 'check-region-info', index: 0 });
  const write = {
    ...COMMON,
    ...BY_PLUGIN,
    kind: 'write-region',
    index: 0,
    width: 4,
    value: bytes(0x11223344n),
    register: 'R',
  } as const;
  writeRegion(spied, all, { ...write, offset: bytes(0xf1cn) });
  expect(written).toEqual([`9 44332211 ${(1n << 40n) + 0xf1cn}`]);
  expect(() => writeRegion(spied, all, { ...write, offset: bytes(0x1000n) })).toThrow('not inside');
  expect(written).toHaveLength(1);
});
