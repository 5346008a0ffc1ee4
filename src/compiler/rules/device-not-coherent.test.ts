import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { check, report, textOf } from '../../testing/rule.ts';
import { SOC, soc } from '../../testing/soc.ts';
import { deviceNotCoherentRule as rule } from './device-not-coherent.ts';

const machine = (iommu: number, coherent: boolean, group: number | null = 30) =>
  host()
    .smmuV3()
    .tree(
      soc({
        'dma@40000': {
          compatible: 'x,dma',
          reg: [0x4_0000, 0x1000],
          iommus: [iommu, 7],
          ...(coherent ? { 'dma-coherent': true } : {}),
        },
      }),
    )
    .platform('40000.dma', { treePath: '/soc/dma@40000', group });
const vms = { a: { devices: { x: '40000.dma' } } };

test.each([
  ['an SMMUv3 without dma-coherent, whatever the device says', SOC.smmuV3, true, ['/iommu@3000000']],
  ['an SMMUv2 where neither has it', SOC.smmuV2, false, ['/iommu@4000000', '/soc/dma@40000']],
])('R-GROUP-5: fires behind %s, and names the nodes', (_what, iommu, coherent, nodes) => {
  expect(report(rule, vms, machine(iommu, coherent))).toEqual(['error device-not-coherent at vms/a/devices/x']);
  for (const node of nodes) expect(textOf(check(rule, vms, machine(iommu, coherent)))).toContain(node);
});

test('R-GROUP-5: fires behind an IOMMU whose driver has no answer, and does not send the reader to the tree', () => {
  const rockchip = host()
    .smmuV3()
    .tree({
      'iommu@1': { compatible: 'rockchip,iommu', phandle: 1, '#iommu-cells': 0 },
      'vop@2': { compatible: 'x', iommus: [1], 'dma-coherent': true },
    })
    .platform('2.vop', { treePath: '/vop@2', group: 3 });
  const assigned = { a: { devices: { x: '2.vop' } } };
  expect(report(rule, assigned, rockchip)).toEqual(['error device-not-coherent at vms/a/devices/x']);
  expect(textOf(check(rule, assigned, rockchip))).toContain('no property of the tree changes that');
});

test('notes an IOMMU that nothing is known about', () => {
  expect(report(rule, vms, machine(SOC.riscvIommu, true))).toEqual(['note coherency-unknown at vms/a/devices/x']);
});

test('R-GROUP-5: stays silent where the way is coherent', () => {
  expect(report(rule, vms, machine(SOC.coherentSmmu, false))).toEqual([]);
  expect(report(rule, vms, machine(SOC.smmuV2, true))).toEqual([]);
});

test('stays silent without a group, without IOMMU by name, and without a tree', () => {
  expect(report(rule, vms, machine(SOC.smmuV3, false, null))).toEqual([]);
  const open = { a: { iommu: 'noiommu' as const, devices: { x: '40000.dma' } } };
  expect(report(rule, open, machine(SOC.smmuV3, false))).toEqual([]);
  expect(report(rule, { a: { devices: { x: 'ACPI:00' } } }, host().smmuV3().platform('ACPI:00'))).toEqual([]);
});
