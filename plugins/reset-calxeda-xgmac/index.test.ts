import { expect, test } from 'vitest';
import { type RegisterModel, type ResetAction, runProgram } from 'vfio-compose/plugin';
import { resolvedPlatform } from '../../src/testing/resolved-platform.ts';
import { platformTarget } from '../../src/testing/reset-target.ts';
import plugin from './index.ts';
import { XgmacModel } from './model.ts';

const target = platformTarget('calxeda,hb-xgmac', 0x1000);
const quiesce = () => plugin.quiesce(target, { softReset: false }, 'after-use');
const reset = (softReset: boolean) => plugin.reset?.(target, { softReset }, 'after-use') ?? [];

/** As a network driver leaves it that was killed: rings, address, both directions, and every interrupt. */
const RUNNING: readonly (readonly [offset: bigint, value: bigint])[] = [
  [0x004n, 0x8000_0001n],
  [0x040n, 0x0000_5634n],
  [0x044n, 0x1200_5452n],
  [0xf00n, 0x0213_2080n],
  [0xf0cn, 0x4000_0000n],
  [0xf10n, 0x4000_2000n],
  [0xf18n, 0x0000_2006n],
  [0xf1cn, 0x0001_ffffn],
  [0x000n, 0x0610_009cn],
];

function running(model: XgmacModel = new XgmacModel()): XgmacModel {
  for (const [offset, value] of RUNNING) model.write(0, offset, 4, value);
  model.raise(0x1_0041n);
  return model;
}

const registers = (model: RegisterModel): readonly bigint[] =>
  Array.from({ length: 0x400 }, (_, word) => model.read(0, BigInt(4 * word), 4));

/** A running device of which one register keeps what it holds. */
function stubborn(stuck: bigint): RegisterModel {
  const model = running();
  return {
    read: (region, offset, width) => model.read(region, offset, width),
    write: (region, offset, width, value) => {
      if (offset !== stuck) model.write(region, offset, width, value);
    },
    reset: () => model.reset(),
  };
}

test('R-RESET-4: interrupts go off first, then DMA, then the MAC, each read back', () => {
  const { failures, accesses } = runProgram(quiesce(), running());
  expect(failures).toEqual([]);
  expect(accesses).toEqual([
    'write DMA_INTR_ENA 0x0',
    'read DMA_INTR_ENA 0x0',
    'read DMA_CONTROL 0x2006',
    'write DMA_CONTROL 0x4',
    'read DMA_CONTROL 0x4',
    'read CONTROL 0x610009c',
    'write CONTROL 0x6100090',
    'read CONTROL 0x6100090',
  ]);
});

test("the registers end as the kernel's handler leaves them, every one of the region", () => {
  const ours = running();
  runProgram(quiesce(), ours);
  // The handler, access by access: drivers/vfio/platform/reset/vfio_platform_calxedaxgmac.c.
  const kernels = running();
  kernels.write(0, 0xf1cn, 4, 0n);
  kernels.write(0, 0xf18n, 4, kernels.read(0, 0xf18n, 4) & ~0x2002n);
  kernels.write(0, 0x000n, 4, kernels.read(0, 0x000n, 4) & ~0xcn);
  expect(registers(ours)).toEqual(registers(kernels));
  const simulated = running();
  simulated.reset();
  expect(registers(simulated)).toEqual(registers(kernels));
});

test.each([
  ['the interrupts', 0xf1cn, 'DMA_INTR_ENA: is 0x0'],
  ['the DMA', 0xf18n, 'DMA_CONTROL: ST, SR clear'],
  ['the MAC', 0x000n, 'CONTROL: TE, RE clear'],
])('R-RESET-4: a device that does not turn %s off is a failure', (_what, stuck, failure) => {
  expect(runProgram(quiesce(), stubborn(stuck)).failures).toEqual([failure]);
});

test('quiescing a quiet device changes nothing', () => {
  const model = running();
  runProgram(quiesce(), model);
  const before = registers(model);
  expect(runProgram(quiesce(), model).failures).toEqual([]);
  expect(registers(model)).toEqual(before);
});

test('there is no reset beyond that unless softReset asks for it', () => {
  expect(reset(false)).toEqual([]);
  const model = running();
  const { failures } = runProgram([...quiesce(), ...reset(true)], model);
  expect(failures).toEqual([]);
  expect(registers(model)).toEqual(registers(new XgmacModel()));
});

test('an event that the reset leaves is acknowledged', () => {
  /** Raises an event when it is reset, as a link that comes up does. */
  class Eventful extends XgmacModel {
    override write(region: number, offset: bigint, width: number, value: bigint): void {
      super.write(region, offset, width, value);
      if (offset === 0xf00n) this.raise(0x0001_8000n);
    }
  }
  const model = running(new Eventful());
  runProgram([...quiesce(), ...reset(true)], model);
  expect(model.read(0, 0xf14n, 4)).toBe(0n);
});

test('a soft reset that does not end is a failure, after a tenth of a second', () => {
  /** Keeps the bit that says that it is at it. */
  class Endless extends XgmacModel {
    override read(region: number, offset: bigint, width: number): bigint {
      return super.read(region, offset, width) | (offset === 0xf00n ? 1n : 0n);
    }
  }
  const { failures, microseconds } = runProgram(reset(true), running(new Endless()));
  expect(failures).toEqual(['DMA_BUS_MODE: SFT_RESET clear']);
  expect(microseconds).toBe(100_000);
});

test('softReset is warned of, since the device forgets what no program can give back', () => {
  const entry = resolvedPlatform(target.host, '40000.device');
  const found = (softReset: boolean) =>
    (plugin.laws ?? []).flatMap((law) => [...law.check({ target, entry, options: { softReset } })]);
  expect(found(true).map(({ code, severity, at }) => ({ code, severity, at }))).toEqual([
    { code: 'xgmac-address-lost', severity: 'warning', at: entry.selectorAt },
  ]);
  expect(found(false)).toEqual([]);
});

test('every access is to a word of the region', () => {
  const all: readonly ResetAction[] = [...quiesce(), ...reset(true)];
  const places = all.flatMap((action) => ('register' in action ? [action.register] : []));
  expect(places.length).toBeGreaterThan(0);
  for (const { region, offset, width } of places) {
    expect({ region, width, aligned: offset % 4n, inside: offset < 0x1000n }).toEqual({
      region: 0,
      width: 4,
      aligned: 0n,
      inside: true,
    });
  }
});
