import { expect, it } from 'vitest';
import { bytes, type Plan, type Step } from '../../model/index.ts';
import { change, extra, moved, sentencesOf, without } from '../../testing/edited-plan.ts';
import { silencedPlan, xgmacPlan } from '../../testing/program-plans.ts';
import { decodePlan } from '../plan-file/decode.ts';
import { encodePlan } from '../plan-file/encode.ts';

const held = silencedPlan();
const noiommu = xgmacPlan();
const LISTS = ['up', 'down', 'recover'] as const;

it('R-RESET-2: finds nothing in plans with programs, nor after a plan file and back', () => {
  for (const plan of [held, noiommu]) {
    expect(plan.recover?.length).toBeGreaterThan(0);
    expect(sentencesOf(plan)).toBe('');
    expect(decodePlan(encodePlan(plan), 'saved.json')).toEqual({ value: plan, diagnostics: [] });
  }
});

it.each(LISTS)('R-RESET-2: refuses a register outside its region, unaligned or too wide, in %s', (list) => {
  const write = (what: object) => sentencesOf(change(sized(held), list, 'write-region', what));
  expect(write({})).not.toMatch(/outside|aligned|for a register/);
  expect(write({ offset: bytes(0x1000n) })).toContain('at 0x1000, outside the 0x1000 bytes of region 0');
  expect(write({ offset: bytes(0xffcn), width: 8 })).toContain('outside the 0x1000 bytes');
  expect(write({ offset: bytes(0x6n) })).toContain('at 0x6, which is not aligned to its 4 bytes');
  expect(write({ value: bytes(1n << 32n) })).toContain('0x100000000 for a register of 4 bytes');
  expect(write({ index: 5 })).toContain('into region 5 of');
});

/** The plan with every region that it asks about of 4 KiB. */
function sized(plan: Plan): Plan {
  const size = (steps: readonly Step[]) =>
    steps.map((step) => (step.kind === 'check-region-info' ? { ...step, size: bytes(0x1000n) } : step));
  return { ...plan, up: size(plan.up), recover: size(plan.recover ?? []) };
}

it.each(LISTS)('R-RESET-2: refuses a register of a region that was not asked about in %s itself', (list) => {
  const asked = list === 'recover' ? 'recover' : 'up';
  expect(sentencesOf(without(held, asked, 'check-region-info'))).toContain('of which nothing was asked before');
  if (list === 'down') return;
  const isQuestion = (step: Step) => step.kind === 'check-region-info';
  expect(sentencesOf(moved(held, list, isQuestion, 'last'))).toContain('of which nothing was asked before');
});

it.each(LISTS)('R-RESET-2: refuses steps of a plugin that the plan does not name, in %s', (list) => {
  const kinds = ['write-region', 'modify-region', 'expect-region', 'delay'] as const;
  for (const kind of kinds) {
    const plan = change(held, list, kind, { plugin: 'reset-other' });
    expect(sentencesOf(plan), kind).toContain('said to be of reset-other, which is no plugin of the plan');
  }
});

it('refuses bits that do not fit, and bits that a mask leaves out, of every kind of access', () => {
  const wide = bytes(1n << 32n);
  expect(sentencesOf(change(held, 'up', 'modify-region', { clear: wide }))).toContain('for a register of 4 bytes');
  expect(sentencesOf(change(held, 'up', 'modify-region', { set: wide }))).toContain('for a register of 4 bytes');
  expect(sentencesOf(change(held, 'up', 'expect-region', { mask: wide }))).toContain('for a register of 4 bytes');
  const out = { mask: bytes(1n), equals: bytes(2n) };
  expect(sentencesOf(change(held, 'up', 'expect-region', out))).toContain('that its mask leaves out');
  const device = { deviceHandle: held.up.find((step) => step.kind === 'expect-region')?.deviceHandle };
  const poll = { ...BY, ...device, kind: 'poll-region', intervalMicroseconds: 1, timeoutMilliseconds: 1, ...out };
  expect(sentencesOf(extra(held, 'down', poll, 'first'))).toContain('that its mask leaves out');
});

const BY = { plugin: 'reset-calxeda-xgmac', part: 'reset', index: 0, offset: 0n, width: 4, register: 'CONTROL' };

it('holds the condition of a step to the same laws', () => {
  const condition = { index: 0, offset: bytes(0n), width: 4, register: 'CONTROL', mask: bytes(1n), equals: bytes(1n) };
  const when = (what: object) =>
    sentencesOf(change(sized(held), 'up', 'expect-region', { when: { ...condition, ...what } }));
  expect(when({})).not.toMatch(/extra|outside|aligned/);
  expect(when({ index: 3 })).toContain('into region 3');
  expect(when({ offset: bytes(0x2000n) })).toContain('outside');
  expect(when({ offset: bytes(2n) })).toContain('not aligned');
  expect(when({ mask: bytes(1n << 32n) })).toContain('for a register of 4 bytes');
  expect(when({ equals: bytes(2n) })).toContain('that its mask leaves out');
});
