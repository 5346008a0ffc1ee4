import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { report } from '../../testing/rule.ts';
import { soc } from '../../testing/soc.ts';
import { irqsExclusiveRule as rule } from './irqs-exclusive.ts';

type Index = 'intx' | 'msi' | 'msix' | 'err' | 'req';
const machine = () => host().intelIommu().nic('01:00.0');
const vms = (...indices: Index[]) => ({
  a: { devices: { x: { pci: '01:00.0', irqs: indices.map((index) => ({ index })) } } },
});

test('fires for two ways to interrupt, and for one listed twice', () => {
  expect(report(rule, vms('msix', 'err', 'intx'), machine())).toEqual([
    'error irqs-exclusive at vms/a/devices/x/irqs/2',
  ]);
  expect(report(rule, vms('err', 'err'), machine())).toEqual(['error irqs-exclusive at vms/a/devices/x/irqs/1']);
});

test('stays silent for one way with the error and the request interrupts', () => {
  expect(report(rule, vms('err', 'msix', 'req'), machine())).toEqual([]);
});

test('fires for an interrupt of a platform device that is listed twice, by position and by name', () => {
  const machine = host()
    .smmuV3()
    .tree(
      soc({
        'dma@40000': {
          compatible: 'x,dma',
          reg: [0x4_0000, 0x1000],
          interrupts: [0, 1, 4, 0, 2, 4],
          'interrupt-names': ['main', 'error'],
        },
      }),
    )
    .platform('40000.dma', { treePath: '/soc/dma@40000' });
  const vms = (...irqs: (number | string)[]) => ({
    a: { devices: { x: { platform: '40000.dma', irqs: irqs.map((index) => ({ index })) } } },
  });
  expect(report(rule, vms(1, 'main', 'error'), machine)).toEqual(['error irqs-exclusive at vms/a/devices/x/irqs/2']);
  expect(report(rule, vms('main', 'error'), machine)).toEqual([]);
});
