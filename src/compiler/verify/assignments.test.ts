import { expect, it } from 'vitest';
import type { Plan } from '../../model/index.ts';
import { host, planFor } from '../../testing/index.ts';
import { verifyPlan } from './verify.ts';

const ADDRESS = '0000:31:00.0';
const good: Plan = planFor(
  { edge: { devices: { wan: { pci: ADDRESS } } } },
  host().intelIommu().nic(ADDRESS, { group: 26 }).build(),
);
const sentences = (assignments: Plan['assignments']) =>
  verifyPlan({ ...good, assignments }).map(({ detail }) => detail);

it('refuses a plan that says another driver than it binds', () => {
  const said = good.assignments.map((one) => ({ ...one, driver: 'e1000e' }));
  expect(sentences(said)).toEqual([`bind-driver:${ADDRESS} binds ${ADDRESS} to vfio-pci, and the plan says e1000e.`]);
});

it('refuses a plan that binds a device and does not say so', () => {
  expect(sentences([]).join()).toContain('which the plan does not say it assigns');
});

it('is silent for a plan that says what it binds', () => {
  expect(sentences(good.assignments)).toEqual([]);
});
