import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { report } from '../../testing/rule.ts';
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
