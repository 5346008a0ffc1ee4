import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { report } from '../../testing/rule.ts';
import { soc } from '../../testing/soc.ts';
import { irqNotOfferedRule as rule } from './irq-not-offered.ts';

const machine = () => host().intelIommu().pf('03:00.0').vf('03:10.0', '03:00.0', 0);
const vms = (pci: string, index: 'intx' | 'msi' | 'msix' | 'err', count = 1) => ({
  a: { devices: { x: { pci, irqs: [{ index, count }] } } },
});

test('fires for INTx of a virtual function', () => {
  expect(report(rule, vms('03:10.0', 'intx'), machine())).toEqual(['error irq-not-offered at vms/a/devices/x/irqs/0']);
});

test.each([
  ['intx', 2],
  ['msi', 33],
  ['err', 2],
] as const)('fires for more vectors than %s can have', (index, count) => {
  expect(report(rule, vms('03:00.0', index, count), machine())).toHaveLength(1);
});

test('stays silent for what a function may have', () => {
  expect(report(rule, vms('03:00.0', 'intx'), machine())).toEqual([]);
  expect(report(rule, vms('03:10.0', 'msi', 32), machine())).toEqual([]);
  expect(report(rule, vms('03:10.0', 'msix', 2048), machine())).toEqual([]);
});

test('fires for an edge interrupt that is to be unmasked, and for no level interrupt', () => {
  const machine = host()
    .smmuV3()
    .tree(soc({ 'dma@40000': { compatible: 'x,dma', reg: [0x4_0000, 0x1000], interrupts: [0, 1, 1, 0, 2, 4] } }))
    .platform('40000.dma', { treePath: '/soc/dma@40000' });
  const irqs = (unmask: 'eventfd' | 'explicit') => [
    { index: 0, unmask },
    { index: 1, unmask },
  ];
  const unmasked = (unmask: 'eventfd' | 'explicit') => ({
    a: { devices: { x: { platform: '40000.dma', irqs: irqs(unmask) } } },
  });
  expect(report(rule, unmasked('eventfd'), machine)).toEqual(['error irq-not-offered at vms/a/devices/x/irqs/0']);
  expect(report(rule, unmasked('explicit'), machine)).toEqual([]);
});
