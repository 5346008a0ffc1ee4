import { expect, test } from 'vitest';
import { host, region } from '../../testing/index.ts';
import { check, report, textOf } from '../../testing/rule.ts';
import { directReservedRegionRule as rule } from './direct-reserved-region.ts';

const vms = { a: { devices: { x: '01:00.0', y: '01:00.1' } } };
const machine = (type: string) =>
  host()
    .intelIommu()
    .group(30, { reservedRegions: [region(0x7b80_0000n, 0x7fff_ffffn, type)] })
    .nic('01:00.0', { group: 30 })
    .nic('01:00.1', { group: 30 });

test('R-GROUP-5: fires once for a group with a 1:1 region, and shows the region', () => {
  expect(report(rule, vms, machine('direct'))).toEqual(['error direct-reserved-region at vms/a/devices/x']);
  expect(textOf(check(rule, vms, machine('direct')))).toContain('0x7b800000-0x7fffffff');
});

test.each(['direct-relaxable', 'msi', 'reserved'])('stays silent for a region of type %s', (type) => {
  expect(report(rule, vms, machine(type))).toEqual([]);
});
