import { expect, it } from 'vitest';
import { bytes, iova, type Plan, type Step, type StepKind, type StepOf } from '../../model/index.ts';
import { host, planFor } from '../../testing/index.ts';
import { verifyPlan } from './verify.ts';

const ADDRESS = '0000:31:00.0';
const inventory = host().intelIommu().nic(ADDRESS, { group: 26 }).build();
const good: Plan = planFor(
  {
    edge: {
      memory: [
        { iova: '0', size: '4MiB' },
        { iova: '8MiB', size: '4MiB' },
      ],
      devices: { wan: { pci: ADDRESS, irqs: [{ index: 'msix', count: 1 }] } },
    },
  },
  inventory,
);

const sentences = (plan: Plan) => verifyPlan(plan).map((diagnostic) => diagnostic.detail);
/** The plan with the first step of a kind changed. */
function changed<K extends StepKind>(list: 'up' | 'down', kind: K, change: Partial<StepOf<K>>): Plan {
  const at = good[list].findIndex((step) => step.kind === kind);
  expect(at).toBeGreaterThanOrEqual(0);
  return { ...good, [list]: good[list].map((step, index) => (index === at ? ({ ...step, ...change } as Step) : step)) };
}
const without = (list: 'up' | 'down', kind: StepKind): Plan => ({
  ...good,
  [list]: good[list].filter((step) => step.kind !== kind),
});
/** The plan with a step moved to the front of its list, with nothing to depend on. */
function first(list: 'up' | 'down', kind: StepKind): Plan {
  const step = good[list].find((candidate) => candidate.kind === kind);
  if (!step) throw new Error(`no ${kind}`);
  return { ...good, [list]: [{ ...step, dependsOn: [] }, ...good[list].filter((other) => other !== step)] };
}

it('finds nothing in a plan that the compiler made', () => {
  expect(sentences(good)).toEqual([]);
});

it('refuses to bind a driver on up that is no VFIO driver', () => {
  expect(sentences(changed('up', 'bind-driver', { driver: 'nvme' })).join()).toContain('no VFIO driver');
});

it('refuses an override that is no VFIO driver', () => {
  expect(sentences(changed('up', 'set-driver-override', { driver: 'nvme' })).join()).toContain('no VFIO driver');
});

it('R-BIND-1: refuses to bind under the override of the driver that the device was on', () => {
  expect(sentences(changed('up', 'set-driver-override', { driver: 'e1000e' })).join()).toContain(
    'binds vfio-pci under the override e1000e',
  );
});

it('refuses to give a device back to a driver that it was not taken from', () => {
  expect(sentences(changed('down', 'bind-driver', { driver: 'uio_pci_generic' })).join()).toContain(
    'not the driver that up takes',
  );
});

it('refuses to touch a device that no fact of the plan guards', () => {
  const device = { bus: 'pci' as const, address: '0000:99:00.0' as never };
  expect(sentences(changed('up', 'unbind-driver', { device })).join()).toContain('states no fact');
});

it('refuses a module that is not one of VFIO, and a parameter that is not on the list', () => {
  const extra = (step: object): Plan => ({
    ...good,
    up: [{ id: 'x', resource: '', cause: '', dependsOn: [], ...step } as unknown as Step, ...good.up],
  });
  expect(sentences(extra({ kind: 'load-module', module: 'nbd' })).join()).toContain('no module of VFIO');
  const parameter = { kind: 'set-module-parameter', module: 'kernel', parameter: 'panic', value: '1' };
  expect(sentences(extra(parameter)).join()).toContain('not on the list of parameters');
});

it('refuses to write the configuration space of a function, but for turning everything off', () => {
  expect(sentences(changed('down', 'write-region', { value: bytes(0x407n) })).join()).toContain('turns on');
  expect(sentences(changed('down', 'write-region', { offset: bytes(0x10n) })).join()).toContain('configuration space');
});

