import { expect, it } from 'vitest';
import { bytes, iova, type Step } from '../../model/index.ts';
import { midwayPlan, smmuPlan, XGBE, XGMAC } from '../../testing/platform-plan.ts';
import { change, edited, extra, moved, sentencesOf, without } from '../../testing/edited-plan.ts';
import { decodePlan } from '../plan-file/decode.ts';
import { encodePlan } from '../plan-file/encode.ts';

const noiommu = midwayPlan();
const smmu = smmuPlan();

it('finds nothing in plans of platform devices that the compiler made, nor after a plan file and back', () => {
  for (const plan of [noiommu, smmu]) {
    expect(sentencesOf(plan)).toBe('');
    const read = decodePlan(encodePlan(plan), 'saved.json');
    expect(read.diagnostics).toEqual([]);
    expect(read.value).toEqual(plan);
  }
});

it('R-GROUP-3: refuses a group of no-IOMMU mode in a container of another type, and the other way round', () => {
  expect(sentencesOf(change(noiommu, 'up', 'set-iommu', { type: 'type1v2' }))).toContain('which does not go with');
  expect(sentencesOf(without(noiommu, 'up', 'set-iommu'))).toContain('has the type none');
  expect(sentencesOf(change(smmu, 'up', 'set-iommu', { type: 'noiommu' }))).toContain('which does not go with group:5');
});

it('R-GROUP-3: refuses a group of no-IOMMU mode that joins no container', () => {
  const alone = without(without(noiommu, 'up', 'set-container'), 'down', 'unset-container');
  expect(sentencesOf(alone)).toContain('for no container');
});

it('R-GROUP-3: refuses a container that mixes groups of an IOMMU with those of no-IOMMU mode', () => {
  const mixed = edited(smmu, 'up', (steps) =>
    steps.map((step) =>
      step.kind === 'open-group' && step.group === 6
        ? ({ ...step, kind: 'open-noiommu-group', device: { bus: 'platform', address: XGBE } } as unknown as Step)
        : step,
    ),
  );
  expect(sentencesOf(mixed)).toContain('mixes groups');
});

it('R-GROUP-3: refuses mappings without an IOMMU', () => {
  const where = { container: 'container#edge', iova: iova(0n), size: bytes(4096) };
  const map = { kind: 'map-dma', memory: 'memory#x', offset: bytes(0), access: 'read', ...where };
  expect(sentencesOf(extra(noiommu, 'up', map))).toContain('there are none without an IOMMU');
  const info = {
    kind: 'check-iommu-info',
    container: 'container#edge',
    pageSize: bytes(4096),
    ranges: [],
    mappings: 0,
  };
  expect(sentencesOf(extra(noiommu, 'up', info))).toContain('there are none without an IOMMU');
});

it('R-GROUP-3: refuses to turn no-IOMMU mode on where nothing needs it, to set it to anything else, or to leave it on', () => {
  const parameter = { module: 'vfio', parameter: 'enable_unsafe_noiommu_mode' };
  const on = { kind: 'set-module-parameter', ...parameter, value: 'Y' };
  expect(sentencesOf(extra(smmu, 'up', on))).toContain('no device of the plan needs it');
  expect(sentencesOf(change(noiommu, 'up', 'set-module-parameter', { value: '1' }))).toContain('to 1');
  expect(sentencesOf(change(noiommu, 'down', 'set-module-parameter', { value: 'Y' }))).toContain('on.');
  expect(sentencesOf(without(noiommu, 'down', 'set-module-parameter'))).toContain('has no way back');
});

it('R-BIND-2: refuses a VFIO driver of another bus', () => {
  expect(sentencesOf(change(noiommu, 'up', 'bind-driver', { driver: 'vfio-pci' }))).toContain(
    'a driver of another bus',
  );
  expect(sentencesOf(change(smmu, 'up', 'set-driver-override', { driver: 'vfio-amba' }))).toContain('of another bus');
});

