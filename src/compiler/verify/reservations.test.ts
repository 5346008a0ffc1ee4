import { expect, test } from 'vitest';
import type { Plan, Step } from '../../model/index.ts';
import { host, planOf } from '../../testing/index.ts';
import { verifyPlan } from './verify.ts';

const inventory = host()
  .intelIommu()
  .nic('01:00.0')
  .pf('03:00.0')
  .hugePages(2n << 20n, 4)
  .build();
const SOUND = planOf(
  {
    virtualFunctions: { nic: { pci: '03:00.0', count: 2 } },
    vms: { a: { devices: { x: '01:00.0' }, memory: [{ iova: 0, size: '16MiB', backing: 'hugetlb', reserve: true }] } },
  },
  inventory,
);

const found = (plan: Plan) => verifyPlan(plan).map(({ detail }) => detail);
const edited = (change: (step: Step) => Step): Plan => ({
  ...SOUND,
  up: SOUND.up.map(change),
  down: SOUND.down.map(change),
});

test('R-BACK-1: a plan that reserves and gives back is sound', () => {
  expect(found(SOUND)).toEqual([]);
});

test('refuses a pool that shrinks on the way there, and one that comes back by another number', () => {
  const shrinks = edited((step) =>
    step.kind === 'set-huge-pages' ? { ...step, before: step.pages, pages: step.before } : step,
  );
  expect(found(shrinks)).toContain('set-huge-pages:2048kB changes the pool from 8 to 4 pages, which is the wrong way.');
  const other = edited((step) =>
    step.kind === 'set-huge-pages' && step.undoes !== undefined ? { ...step, pages: 0 } : step,
  );
  expect(found(other).join()).toMatch(/is not what takes set-huge-pages:2048kB back/);
});

test('refuses VFs that are made on the way back, and drivers that are left away from them', () => {
  const made = edited((step) =>
    step.kind === 'set-vf-count' && step.undoes !== undefined ? { ...step, count: 4 } : step,
  );
  expect(found(made)).toContain('back:set-vf-count:0000:03:00.0 sets the number of VFs to 4.');
  const off = edited((step) => (step.kind === 'set-vf-autoprobe' ? { ...step, on: false } : step));
  expect(found(off)).toContain(
    'back:set-vf-autoprobe:0000:03:00.0 leaves host drivers away from the VFs of 0000:03:00.0.',
  );
});

test('refuses pools and physical functions of which the plan states no fact', () => {
  const without = { ...SOUND, facts: SOUND.facts.filter(({ subject }) => !/^(pool|pf) /.test(subject)) };
  expect(found(without)).toContain('set-huge-pages:2048kB touches pool 2097152, of which the plan states no fact.');
  expect(found(without)).toContain(
    'set-vf-count:0000:03:00.0 touches pf 0000:03:00.0, of which the plan states no fact.',
  );
});