it('R-RESET-2: refuses a register outside its region, unaligned, too wide, or of no plugin', () => {
  const expectation = (change: object) => sentences(changed('down', 'expect-region', change)).join();
  expect(expectation({ offset: bytes(0x1000n) })).toContain('outside the 0x1000 bytes');
  expect(expectation({ offset: bytes(5n) })).toContain('not aligned');
  expect(expectation({ mask: bytes(0x1_0000n) })).toContain('register of 2 bytes');
  expect(expectation({ mask: bytes(1n), equals: bytes(2n) })).toContain('its mask leaves out');
  expect(expectation({ plugin: 'reset-other' })).toContain('no plugin of the plan');
  expect(expectation({ index: 0 })).toContain('of which nothing was asked before');
  expect(expectation({})).toBe('');
});

it('refuses a handle that is used before it is made', () => {
  expect(sentences(first('up', 'map-dma')).join()).toContain('before it is made');
});

it('refuses a handle that is used after it is closed', () => {
  const close = good.down.find((step) => step.kind === 'close' && step.handle.startsWith('device:'));
  if (!close) throw new Error('no close of the device');
  const plan = { ...good, down: [{ ...close, dependsOn: [] }, ...good.down.filter((step) => step !== close)] };
  expect(sentences(plan).join()).toContain('after it is closed');
});

it('refuses an acquisition without a way back', () => {
  for (const kind of [
    'unmap-dma',
    'close',
    'unset-container',
    'unbind-driver',
    'set-driver-override',
    'bind-driver',
    'free-memory',
    'clear-irqs',
  ] as const) {
    expect(sentences(without('down', kind)).join(), kind).toMatch(/has no way back|is not closed/);
  }
});

it('refuses a way back that undoes nothing of up', () => {
  expect(sentences(without('up', 'bind-driver')).join()).toContain('which is no step of up');
});

it('refuses a plan without the checks that must come first', () => {
  expect(sentences(without('up', 'check-api-version')).join()).toContain('before the API version is checked');
  expect(sentences(without('up', 'check-group-viable')).join()).toContain('before the group is known to be viable');
});

it('R-ORDER-1: refuses a device that is opened before the IOMMU model is set', () => {
  expect(sentences(without('up', 'set-iommu')).join()).toContain('before its container has an IOMMU model');
});

it('R-ORDER-2: refuses a mapping before the devices are open', () => {
  const opens = good.up
    .filter((step) => step.kind === 'open-device')
    .map((step) => ({ ...step, dependsOn: [], handle: 'device:later' }));
  expect(sentences({ ...good, up: [...good.up, ...opens] as Step[] }).join()).toContain('after memory is mapped');
});

it('R-ORDER-3: refuses to unmap before the interrupts are off', () => {
  expect(sentences(first('down', 'unmap-dma')).join()).toContain('before the interrupts are off');
});

it('R-ORDER-4: refuses to take memory from a device, or to close it, that has not been silenced', () => {
  expect(sentences(without('down', 'write-region')).join()).toContain('has not been silenced');
});

it('refuses mappings that overlap, wrap, are empty or reach beyond their memory', () => {
  expect(sentences(changed('up', 'map-dma', { iova: iova(10n << 20n) })).join()).toContain('map the same addresses');
  expect(sentences(changed('up', 'map-dma', { iova: iova(0xffff_ffff_ffff_f000n) })).join()).toContain('maps');
  expect(sentences(changed('up', 'map-dma', { size: bytes(0n) })).join()).toContain('maps 0x0 bytes');
  expect(sentences(changed('up', 'map-dma', { offset: bytes(6n << 20n) })).join()).toContain('beyond the end');
});

it('refuses ids that are not unique and dependencies that come later', () => {
  const id = good.up[0]?.id ?? '';
  expect(sentences(changed('up', 'unbind-driver', { id })).join()).toContain('Two steps have the id');
  expect(sentences(changed('up', 'set-driver-override', { dependsOn: ['open-group:26'] })).join()).toContain(
    'does not come before it',
  );
});

it.each(['.', '..'])('SECURITY: refuses %s as the name of a driver or of a device, on each list', (name) => {
  expect(sentences(changed('up', 'unbind-driver', { driver: name })).join()).toContain(`goes to ${name}`);
  expect(sentences(changed('down', 'bind-driver', { driver: name })).join()).toContain(`goes to ${name}`);
  const device = { bus: 'platform' as const, address: name as never };
  expect(sentences(changed('up', 'open-device', { device })).join()).toContain(`goes to ${name}`);
  expect(sentences(changed('up', 'unbind-driver', { driver: 'a..b' })).join()).not.toContain('goes to');
});
