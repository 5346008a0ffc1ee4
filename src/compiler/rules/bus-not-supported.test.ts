import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { check, report, textOf } from '../../testing/rule.ts';
import { busNotSupportedRule as rule } from './bus-not-supported.ts';

const machine = () =>
  host()
    .smmuV3()
    .platform('dprc.2', { bus: 'fsl-mc' })
    .platform('cdx-00:00', { bus: 'cdx' })
    .platform('a.dma')
    .amba('b.uart')
    .nic('01:00.0');
const vms = (...names: string[]) => ({ a: { devices: Object.fromEntries(names.map((name, n) => [`d${n}`, name])) } });

test.each([
  ['dprc.2', 'fsl-mc'],
  ['cdx-00:00', 'cdx'],
])('fires for %s, and names its bus', (address, bus) => {
  const one = { a: { devices: { d: { platform: address } } } };
  expect(report(rule, one, machine())).toEqual(['error bus-not-supported at vms/a/devices/d/platform']);
  expect(textOf(check(rule, one, machine()))).toContain(bus);
});

test('stays silent for PCI, platform and AMBA devices', () => {
  expect(report(rule, vms('a.dma', 'b.uart', '01:00.0'), machine())).toEqual([]);
});
