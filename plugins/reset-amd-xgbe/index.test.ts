import { expect, test } from 'vitest';
import { type RegisterModel, runProgram } from 'vfio-compose/plugin';
import { platformTarget } from '../../src/testing/reset-target.ts';
import plugin from './index.ts';
import { XgbeModel } from './model.ts';

const target = platformTarget('amd,xgbe-seattle-v1a', 0x80000, 0x80000);
const quiesce = () => plugin.quiesce(target, {}, 'after-use');
const reset = () => plugin.reset?.(target, {}, 'after-use') ?? [];

const CHANNEL_BASES = [0x3100n, 0x3180n, 0x3200n, 0x3280n];
/** Registers by what they do, as the native driver writes them. */
const INTERRUPTS = [0x00b4n, ...CHANNEL_BASES.map((base) => base + 0x38n)];
const DMA = CHANNEL_BASES.flatMap((base) => [base + 0x04n, base + 0x08n]);
const MAC = [0x0000n, 0x0004n];

/** A register of the PCS through its window, as xmdio_read and xmdio_write reach it. */
function select(model: RegisterModel, address: number): bigint {
  model.write(1, 0x3fcn, 4, BigInt(address >> 8));
  return BigInt((address & 0xff) << 2);
}
const readPcs = (model: RegisterModel, address: number): bigint => model.read(1, select(model, address), 4);
const writePcs = (model: RegisterModel, address: number, value: bigint): void =>
  model.write(1, select(model, address), 4, value);

/** As a network driver leaves it that was killed: four channels at work, every interrupt on, the link negotiating. */
function running<M extends RegisterModel>(model: M): M {
  for (const offset of INTERRUPTS) model.write(0, offset, 4, 0x1_93c7n);
  for (const base of CHANNEL_BASES) {
    model.write(0, base + 0x14n, 4, 0x4000_0000n);
    model.write(0, base + 0x04n, 4, 0x10_0011n);
    model.write(0, base + 0x08n, 4, 0x10_1001n);
  }
  for (const offset of MAC) model.write(0, offset, 4, 0x2000_0001n);
  writePcs(model, 0x7_0000, 0x1000n);
  writePcs(model, 0x7_8001, 0x7n);
  writePcs(model, 0x7_8002, 0x1n);
  return model;
}

/** A device that does not take some writes. */
function without(
  model: RegisterModel,
  ignored: (region: number, offset: bigint, value: bigint) => boolean,
): RegisterModel {
  return {
    read: (region, offset, width) => model.read(region, offset, width),
    write: (region, offset, width, value) => {
      if (!ignored(region, offset, value)) model.write(region, offset, width, value);
    },
    reset: () => model.reset(),
  };
}

const registers = (model: RegisterModel): readonly bigint[] => [
  ...Array.from({ length: 0x1000 }, (_, word) => model.read(0, BigInt(4 * word), 4)),
  ...[0x3_0000, 0x7_0000, 0x7_8001, 0x7_8002].map((address) => readPcs(model, address)),
];

test('R-RESET-4: every interrupt goes off before the first channel, every channel before the MAC', () => {
  const model = running(new XgbeModel());
  const { failures, accesses } = runProgram(quiesce(), model);
  expect(failures).toEqual([]);
  const written = accesses.flatMap((access) => /^write (\S+)/.exec(access)?.[1] ?? []);
  expect(written).toEqual([
    ...['PCS_SELECT', 'AN_INTMASK', 'MAC_IER'],
    ...[0, 1, 2, 3].map((channel) => `DMA_CH_IER${channel}`),
    ...[0, 1, 2, 3].flatMap((channel) => [`DMA_CH_TCR${channel}`, `DMA_CH_RCR${channel}`]),
    ...['MAC_TCR', 'MAC_RCR'],
  ]);
  expect(INTERRUPTS.map((offset) => model.read(0, offset, 4))).toEqual(INTERRUPTS.map(() => 0n));
  expect(readPcs(model, 0x7_8001)).toBe(0n);
  expect([...DMA, ...MAC].map((offset) => model.read(0, offset, 4) & 1n)).toEqual([...DMA, ...MAC].map(() => 0n));
});

