import { expect, test } from 'vitest';
import { host } from '../../../src/testing/index.ts';
import { report } from '../../../src/testing/law.ts';
import { msiBanksNotApplicableLaw as law } from './msi-banks-not-applicable.ts';

const machine = () => host().intelIommu().nic('01:00.0');
const vms = (banks: number) => ({ a: { devices: { x: '01:00.0' }, msi: { banks } } });

test('warns of banks that type1 does not have', () => {
  expect(report(law, vms(3), machine())).toEqual(['warning msi-banks-not-applicable at vms/a/msi']);
});

test('stays silent without banks', () => {
  expect(report(law, vms(0), machine())).toEqual([]);
});
