import { expect, it } from 'vitest';
import { bytes, type RegisterStep, type StepOf } from '../../model/index.ts';
import type { Kernel } from '../kernel/port.ts';
import { StepWarning, UnexpectedAnswer } from './failure.ts';
import { Handles } from './handles.ts';
import { delay, expectRegion, modifyRegion, pollRegion, writeRegion } from './register-steps.ts';

const DEVICE = 'device:40000.widget';
const COMMON = { id: 'x', resource: '', cause: '', dependsOn: [], deviceHandle: DEVICE };
const ON = {
  ...COMMON,
  plugin: 'reset-test',
  part: 'quiesce',
  index: 0,
  offset: bytes(0x10n),
  register: 'CONTROL',
} as const;
const WORD = { ...ON, width: 4 } as const;
const BITS = { mask: bytes(0xf0n), equals: bytes(0x30n), action: 'state is 3' };

type Bus = 'pci' | 'platform';

/** A device of one region at 1 MiB of its descriptor: its bytes, and what was done to them, in order. */
class Device {
  readonly memory = Buffer.alloc(0x100);
  readonly done: string[] = [];
  slept = 0;
  readonly handles = new Handles();
  readonly kernel: Kernel;

  constructor(architecture: string, bus: Bus, after?: (device: Device) => void) {
    this.handles.setFd(DEVICE, 9);
    this.handles.setBus(DEVICE, bus);
    const flags = { readable: true, writable: true, mappable: false };
    this.handles.setRegion(DEVICE, { index: 0, offset: 1n << 20n, size: 0x100n, ...flags } as never);
    const kernel: Pick<Kernel, 'architecture' | 'pread' | 'pwrite' | 'sleep'> = {
      architecture,
      pread: (_fd, length, at) => {
        const from = Number(at) - 0x10_0000;
        this.done.push(`read ${length} at 0x${from.toString(16)}`);
        return Buffer.from(this.memory.subarray(from, from + length));
      },
      pwrite: (_fd, data, at) => {
        const from = Number(at) - 0x10_0000;
        this.done.push(`write ${data.toString('hex')} at 0x${from.toString(16)}`);
        data.copy(this.memory, from);
      },
      sleep: async (milliseconds) => {
        this.slept += milliseconds;
        after?.(this);
      },
    };
    this.kernel = kernel as Kernel;
  }

  /** What a step throws: a warning, an answer that the plan cannot use, or nothing. */
  async verdict(run: (kernel: Kernel, handles: Handles) => void | Promise<void>): Promise<string> {
    try {
      await run(this.kernel, this.handles);
      return 'fine';
    } catch (error) {
      if (error instanceof StepWarning || error instanceof UnexpectedAnswer) return `${error.name}: ${error.message}`;
      throw error;
    }
  }
}

const little = (bus: Bus = 'platform', after?: (device: Device) => void) => new Device('aarch64', bus, after);

// vfio-pci hands on the bytes of the bus; vfio-platform those of the CPU, of a number read as from a little-endian register.
it.each([
  ['aarch64', 'platform', 'little', '44332211'],
  ['aarch64', 'platform', 'big', '11223344'],
  ['ppc64', 'platform', 'little', '11223344'],
  ['ppc64', 'platform', 'big', '44332211'],
  ['x86_64', 'pci', 'little', '44332211'],
  ['x86_64', 'pci', 'big', '11223344'],
  ['ppc64', 'pci', 'little', '44332211'],
  ['ppc64', 'pci', 'big', '11223344'],
] as const)('on %s writes a %s register in %s-endian order as %s, and reads it back', async (arch, bus, order, hex) => {
  const device = new Device(arch, bus);
  writeRegion(device.kernel, device.handles, { ...WORD, kind: 'write-region', order, value: bytes(0x11223344n) });
  expect(device.done).toEqual([`write ${hex} at 0x10`]);
  const step = { ...WORD, kind: 'expect-region', order, onMismatch: 'fail', action: 'holds' } as const;
  const whole = { mask: bytes(0xffff_ffffn), equals: bytes(0x11223344n) };
  expect(await device.verdict((kernel, handles) => expectRegion(kernel, handles, { ...step, ...whole }))).toBe('fine');
});

it.each([
  [1, 'a5'],
  [2, 'a500'],
  [8, 'a500000000000000'],
] as const)('writes a register of %i bytes of a PCI function in one access', (width, hex) => {
  const device = little('pci');
  writeRegion(device.kernel, device.handles, { ...ON, kind: 'write-region', width, value: bytes(0xa5n) });
  expect(device.done).toEqual([`write ${hex} at 0x10`]);
});

it('reads, clears, sets and writes, once each', () => {
  const device = little();
  device.memory.writeUInt32LE(0xff, 0x10);
  const step = { ...WORD, kind: 'modify-region', clear: bytes(0x0fn), set: bytes(0x102n), action: 'go' } as const;
  modifyRegion(device.kernel, device.handles, step);
  expect(device.done).toEqual(['read 4 at 0x10', 'write f2010000 at 0x10']);
});