test('quiescing leaves every other bit alone', () => {
  const model = running(new XgbeModel());
  runProgram(quiesce(), model);
  expect(model.read(0, 0x3104n, 4)).toBe(0x10_0010n);
  expect(model.read(0, 0x3108n, 4)).toBe(0x10_1000n);
  expect(model.read(0, 0x3114n, 4)).toBe(0x4000_0000n);
  expect(readPcs(model, 0x7_0000)).toBe(0x1000n);
});

test.each<[string, number, bigint, readonly string[]]>([
  ['its MAC interrupts', 0, 0xb4n, ['MAC_IER: is 0x0']],
  ['the interrupts of its last channel', 0, 0x32b8n, ['DMA_CH_IER3: is 0x0']],
  ['the interrupts of auto-negotiation', 1, 0x4n, ['AN_INTMASK: is 0x0']],
  ['the transmission of a channel', 0, 0x3184n, ['DMA_CH_TCR1: ST clear']],
  ['the reception of a channel', 0, 0x3108n, ['DMA_CH_RCR0: SR clear']],
  ['its transmitter', 0, 0x0n, ['MAC_TCR: TE clear']],
  ['its receiver', 0, 0x4n, ['MAC_RCR: RE clear']],
])('R-RESET-4: a device that does not turn %s off is a failure', (_what, region, offset, failures) => {
  const device = without(running(new XgbeModel()), (where, at) => where === region && at === offset);
  expect(runProgram(quiesce(), device).failures).toEqual(failures);
});

test("after the reset the registers are as the kernel's handler leaves them", () => {
  const [ours, kernels, simulated] = [running(new XgbeModel()), running(new XgbeModel()), running(new XgbeModel())];
  const run = runProgram([...quiesce(), ...reset()], ours);
  expect([...run.failures, ...run.warnings]).toEqual([]);
  // The handler, access by access: drivers/vfio/platform/reset/vfio_platform_amdxgbe.c.
  writePcs(kernels, 0x3_0000, readPcs(kernels, 0x3_0000) | 0x8000n);
  writePcs(kernels, 0x7_0000, readPcs(kernels, 0x7_0000) & ~0x1000n);
  writePcs(kernels, 0x7_8001, 0n);
  writePcs(kernels, 0x7_8002, 0n);
  kernels.write(0, 0x3000n, 4, kernels.read(0, 0x3000n, 4) | 1n);
  simulated.reset();
  expect(registers(ours)).toEqual(registers(kernels));
  expect(registers(simulated)).toEqual(registers(kernels));
});

test('a PHY and a MAC whose resets do not end are warned of after the second that the kernel waits for each', () => {
  const model = running(new XgbeModel());
  const slow: RegisterModel = {
    // Both bits stay set: the clocks that would clear them are off.
    read: (region, offset, width) =>
      model.read(region, offset, width) |
      (region === 0 && offset === 0x3000n ? 1n : 0n) |
      (region === 1 && offset === 0n ? 0x8000n : 0n),
    write: (region, offset, width, value) => {
      if (!(region === 0 && offset === 0x3000n)) model.write(region, offset, width, value);
    },
    reset: () => model.reset(),
  };
  const { failures, warnings, microseconds } = runProgram([...quiesce(), ...reset()], slow);
  expect(failures).toEqual([]);
  expect(warnings).toEqual(['PCS_CTRL1: RESET clear', 'DMA_MR: SWR clear']);
  expect(microseconds).toBe(2_000_010);
  expect(DMA.map((offset) => model.read(0, offset, 4) & 1n)).toEqual(DMA.map(() => 0n));
});

test('a second time changes nothing', () => {
  const model = running(new XgbeModel());
  runProgram([...quiesce(), ...reset()], model);
  const before = registers(model);
  const again = runProgram([...quiesce(), ...reset()], model);
  expect([...again.failures, ...again.warnings]).toEqual([]);
  expect(registers(model)).toEqual(before);
});
