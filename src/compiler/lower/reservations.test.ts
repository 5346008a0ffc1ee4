import { expect, test } from 'vitest';
import { bytes, type Plan } from '../../model/index.ts';
import { describeStep } from '../../render/step.ts';
import { host, planFor, planOf } from '../../testing/index.ts';
import { verifyPlan } from '../verify/verify.ts';

const MIB2 = 2n << 20n;
const NR = '/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages';
const PF = '/sys/bus/pci/devices/0000:03:00.0';
const machine = () => host().intelIommu().nic('01:00.0').nic('02:00.0').pf('03:00.0');
const huge = (pci: string, size: string, reserve: boolean) => ({
  devices: { x: pci },
  memory: [{ iova: 0, size, backing: 'hugetlb' as const, reserve }],
});

const words = (plan: Plan, pattern: RegExp) => ({
  up: plan.up.map(describeStep).filter((line) => pattern.test(line)),
  down: plan.down.map(describeStep).filter((line) => pattern.test(line)),
});

test('R-BACK-1: adds to a pool what all VMs lack together, first, and takes it out again last', () => {
  const vms = { a: huge('01:00.0', '16MiB', true), b: huge('02:00.0', '4MiB', false) };
  const plan = planFor(vms, machine().hugePages(MIB2, 9, 3).build());
  expect(words(plan, /nr_hugepages/)).toEqual({
    up: [`write 16, from 9, to ${NR}`],
    down: [`write 9, from 16, to ${NR}`],
  });
  expect([plan.up[0]?.kind, plan.down.at(-1)?.kind]).toEqual(['set-huge-pages', 'set-huge-pages']);
  expect(plan.facts).toContainEqual({ subject: 'pool 2097152', property: 'pages', value: '9' });
  expect(verifyPlan(plan)).toEqual([]);
});

test('R-BACK-1: leaves a pool alone that suffices, or that the manifest does not let grow', () => {
  const grown = (free: number, reserve: boolean) =>
    planFor({ a: huge('01:00.0', '8MiB', reserve) }, machine().hugePages(MIB2, 9, free).build());
  for (const plan of [grown(4, true), grown(3, false)]) {
    expect(words(plan, /nr_hugepages/)).toEqual({ up: [], down: [] });
    expect(plan.facts.filter(({ subject }) => subject.startsWith('pool'))).toEqual([]);
  }
});

test('R-BACK-1: keeps host drivers from VFs, makes them, and takes both back', () => {
  const plan = planOf({ virtualFunctions: { nic: { pci: '03:00.0', count: 3 } } }, machine().build());
  expect({ up: plan.up.map(describeStep), down: plan.down.map(describeStep) }).toEqual({
    up: [`write 0 to ${PF}/sriov_drivers_autoprobe`, `write 3 to ${PF}/sriov_numvfs`],
    down: [`write 0 to ${PF}/sriov_numvfs`, `write 1 to ${PF}/sriov_drivers_autoprobe`],
  });
  expect(plan.up[1]?.dependsOn).toEqual([plan.up[0]?.id]);
  expect(plan.facts).toContainEqual({ subject: 'pf 0000:03:00.0', property: 'virtual functions', value: '0' });
  expect(verifyPlan(plan)).toEqual([]);
});

test('R-BACK-1: leaves VFs alone that are there, and drivers that are kept from them already', () => {
  const vfs = { nic: { netdev: 'lan3s0', count: 1 } };
  expect(planOf({ virtualFunctions: vfs }, machine().vf('03:10.0', '03:00.0', 0).build()).up).toEqual([]);
  const sriov = { total: 7, enabled: 0, offset: 0x80, stride: 2, autoprobe: false };
  const plan = planOf({ virtualFunctions: vfs }, machine().change('03:00.0', { sriov }).build());
  expect(plan.up.map(({ kind }) => kind)).toEqual(['set-vf-count']);
});

const MEMORY = { a: { devices: { x: '01:00.0' }, memory: [{ iova: 0, size: '1GiB' }] } };
const limited = (more: Parameters<ReturnType<typeof host>['memlock']>[2], mayLock = false) =>
  planFor(MEMORY, machine().memlock(65536n, mayLock, more).build());

test('R-BACK-1: raises the limit of locked memory before anything is mapped, and puts it back when nothing is', () => {
  const plan = limited({ memlockHard: null });
  expect(words(plan, /MEMLOCK/)).toEqual({
    up: ['setrlimit RLIMIT_MEMLOCK to 1 GiB, at most no limit'],
    down: ['setrlimit RLIMIT_MEMLOCK to 64 KiB, at most no limit'],
  });
  const kinds = (steps: Plan['up']) => steps.map(({ kind }) => kind);
  expect(kinds(plan.up).indexOf('set-memlock-limit')).toBeLessThan(kinds(plan.up).indexOf('map-dma'));
  expect(kinds(plan.down).indexOf('set-memlock-limit')).toBeGreaterThan(kinds(plan.down).indexOf('unmap-dma'));
  expect(plan.facts).toContainEqual({
    subject: 'process',
    property: 'locked memory',
    value: '65536 of unlimited',
  });
  expect(verifyPlan(plan)).toEqual([]);
});

test('R-BACK-1: raises a hard limit with CAP_SYS_RESOURCE only, and none with CAP_IPC_LOCK', () => {
  expect(words(limited({ memlockHard: bytes(65536n), mayRaiseLimits: true }), /MEMLOCK/).up).toEqual([
    'setrlimit RLIMIT_MEMLOCK to 1 GiB, at most 1 GiB',
  ]);
  expect(words(limited({ memlockHard: null }, true), /MEMLOCK/).up).toEqual([]);
});
