import { expect, it } from 'vitest';
import type { Plan, Step, StepKind } from '../../model/index.ts';
import { change, edited, extra, moved, sentencesOf, without } from '../../testing/edited-plan.ts';
import { silencedPlan, xgmacPlan } from '../../testing/program-plans.ts';

const held = silencedPlan();
const noiommu = xgmacPlan();
const UNDOES = held.recover?.[0]?.undoes;

it('R-RESET-1: finds nothing in recoveries that the compiler made, of groups with and without an IOMMU', () => {
  expect(held.recover?.map(({ kind }) => kind)).toContain('open-group');
  expect(noiommu.recover?.map(({ kind }) => kind)).toContain('open-noiommu-group');
  for (const plan of [held, noiommu]) expect(sentencesOf(plan)).toBe('');
});

it.each<StepKind>(['map-dma', 'bind-driver', 'set-irqs', 'allocate-memory', 'hot-reset', 'set-module-parameter'])(
  'R-RESET-1: refuses a %s in a recovery',
  (kind) => {
    const step = held.up.find((one) => one.kind === kind) ?? { kind, groupHandles: [], deviceHandle: 'device:x' };
    const plan = extra(held, 'recover', { ...step, id: 'extra', undoes: UNDOES });
    expect(sentencesOf(plan)).toContain(`extra is a ${kind}, which no recovery needs`);
  },
);

it('refuses a step that stands for none of up, and an id that is taken', () => {
  expect(sentencesOf(change(held, 'recover', 'open-container', { undoes: 'nothing' }))).toContain(
    'stands for nothing, which is no step of up',
  );
  const id = held.up[0]?.id ?? '';
  expect(sentencesOf(change(held, 'recover', 'open-container', { id }))).toContain(`Two steps have the id ${id}`);
});

it('refuses a device and a group that up does not give away', () => {
  const device = { bus: 'platform', address: 'e2000000.dma' };
  expect(sentencesOf(change(held, 'recover', 'open-device', { device }))).toContain(
    'opens device e2000000.dma, which up does not give away',
  );
  expect(sentencesOf(change(held, 'recover', 'open-group', { group: 7 }))).toContain('opens group 7, which up');
  expect(sentencesOf(change(noiommu, 'recover', 'open-noiommu-group', { device }))).toContain('opens device e2000000');
});

it('refuses handles that are not made in the recovery, made twice, or left open', () => {
  expect(sentencesOf(without(held, 'recover', 'open-container'))).toContain('which is not open in the recovery');
  const again = held.recover?.find(({ kind }) => kind === 'open-container');
  expect(sentencesOf(extra(held, 'recover', { ...again, id: 'extra' }, 'first'))).toContain('which is made already');
  for (const what of ['container', 'group', 'device']) {
    const isClose = (step: Step) => step.kind === 'close' && step.handle.startsWith(`${what}`);
    const plan = edited(held, 'recover', (steps) => steps.filter((step) => !isClose(step)));
    expect(sentencesOf(plan), what).toContain('is not closed in the recovery');
  }
});

it('R-ORDER-1: refuses to open a device before its container has a model', () => {
  expect(sentencesOf(without(held, 'recover', 'set-iommu'))).toContain('before its container has an IOMMU model');
  const isModel = (step: Step) => step.kind === 'set-iommu';
  expect(sentencesOf(moved(held, 'recover', isModel, 'last'))).toContain('before its container has an IOMMU model');
});

it('R-RESET-1: refuses a recovery that does not silence a device as up does', () => {
  const words = 'does not silence e0700000.ethernet as up does';
  for (const kind of ['write-region', 'modify-region', 'expect-region'] as const) {
    expect(sentencesOf(without(held, 'recover', kind)), kind).toContain(words);
  }
  const isWrite = (step: Step) => step.kind === 'write-region';
  expect(sentencesOf(moved(held, 'recover', isWrite, 'last'))).toContain(words);
  const never = { index: 0, offset: 0n, width: 4, register: 'CONTROL', mask: 1n, equals: 1n };
  expect(sentencesOf(change(held, 'recover', 'write-region', { when: never }))).toContain(words);
  const { recover: _, ...none } = held;
  expect(sentencesOf(none as Plan)).toContain(words);
});
