import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { report } from '../../testing/rule.ts';
import { memoryWrapsRule as rule } from './memory-wraps.ts';

const vms = (size: string) => ({ a: { devices: { x: '01:00.0' }, memory: [{ iova: '0xfffffffffffff000', size }] } });
const machine = () => host().intelIommu().nic('01:00.0');

test('fires where the last byte lies beyond 64 bits', () => {
  expect(report(rule, vms('8KiB'), machine())).toEqual(['error memory-wraps at vms/a/memory/0/iova']);
});

test('stays silent where the last byte is the last address there is', () => {
  expect(report(rule, vms('4KiB'), machine())).toEqual([]);
});
