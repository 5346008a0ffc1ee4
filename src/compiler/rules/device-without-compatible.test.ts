import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { check, report, textOf } from '../../testing/rule.ts';
import { soc } from '../../testing/soc.ts';
import { deviceWithoutCompatibleRule as rule } from './device-without-compatible.ts';

const machine = () =>
  host()
    .tree(soc({ 'mute@a000': { reg: [0xa000, 0x1000] }, 'dma@b000': { compatible: 'x,dma', reg: [0xb000, 0x1000] } }))
    .platform('a000.mute', { treePath: '/soc/mute@a000' })
    .platform('b000.dma', { treePath: '/soc/dma@b000' })
    .platform('ACPI0001:00');
const vmWith = (name: string) => ({ a: { iommu: 'noiommu' as const, devices: { d: { platform: name } } } });

test('R-GROUP-5: fires for a device whose node has no compatible, and names the node', () => {
  const wrong = vmWith('a000.mute');
  expect(report(rule, wrong, machine())).toEqual(['error device-without-compatible at vms/a/devices/d/platform']);
  expect(textOf(check(rule, wrong, machine()))).toContain('/soc/mute@a000');
});

test('R-GROUP-5: stays silent for one that says what it is, and for one that no tree describes', () => {
  expect(report(rule, vmWith('b000.dma'), machine())).toEqual([]);
  expect(report(rule, vmWith('ACPI0001:00'), machine())).toEqual([]);
});
