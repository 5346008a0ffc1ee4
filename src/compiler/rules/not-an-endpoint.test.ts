import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { report } from '../../testing/rule.ts';
import { notAnEndpointRule as rule } from './not-an-endpoint.ts';

test.each(['cardbus', 'unknown'] as const)('R-GROUP-5: fires for a function with a %s header', (header) => {
  const machine = host().intelIommu().nic('01:00.0', { header });
  expect(report(rule, { a: { devices: { x: '01:00.0' } } }, machine)).toEqual([
    'error not-an-endpoint at vms/a/devices/x',
  ]);
});

test('R-GROUP-4: stays silent for an endpoint and for a bridge, which stands for what is below it', () => {
  const machine = host().intelIommu().bridge('00:1c.0', { bus: '01' }).nic('01:00.0').nic('02:00.0');
  expect(report(rule, { a: { devices: { x: '00:1c.0', y: '02:00.0' } } }, machine)).toEqual([]);
});
