import { expect, it } from 'vitest';
import { bytes, type Plan, type Step } from '../../model/index.ts';
import { change, moved, sentencesOf, without } from '../../testing/edited-plan.ts';
import { silencedPlan, xgmacPlan } from '../../testing/program-plans.ts';

const held = silencedPlan();
const noiommu = xgmacPlan();
const isAccess = (step: Step) => step.kind.endsWith('-region');
const isWrite = (step: Step) => step.kind === 'write-region';

/** The plan with its accesses said to be of the reset. */
const ofReset = (plan: Plan): Plan => ({
  ...plan,
  up: plan.up.map((step) => (isAccess(step) ? ({ ...step, part: 'reset' } as Step) : step)),
});

it('R-ORDER-2: refuses to reach into a device once memory is mapped, be it to silence or to reset it', () => {
  for (const plan of [held, ofReset(held)]) {
    expect(sentencesOf(moved(plan, 'up', isAccess, 'last'))).toContain('reaches into a device after memory is mapped');
  }
});

it.each(['write-region', 'modify-region', 'expect-region'] as const)(
  'R-ORDER-4: refuses a way back that leaves out a %s of what silences the device',
  (kind) => {
    expect(sentencesOf(without(held, 'down', kind))).toContain('closes a device that has not been silenced');
    expect(sentencesOf(without(held, 'down', kind))).toContain('unmaps memory of device:e0700000.ethernet');
    expect(sentencesOf(without(noiommu, 'down', kind))).toContain('closes a device that has not been silenced');
  },
);

it('R-ORDER-4: refuses a way back that silences the device otherwise than up did', () => {
  const words = 'has not been silenced';
  expect(sentencesOf(change(held, 'down', 'write-region', { value: bytes(1n) }))).toContain(words);
  expect(sentencesOf(change(held, 'down', 'modify-region', { clear: bytes(1n) }))).toContain(words);
  expect(sentencesOf(change(held, 'down', 'expect-region', { mask: bytes(1n) }))).toContain(words);
  expect(sentencesOf(change(held, 'down', 'write-region', { offset: bytes(0n) }))).toContain(words);
  expect(sentencesOf(change(held, 'down', 'write-region', { order: 'big' }))).toContain(words);
  expect(sentencesOf(change(held, 'down', 'write-region', { part: 'reset' }))).toContain(words);
});

it('R-ORDER-4: refuses a way back that silences the device only where a register says so', () => {
  const when = { index: 0, offset: bytes(0n), width: 4, register: 'CONTROL', mask: bytes(1n), equals: bytes(1n) };
  expect(sentencesOf(change(held, 'down', 'write-region', { when }))).toContain('has not been silenced');
});

it('R-ORDER-4: a reset alone does not silence a device that up silences by a program', () => {
  const plan = without(held, 'down', 'write-region', 'modify-region', 'expect-region');
  expect(plan.down.map(({ kind }) => kind)).toContain('reset-device');
  expect(sentencesOf(plan)).toContain('has not been silenced');
});

it('R-ORDER-4: refuses to silence a device after its memory is gone, or after it is closed', () => {
  expect(sentencesOf(moved(held, 'down', isAccess, 'last'))).toContain('unmaps memory of');
  expect(sentencesOf(moved(held, 'down', isAccess, 'last'))).toContain('after it is closed');
  expect(sentencesOf(moved(held, 'down', (step) => step.kind === 'unmap-dma'))).toContain('unmaps memory of');
});

it('R-ORDER-4: refuses to reach into a device on the way back before its interrupts are off', () => {
  for (const plan of [held, noiommu]) {
    expect(sentencesOf(moved(plan, 'down', isWrite))).toContain('comes before the interrupts are off');
    const reset = change(plan, 'down', 'write-region', { part: 'reset' });
    expect(sentencesOf(moved(reset, 'down', isWrite))).toContain('comes before the interrupts are off');
  }
});