it.each([
  ['fail', 'UnexpectedAnswer'],
  ['warn', 'StepWarning'],
] as const)('R-RESET-4: with onMismatch %s a register that reads otherwise is a %s', async (onMismatch, name) => {
  const device = little();
  const step = { ...WORD, ...BITS, kind: 'expect-region', onMismatch } as const;
  const verdict = () => device.verdict((kernel, handles) => expectRegion(kernel, handles, step));
  expect(await verdict()).toBe(`${name}: CONTROL of ${DEVICE} reads 0x0; "state is 3" must hold`);
  device.memory.writeUInt32LE(0xf3f, 0x10);
  expect(await verdict()).toBe('fine');
  device.memory.writeUInt32LE(0xf7f, 0x10);
  expect(await verdict()).toContain('reads 0xf7f');
});

const POLL = { ...WORD, ...BITS, kind: 'poll-region', intervalMicroseconds: 4000, timeoutMilliseconds: 10 } as const;
const poll = (device: Device, onTimeout: 'fail' | 'warn' = 'fail') =>
  device.verdict((kernel, handles) => pollRegion(kernel, handles, { ...POLL, onTimeout }));

it('polls until the bits come, without a pause where they are there', async () => {
  const there = little();
  there.memory.writeUInt32LE(0x30, 0x10);
  expect([await poll(there), there.slept]).toEqual(['fine', 0]);
  const later = little('platform', (device) => {
    if (device.slept >= 8) device.memory.writeUInt32LE(0x30, 0x10);
  });
  expect([await poll(later), later.slept]).toEqual(['fine', 8]);
});

it('polls for the last time after the time is up', async () => {
  const late = little('platform', (device) => {
    if (device.slept >= 12) device.memory.writeUInt32LE(0x30, 0x10);
  });
  expect([await poll(late), late.slept]).toEqual(['fine', 12]);
});

it.each([
  ['fail', 'UnexpectedAnswer'],
  ['warn', 'StepWarning'],
] as const)('R-RESET-4: with onTimeout %s bits that never come are a %s', async (onTimeout, name) => {
  const never = little();
  const said = await poll(never, onTimeout);
  expect(said).toBe(`${name}: CONTROL of ${DEVICE} reads 0x0; "state is 3" did not come within 10 ms`);
  expect([never.slept, never.done.length]).toEqual([12, 4]);
});

it('lets the time of a delay pass, and touches nothing', async () => {
  const device = little();
  const step = { ...COMMON, kind: 'delay', plugin: 'reset-test', part: 'quiesce', microseconds: 1500 } as const;
  await delay(device.kernel, device.handles, step);
  expect([device.slept, device.done]).toEqual([1.5, []]);
});

type Accessing = { readonly [K in RegisterStep['kind']]: StepOf<K> };
const CONDITION = {
  index: 0,
  offset: bytes(0x20n),
  width: 2,
  register: 'STATE',
  mask: bytes(0xffn),
  equals: bytes(1n),
} as const;
const STEPS: Accessing = {
  'write-region': { ...WORD, kind: 'write-region', value: bytes(1n) },
  'modify-region': { ...WORD, kind: 'modify-region', clear: bytes(1n), set: bytes(0n), action: 'off' },
  'expect-region': { ...WORD, ...BITS, kind: 'expect-region', onMismatch: 'fail' },
  'poll-region': { ...POLL, onTimeout: 'fail' },
};
const RUN: { readonly [K in RegisterStep['kind']]: (device: Device) => Promise<string> } = {
  'write-region': (device) =>
    device.verdict((k, h) => writeRegion(k, h, { ...STEPS['write-region'], when: CONDITION })),
  'modify-region': (device) =>
    device.verdict((k, h) => modifyRegion(k, h, { ...STEPS['modify-region'], when: CONDITION })),
  'expect-region': (device) =>
    device.verdict((k, h) => expectRegion(k, h, { ...STEPS['expect-region'], when: CONDITION })),
  'poll-region': (device) => device.verdict((k, h) => pollRegion(k, h, { ...STEPS['poll-region'], when: CONDITION })),
};

it.each(Object.keys(RUN) as RegisterStep['kind'][])('leaves %s out where its condition does not hold', async (kind) => {
  const without = little();
  expect(await RUN[kind](without)).toBe('fine');
  expect(without.done).toEqual(['read 2 at 0x20']);
  const holds = little();
  holds.memory.writeUInt16LE(0xab01, 0x20);
  await RUN[kind](holds);
  expect(holds.done.length).toBeGreaterThan(1);
});

it('reads a condition in the byte order of its own register', async () => {
  const device = little();
  device.memory.writeUInt16BE(0x0001, 0x20);
  const when = { ...CONDITION, order: 'big' } as const;
  writeRegion(device.kernel, device.handles, { ...STEPS['write-region'], when });
  expect(device.done).toEqual(['read 2 at 0x20', 'write 01000000 at 0x10']);
});
