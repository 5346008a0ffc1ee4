import { expect, test } from 'vitest';
import { type RegisterModel, runProgram } from 'vfio-compose/plugin';
import { resolvedPlatform } from '../../src/testing/resolved-platform.ts';
import { platformTarget } from '../../src/testing/reset-target.ts';
import plugin from './index.ts';
import { FlexrmModel } from './model.ts';

const COMPATIBLE = 'brcm,iproc-flexrm-mbox';
const RING = 0x10000;
const [CONTROL, FLUSH_DONE, MSI_CONTROL] = [0x34n, 0x38n, 0x48n];
const target = platformTarget(COMPATIBLE, 3 * RING);
const quiesce = (on = target) => plugin.quiesce(on, {}, 'after-use');

/** Rings that work, as the native driver starts them (flexrm_startup). */
function running(rings: number, model = new FlexrmModel(rings)): FlexrmModel {
  for (let ring = 0; ring < rings; ring += 1) {
    const base = BigInt(ring * RING);
    model.write(0, base + 0x04n, 4, 0x4_0000n);
    model.write(0, base + MSI_CONTROL, 4, 0xffff_8001n);
    model.write(0, base + CONTROL, 4, 0x10n);
  }
  return model;
}

const inRing = (model: RegisterModel, offset: bigint, rings = 3): readonly bigint[] =>
  Array.from({ length: rings }, (_, ring) => model.read(0, BigInt(ring * RING) + offset, 4));

/** A model that leaves out some writes. */
function without(model: RegisterModel, ignored: (offset: bigint) => boolean): RegisterModel {
  return {
    read: (region, offset, width) => model.read(region, offset, width),
    write: (region, offset, width, value) => {
      if (!ignored(offset)) model.write(region, offset, width, value);
    },
    reset: () => model.reset(),
  };
}

test('R-RESET-4: the interrupts of every ring go off before the first ring is stopped', () => {
  const model = running(3);
  const { failures, accesses } = runProgram(quiesce(), model);
  expect(failures).toEqual([]);
  const writes = accesses.filter((access) => access.startsWith('write '));
  expect(writes).toEqual([
    ...[0, 1, 2].map((ring) => `write RING${ring}_MSI_CONTROL 0xffff0001`),
    ...[0, 1, 2].flatMap((ring) => ['0x0', '0x20', '0x0'].map((value) => `write RING${ring}_CONTROL ${value}`)),
  ]);
  expect(inRing(model, CONTROL)).toEqual([0n, 0n, 0n]);
  expect(inRing(model, FLUSH_DONE)).toEqual([0n, 0n, 0n]);
});

test('a place of the region without a ring is left alone', () => {
  const { failures, accesses } = runProgram(quiesce(), running(2));
  expect(failures).toEqual([]);
  expect(accesses.filter((access) => access.includes('RING2_') && !access.startsWith('read RING2_VER'))).toEqual([]);
  expect(accesses).toContain('read RING2_VER 0x0');
});

test('the region says how many rings there may be: 32 in the 2 MiB of the binding', () => {
  const { failures, accesses } = runProgram(quiesce(platformTarget(COMPATIBLE, 0x20_0000)), running(32));
  expect(failures).toEqual([]);
  expect(accesses).toContain('write RING31_CONTROL 0x20');
  expect(accesses.some((access) => access.includes('RING32_'))).toBe(false);
});

test('R-RESET-4: a ring that does not flush fails after the second that the kernel waits, and the next is stopped too', () => {
  const model = running(3);
  const stuck = without(model, (offset) => offset === CONTROL);
  const { failures, microseconds } = runProgram(quiesce(), stuck);
  expect(failures).toEqual(['RING0_FLUSH_DONE: DONE set', 'RING0_CONTROL: ACTIVE, FLUSH clear']);
  expect(microseconds).toBe(1_000_000);
  expect(inRing(model, CONTROL).slice(1)).toEqual([0n, 0n]);
});

test('R-RESET-4: a ring whose interrupts stay on is a failure', () => {
  const stuck = without(running(1), (offset) => offset === MSI_CONTROL);
  expect(runProgram(quiesce(), stuck).failures).toEqual(['RING0_MSI_CONTROL: ENABLE clear']);
});

test('R-RESET-4: a ring that does not leave the flush is a failure', () => {
  const model = running(1);
  const flushing: RegisterModel = {
    read: (region, offset, width) => (offset === FLUSH_DONE ? 1n : model.read(region, offset, width)),
    write: (region, offset, width, value) => model.write(region, offset, width, value),
    reset: () => model.reset(),
  };
  expect(runProgram(quiesce(), flushing).failures).toEqual(['RING0_FLUSH_DONE: DONE clear']);
});

test("but for the interrupts the registers end as the kernel's handler leaves them", () => {
  const [ours, kernels] = [running(3), running(3)];
  runProgram(quiesce(), ours);
  kernels.reset();
  for (const offset of [0x00n, 0x04n, CONTROL, FLUSH_DONE]) {
    expect(inRing(ours, offset)).toEqual(inRing(kernels, offset));
  }
  expect(inRing(kernels, MSI_CONTROL, 1)).toEqual([0xffff_8001n]);
});

test('quiescing a quiet device changes nothing', () => {
  const model = running(3);
  runProgram(quiesce(), model);
  const before = [CONTROL, FLUSH_DONE, MSI_CONTROL, 0x04n].map((offset) => inRing(model, offset));
  expect(runProgram(quiesce(), model).failures).toEqual([]);
  expect([CONTROL, FLUSH_DONE, MSI_CONTROL, 0x04n].map((offset) => inRing(model, offset))).toEqual(before);
});

test('the model of the plugin has a ring for each 64 KiB of the device', () => {
  expect(plugin.model && inRing(plugin.model(target), 0n, 4)).toEqual([0x7630_3031n, 0x7630_3031n, 0x7630_3031n, 0n]);
});

test.each([
  ['registers too small for a ring', [0x1000]],
  ['registers of unknown size', [null]],
  ['no registers', []],
])('a device with %s is refused: nothing of it would be silenced', (_what, sizes) => {
  const odd = platformTarget(COMPATIBLE, ...sizes);
  const entry = resolvedPlatform(odd.host, '40000.device');
  const found = (plugin.laws ?? []).flatMap((law) => [...law.check({ target: odd, entry, options: {} })]);
  expect(found.map(({ code, severity, at }) => ({ code, severity, at }))).toEqual([
    { code: 'flexrm-rings-unknown', severity: 'error', at: entry.selectorAt },
  ]);
});

test('a device with rings is not refused', () => {
  const entry = resolvedPlatform(target.host, '40000.device');
  expect((plugin.laws ?? []).flatMap((law) => [...law.check({ target, entry, options: {} })])).toEqual([]);
});
