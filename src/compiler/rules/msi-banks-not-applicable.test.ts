import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { report } from '../../testing/rule.ts';
import { msiBanksNotApplicableRule as rule } from './msi-banks-not-applicable.ts';

const machine = () => host().intelIommu().nic('01:00.0');
const vms = (banks: number) => ({ a: { devices: { x: '01:00.0' }, msi: { banks } } });

test('warns of banks that type1 does not have', () => {
  expect(report(rule, vms(3), machine())).toEqual(['warning msi-banks-not-applicable at vms/a/msi']);
});

test('stays silent where the plugin of the IOMMU has banks', () => {
  const on = machine().vfio({ backends: [{ name: 'pamu', extension: 2, properties: {} }] });
  expect(report(rule, { a: { ...vms(3).a, iommu: 'pamu' } }, on)).toEqual([]);
});

test('stays silent without banks', () => {
  expect(report(rule, vms(0), machine())).toEqual([]);
});
