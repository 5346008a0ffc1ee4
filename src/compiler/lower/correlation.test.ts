import { expect, it } from 'vitest';
import { host, spanAt } from '../../testing/index.ts';
import {
  PL330,
  planOfOne as planOf,
  platformPlan,
  platformVm,
  resolvedPlatform,
  smmuHost,
  smmuPlan,
  stepsOfKind as ofKind,
  XGBE,
} from '../../testing/platform-plan.ts';
import { PCIE, relaxed } from '../../testing/sim-board.ts';

const at = spanAt(['here']);

it('R-TREE-2: holds every region and interrupt of the tree against what the kernel says', () => {
  const { up } = smmuPlan();
  const mine = (step: { deviceHandle: string }) => step.deviceHandle === `device:${XGBE}`;
  expect(ofKind(up, 'check-device-info').filter(mine)).toMatchObject([
    { bus: 'platform', regions: 2, irqs: 2, reset: true },
  ]);
  expect(ofKind(up, 'check-region-info').filter(mine)).toMatchObject([
    { index: 0, size: 0x8_0000n, flags: ['read', 'write', 'mmap'] },
    { index: 1, size: 0x24n, flags: ['read', 'write'] },
  ]);
  expect(ofKind(up, 'check-irq-info').filter(mine)).toMatchObject([
    { index: 0, count: 1, trigger: 'level' },
    { index: 1, count: 1, trigger: 'edge' },
  ]);
  expect(ofKind(up, 'check-devtree-info')).toEqual([]);
});

it('R-TREE-2: expects no mapping of a region that does not fill pages of the host', () => {
  const inventory = smmuHost().kernel({ pageSize: 65_536 }).build();
  const [first] = ofKind(planOf(inventory, PL330, { reset: 'none' }).up, 'check-region-info');
  expect(first).toMatchObject({ size: 0x1000n, flags: ['read', 'write'] });
});

it('R-TREE-5: asks a kernel that knows the tree about each region and interrupt, and no other', () => {
  const plan = smmuPlan(smmuHost().vfio({ devtreeInfo: true }).build());
  const asked = ofKind(plan.up, 'check-devtree-info').map(({ type, index, path, dtIndex }) => [
    type,
    index,
    path,
    dtIndex,
  ]);
  expect(asked).toEqual([
    ['region', 0, '/soc/ethernet@e0700000', 0],
    ['region', 1, '/soc/ethernet@e0700000', 1],
    ['interrupt', 0, '/soc/ethernet@e0700000', 0],
    ['interrupt', 1, '/soc/ethernet@e0700000', 1],
    ['region', 0, '/soc/ethernet@e0700000/mdio@e1240000', 0],
    ['region', 0, '/soc/dma@e2000000', 0],
    ['interrupt', 0, '/soc/dma@e2000000', 0],
  ]);
});

it('checks what the manifest asks for of a device that no tree describes', () => {
  const inventory = host().smmuV3().platform('APMC0D0D:00', { group: 5 }).build();
  const plan = planOf(inventory, 'APMC0D0D:00', {
    irqs: [{ index: 2, unmask: 'explicit', at }],
    regions: [{ index: 1, cacheable: null, mmap: 'required', at }],
  });
  expect(ofKind(plan.up, 'check-region-info')).toMatchObject([{ index: 1, flags: ['mmap'] }]);
  expect(ofKind(plan.up, 'check-irq-info')).toMatchObject([{ index: 2, count: 1 }]);
  expect(ofKind(plan.up, 'check-irq-info')[0]).not.toHaveProperty('trigger');
  expect(ofKind(plan.up, 'check-device-info')[0]).not.toHaveProperty('regions');
  expect(ofKind(plan.up, 'reset-device')).toHaveLength(1);
  expect(plan.facts.filter(({ subject }) => subject.startsWith('tree'))).toEqual([]);
});

it('R-TREE-4: counts what a kernel that exposes windows numbers, whatever the manifest wants, and looks at what it wants', () => {
  const inventory = relaxed('N').vfio({ devtreeInfo: true }).build();
  const planned = (mode: 'expose' | 'translate') => {
    const wish = { reset: 'none', ranges: { mode, at }, interruptMap: { mode, at } } as const;
    const { up } = platformPlan(inventory, (index) =>
      platformVm('noiommu', [resolvedPlatform(index, PCIE, wish)], { memory: [] }),
    );
    return {
      counted: ofKind(up, 'check-device-info').map(({ regions, irqs }) => [regions, irqs]),
      regions: ofKind(up, 'check-region-info').map(({ index, size }) => [index, size]),
      interrupts: ofKind(up, 'check-irq-info').map(({ index }) => index),
      asked: ofKind(up, 'check-devtree-info').map(({ type, index, dtIndex }) => [type, index, dtIndex]),
    };
  };
  expect(planned('translate')).toEqual({
    counted: [[2, 2]],
    regions: [[0, 0x1_0000n]],
    interrupts: [0],
    asked: [
      ['region', 0, 0],
      ['interrupt', 0, 0],
    ],
  });
  expect(planned('expose')).toEqual({
    counted: [[2, 2]],
    regions: [
      [0, 0x1_0000n],
      [1, 0x1000_0000n],
    ],
    interrupts: [0, 1],
    asked: [
      ['region', 0, 0],
      ['region', 1, 0],
      ['interrupt', 0, 0],
      ['interrupt', 1, 0],
    ],
  });
});
