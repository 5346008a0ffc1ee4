import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { report } from '../../testing/rule.ts';
import { memoryZeroSizeRule as rule } from './memory-zero-size.ts';

const vms = (size: string) => ({ a: { devices: { x: '01:00.0' }, memory: [{ iova: '1GiB', size }] } });
const machine = () => host().intelIommu().nic('01:00.0');

test('fires for a size of zero', () => {
  expect(report(rule, vms('0'), machine())).toEqual(['error memory-zero-size at vms/a/memory/0/size']);
});

test('stays silent for any other size', () => {
  expect(report(rule, vms('1'), machine())).toEqual([]);
});
