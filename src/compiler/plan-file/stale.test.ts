import { expect, it } from 'vitest';
import type { Plan, RunningProject } from '../../model/index.ts';
import { deviceTree, host } from '../../testing/index.ts';
import { midwayHost, midwayPlan, smmuHost, smmuPlan, XGBE, XGMAC } from '../../testing/platform-plan.ts';
import { checkStale } from './stale.ts';

const codes = (...args: Parameters<typeof checkStale>): string[] => checkStale(...args).map(({ code }) => code);
const details = (...args: Parameters<typeof checkStale>): string =>
  checkStale(...args)
    .map(({ detail }) => detail)
    .join('\n');
const withFact = (plan: Plan, subject: string, property: string): Plan => ({
  ...plan,
  facts: [{ subject, property, value: 'x' }],
});

it('finds nothing on the host that a plan was made for', () => {
  expect(codes(midwayPlan(), midwayHost().build(), [])).toEqual([]);
  expect(codes(smmuPlan(), smmuHost().build(), [])).toEqual([]);
});

it('R-TREE-2: refuses a plan where a node of the device tree says something else now', () => {
  const registers = { ...flat(), 'dma@e2000000': { reg: [0, 0xe200_0000, 0, 0x2000] } };
  const other = smmuHost()
    .tree(deviceTree({ soc: registers }))
    .build();
  const found = details(smmuPlan(), other, []);
  expect(found).toContain('registers of tree /soc/dma@e2000000');
  expect(found).toContain('compatible of tree /soc/ethernet@e0700000');
});

const flat = () => ({ compatible: 'simple-bus', '#address-cells': 2, '#size-cells': 2, ranges: true }) as const;

it('R-GROUP-3: refuses a plan where no-IOMMU mode was turned on meanwhile, or the reset handler is gone', () => {
  const on = midwayHost().module('vfio', 'loaded', { enable_unsafe_noiommu_mode: 'Y' }).build();
  expect(details(midwayPlan(), on, [])).toContain('enable_unsafe_noiommu_mode of module vfio was "N"');
  const without = midwayHost().withoutModule('vfio_platform_calxedaxgmac').build();
  expect(details(midwayPlan(), without, [])).toContain(`reset handler of device ${XGMAC}`);
  const insisting = midwayHost().withoutModule('vfio_platform_calxedaxgmac').kernel({ release: '6.1.192' }).build();
  expect(details(midwayPlan(), insisting, [])).toContain('and the kernel insists on one');
  const lax = midwayHost().module('vfio_platform', 'loaded', { reset_required: 'N' }).build();
  expect(details(midwayPlan(), lax, [])).toContain('reset_required of module vfio-platform');
});

it('reads any fact of any plan file without failing, and one that it does not know is changed', () => {
  const plan = midwayPlan();
  const inventory = midwayHost().build();
  for (const subject of [
    'tree',
    'tree /nowhere',
    'tree __proto__',
    'module __proto__',
    'device',
    'group x',
    '',
    'x y',
  ]) {
    for (const property of ['registers', 'streams', 'reset_required', 'constructor', '__proto__', 'state', 'members']) {
      expect(codes(withFact(plan, subject, property), inventory, []), `${property} of ${subject}`).toEqual([
        'plan-stale',
      ]);
    }
  }
  expect(codes(withFact(plan, 'tree /soc', 'interrupts'), host().build(), [])).toEqual(['plan-stale']);
});

const project = (...devices: RunningProject['devices']): RunningProject => ({ name: 'other', devices, parameters: [] });

it('R-GROUP-1: tells projects without an IOMMU apart by their devices, not by the group that none of them has', () => {
  const inventory = midwayHost().build();
  expect(codes(midwayPlan(), inventory, [project({ address: 'fff50000.ethernet', group: null })])).toEqual([]);
  expect(codes(midwayPlan(), inventory, [project({ address: XGMAC, group: null })])).toEqual(['plan-conflict']);
});

it('R-GROUP-1: refuses a plan whose device is in a group of another project', () => {
  const inventory = smmuHost().build();
  expect(codes(smmuPlan(), inventory, [project({ address: 'x', group: 5 })])).toEqual(['plan-conflict']);
  expect(codes(smmuPlan(), inventory, [project({ address: XGBE, group: 5 })])).toEqual(['plan-conflict']);
  expect(codes(smmuPlan(), inventory, [project({ address: 'x', group: 4 })])).toEqual([]);
});

it('keeps a long list of registers as its beginning and a checksum', () => {
  const reg = (last: number) => Array.from({ length: 200 }, (_, i) => [i * 0x1000, i === 199 ? last : 0x800]).flat();
  const node = { soc: { compatible: 'simple-bus', '#address-cells': 1, '#size-cells': 1, ranges: true } } as const;
  const of = (last: number) =>
    midwayHost()
      .tree({ '#address-cells': 1, '#size-cells': 1, soc: { ...node.soc, 'ethernet@fff51000': { reg: reg(last) } } })
      .build();
  const plan = midwayPlan(of(0x400));
  const fact = plan.facts.find(({ property }) => property === 'registers')?.value ?? '';
  expect(fact).toMatch(/… \(\d+ characters, [0-9a-f]{16}\)$/);
  expect(codes(plan, of(0x400), [])).toEqual([]);
  expect(details(plan, of(0x401), [])).toContain('registers of tree');
});
