import { expect, it } from 'vitest';
import { bytes, type Step } from '../model/index.ts';
import { xgmacPlan, windowsPlan } from '../testing/program-plans.ts';
import { renderPlan } from './plan.ts';
import { describeStep } from './step.ts';

const COMMON = { id: 'x', resource: '', cause: '', dependsOn: [], deviceHandle: 'device:40000.widget' };
const ON = { ...COMMON, plugin: 'reset-test', part: 'quiesce', index: 1, offset: bytes(0xf18n), width: 4 } as const;
const REGISTER = { ...ON, register: 'DMA_CONTROL' } as const;
const BITS = { mask: bytes(0x2002n), equals: bytes(0n), action: 'ST, SR clear' } as const;
const WHEN = {
  index: 0,
  offset: bytes(4n),
  width: 2,
  register: 'STATE',
  mask: bytes(0xffn),
  equals: bytes(1n),
} as const;
const AT = 'device:40000.widget reg1+0xf18 DMA_CONTROL';

it.each<[string, Step, string]>([
  ['a write', { ...REGISTER, kind: 'write-region', value: bytes(0n) }, `pwrite ${AT} = 0x0`],
  [
    'what a write does',
    { ...REGISTER, kind: 'write-region', value: bytes(0n), action: 'mask every interrupt' },
    `pwrite ${AT} = 0x0 (mask every interrupt)`,
  ],
  [
    'bits that are cleared',
    { ...REGISTER, kind: 'modify-region', clear: bytes(0x2002n), set: bytes(0n), action: 'clear ST, SR' },
    `pread, pwrite ${AT}: clear ST, SR (~0x2002)`,
  ],
  [
    'bits that are set',
    { ...REGISTER, kind: 'modify-region', clear: bytes(0n), set: bytes(1n), action: 'set RUN' },
    `pread, pwrite ${AT}: set RUN (|0x1)`,
  ],
  [
    'both',
    { ...REGISTER, kind: 'modify-region', clear: bytes(6n), set: bytes(2n), action: 'mode 1' },
    `pread, pwrite ${AT}: mode 1 (~0x6 |0x2)`,
  ],
  [
    'a read-back',
    { ...REGISTER, ...BITS, kind: 'expect-region', onMismatch: 'fail' },
    `pread ${AT}: ST, SR clear (& 0x2002 is 0x0)`,
  ],
  [
    'one that only warns',
    { ...REGISTER, ...BITS, kind: 'expect-region', onMismatch: 'warn' },
    `pread ${AT}: ST, SR clear (& 0x2002 is 0x0), or a warning`,
  ],
  [
    'a poll',
    {
      ...REGISTER,
      ...BITS,
      kind: 'poll-region',
      intervalMicroseconds: 10,
      timeoutMilliseconds: 100,
      onTimeout: 'fail',
    },
    `pread ${AT} until ST, SR clear (& 0x2002 is 0x0), at most 100 ms`,
  ],
  [
    'one that only warns, too',
    {
      ...REGISTER,
      ...BITS,
      kind: 'poll-region',
      intervalMicroseconds: 10,
      timeoutMilliseconds: 100,
      onTimeout: 'warn',
    },
    `pread ${AT} until ST, SR clear (& 0x2002 is 0x0), at most 100 ms, or a warning`,
  ],
  [
    'a condition',
    { ...REGISTER, kind: 'write-region', value: bytes(1n), when: WHEN },
    `pwrite ${AT} = 0x1 if reg0+0x4 STATE & 0xff is 0x1`,
  ],
  [
    'a register that is big-endian',
    { ...REGISTER, kind: 'write-region', value: bytes(1n), order: 'big' },
    `pwrite ${AT} (big-endian) = 0x1`,
  ],
  [
    'a delay',
    { ...COMMON, kind: 'delay', plugin: 'reset-test', part: 'quiesce', microseconds: 100 },
    'wait 100 µs for device:40000.widget',
  ],
  [
    'what a bus reset may hit',
    { ...COMMON, kind: 'check-hot-reset', plugin: 'reset-test', owned: ['0000:01:00.0', '0000:01:00.1'] as never },
    'VFIO_DEVICE_GET_PCI_HOT_RESET_INFO device:40000.widget: hits none but 0000:01:00.0, 0000:01:00.1',
  ],
  [
    'a bus reset',
    { ...COMMON, kind: 'hot-reset', plugin: 'reset-test', groupHandles: ['group:1', 'group:2'], bestEffort: false },
    'VFIO_DEVICE_PCI_HOT_RESET device:40000.widget with group:1, group:2',
  ],
])('R-RESET-5: shows %s in the names of the data sheet, with its bits behind', (_what, step, words) => {
  expect(describeStep(step)).toBe(words);
});

it('shows a call to a foreign IOMMU by its name and meaning', () => {
  const [ioctl] = windowsPlan().up.filter(({ kind }) => kind === 'container-ioctl');
  expect(ioctl && describeStep(ioctl)).toBe('VFIO_IOMMU_SET_ATTR container#edge: two windows');
});

it('R-RESET-1: shows what would silence a device whose holder is gone, behind the way back', () => {
  const text = renderPlan(xgmacPlan());
  expect(text).toContain('If whoever held them is gone, 19 steps first');
  expect(text.indexOf('If whoever held')).toBeGreaterThan(text.indexOf('Down'));
});
