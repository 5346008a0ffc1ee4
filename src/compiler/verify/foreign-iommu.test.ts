import { expect, it } from 'vitest';
import type { Step } from '../../model/index.ts';
import { change, edited, moved, sentencesOf, without } from '../../testing/edited-plan.ts';
import { WINDOWS, windowsPlan } from '../../testing/program-plans.ts';

const plan = windowsPlan();
const isIoctl = (step: Step) => step.kind === 'container-ioctl';

it('R-PAMU-6: finds nothing where the calls are for the model and the backend that the plan relies on', () => {
  expect(plan.up.filter(isIoctl)).toMatchObject([{ number: 21, plugin: 'iommu-windows' }]);
  expect(plan.down.filter(isIoctl)).toMatchObject([{ number: 22 }]);
  expect(plan.facts).toContainEqual({
    subject: 'backend windows',
    property: 'identity',
    value: `extension ${WINDOWS}, dialect explicit`,
  });
  expect(sentencesOf(plan)).toBe('');
});

it.each([1, 3, 6, 8])("R-PAMU-6: refuses the calls for the kernel's own extension %i", (extension) => {
  expect(sentencesOf(change(plan, 'up', 'set-iommu', { extension }))).toContain(`kernel's own extension ${extension}.`);
});

it('R-PAMU-6: refuses a call before the model is set', () => {
  expect(sentencesOf(moved(plan, 'up', isIoctl))).toContain('before container#edge has an IOMMU model');
});

it('R-PAMU-6: refuses a call for a backend that no fact of the plan is about, or that has another number', () => {
  const other = (value: string | null) => ({
    ...plan,
    facts: plan.facts.map((fact) => (fact.subject === 'backend windows' ? { ...fact, value } : fact)),
  });
  const without = { ...plan, facts: plan.facts.filter(({ subject }) => subject !== 'backend windows') };
  for (const bad of [without, other(null), other('extension 1'), other(`extension ${WINDOWS}7`)]) {
    expect(sentencesOf(bad)).toContain('for a backend that the plan does not rely on');
  }
});

it('refuses a call on the way back that takes nothing back, or of another container', () => {
  const undoes = plan.up.find(({ kind }) => kind === 'open-container')?.id;
  expect(sentencesOf(change(plan, 'down', 'container-ioctl', { undoes }))).toContain(`takes back ${undoes}`);
  expect(sentencesOf(without(plan, 'up', 'container-ioctl'))).toContain('which is no call to container#edge');
  const alone = edited(plan, 'down', (steps) =>
    steps.map((step) => {
      if (!isIoctl(step)) return step;
      const { undoes: _, ...rest } = step;
      return rest as Step;
    }),
  );
  expect(sentencesOf(alone)).toContain('takes back nothing');
});
