import { expect, it } from 'vitest';
import type { Step } from '../../model/index.ts';
import { change, moved, sentencesOf, without } from '../../testing/edited-plan.ts';
import { host, planFor } from '../../testing/index.ts';

const inventory = host().intelIommu().gpu('01:00.0', { group: 12 }).audio('01:00.1', { group: 12 }).build();
const plan = planFor(
  {
    edge: {
      memory: [{ iova: '0', size: '4MiB' }],
      devices: { gpu: { pci: '01:00.0' }, sound: { pci: '01:00.1' } },
    },
  },
  inventory,
);
const isHot = (step: Step) => step.kind === 'hot-reset';
const isCheck = (step: Step) => step.kind === 'check-hot-reset';

it('R-RESET-5: finds nothing where a bus is reset whose functions all are held', () => {
  expect([plan.up.filter(isHot), plan.down.filter(isHot)].map(({ length }) => length)).toEqual([1, 1]);
  expect(sentencesOf(plan)).toBe('');
});

it('R-RESET-5: refuses a bus reset of which nobody asked first what it hits', () => {
  expect(sentencesOf(without(plan, 'up', 'check-hot-reset'))).toContain('nothing asked before what is on it');
  expect(sentencesOf(moved(plan, 'up', isCheck, 'last'))).toContain('nothing asked before what is on it');
  expect(sentencesOf(change(plan, 'down', 'hot-reset', { deviceHandle: 'device:0000:01:00.1' }))).toContain(
    'nothing asked before what is on it',
  );
});

it("R-RESET-5: refuses to count a device as the plan's own that it has not open", () => {
  const owned = ['0000:01:00.0', '0000:01:00.1', '0000:01:00.2'];
  expect(sentencesOf(change(plan, 'up', 'check-hot-reset', { owned }))).toContain('counts 0000:01:00.2 as the plan');
  const isSecond = (step: Step) => step.kind === 'open-device' && step.device.address === '0000:01:00.1';
  expect(sentencesOf(moved(plan, 'up', isSecond, 'last'))).toContain('counts 0000:01:00.1 as the plan');
});

it('R-ORDER-2: refuses a bus reset behind the mappings', () => {
  expect(sentencesOf(moved(plan, 'up', isHot, 'last'))).toContain('resets a bus after memory is mapped');
});