it.each(['wait-noiommu-node', 'open-noiommu-group', 'open-device', 'unbind-driver'] as const)(
  'refuses %s of a device that no fact guards, be it one that holds of any name',
  (kind) => {
    const device = { bus: 'platform', address: '..' };
    const facts = [...noiommu.facts, { subject: 'device ..', property: 'driver', value: null }];
    expect(sentencesOf({ ...change(noiommu, 'up', kind, { device }), facts })).toContain('touches device ..');
  },
);

it.each(['../../kernel', 'a/b', 'x\0y', 'a b', '', 'é', 'a'.repeat(201)])(
  'refuses a plan file whose device is called %j',
  (address) => {
    const text = encodePlan(change(noiommu, 'up', 'bind-driver', { device: { bus: 'platform', address } }));
    expect(decodePlan(text, 'hostile.json').diagnostics.map(({ code }) => code)).toEqual(['plan-unreadable']);
  },
);

it('refuses a plan file with a bus that VFIO cannot open by group, or a PCI device that is called like another', () => {
  for (const device of [
    { bus: 'fsl-mc', address: 'dprc.1' },
    { bus: 'pci', address: XGMAC },
  ]) {
    const text = encodePlan(change(noiommu, 'up', 'bind-driver', { device }));
    expect(decodePlan(text, 'hostile.json').diagnostics.map(({ code }) => code)).toEqual(['plan-unreadable']);
  }
});

it('R-ORDER-4: refuses to give back a device that could have been silenced and was not', () => {
  expect(sentencesOf(without(noiommu, 'down', 'reset-device'))).toContain('has not been silenced');
  expect(sentencesOf(without(smmu, 'down', 'reset-device'))).toContain('has not been silenced');
});

it('R-ORDER-2, R-ORDER-3: refuses a reset behind the mappings, and mappings behind the interrupts', () => {
  const isReset = (step: Step) => step.kind === 'reset-device';
  expect(sentencesOf(moved(smmu, 'up', isReset, 'last'))).toContain('resets a device after memory is mapped');
  const isMap = (step: Step) => step.kind === 'map-dma';
  expect(sentencesOf(moved(smmu, 'up', isMap, 'last'))).toContain('maps memory after interrupts are connected');
});

it('R-ORDER-4: refuses a reset before the interrupts are off, and an interrupt that goes before its unmasking', () => {
  expect(sentencesOf(moved(noiommu, 'down', (step) => step.kind === 'reset-device'))).toContain(
    'comes before the interrupts are off',
  );
  expect(sentencesOf(moved(noiommu, 'down', (step) => step.kind === 'clear-irqs'))).toContain('no longer unmasks');
});

it('R-ORDER-3: refuses to unmask an interrupt that is not connected', () => {
  const plan = without(without(noiommu, 'up', 'set-irqs'), 'down', 'clear-irqs');
  expect(sentencesOf(plan)).toContain('unmasks an interrupt that is not connected');
});

it.each(['set-irq-unmask', 'set-irqs', 'open-noiommu-group'] as const)('refuses %s without its way back', (kind) => {
  const step = noiommu.up.find((one) => one.kind === kind);
  const plan = edited(noiommu, 'down', (steps) => steps.filter(({ undoes }) => undoes !== step?.id));
  expect(sentencesOf(plan)).toContain(`${step?.id} has no way back`);
});

it('refuses a way back that is about another thing than the step that it names', () => {
  expect(sentencesOf(change(noiommu, 'down', 'clear-irq-unmask', { index: 1 }))).toContain('is not what takes');
  const device = { bus: 'amba', address: XGMAC };
  expect(sentencesOf(change(noiommu, 'down', 'set-driver-override', { device }))).toContain('is not what takes');
});

it('refuses handles of no-IOMMU groups and of eventfds that are used before they are made or never closed', () => {
  expect(sentencesOf(moved(noiommu, 'up', (step) => step.kind === 'set-irq-unmask'))).toContain('before it is made');
  const isClose = (step: Step) => step.kind === 'close' && step.handle === `group:noiommu:${XGMAC}`;
  expect(sentencesOf(edited(noiommu, 'down', (steps) => steps.filter((step) => !isClose(step))))).toContain(
    'is not closed on the way back',
  );
});
