import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { check, report, textOf } from '../../testing/rule.ts';
import { soc } from '../../testing/soc.ts';
import { dependencySharedRule as rule } from './dependency-shared.ts';

const CLOCKS = 100;
const FIXED = 101;
const SUPPLY = 102;
const machine = (status = 'okay') =>
  host()
    .smmuV3()
    .tree(
      soc(
        {
          'mac@40000': {
            compatible: 'x,mac',
            reg: [0x4_0000, 0x1000],
            clocks: [CLOCKS, 7, FIXED],
            'clock-names': ['bus', 'ref'],
            'phy-supply': SUPPLY,
          },
          'spi@50000': { compatible: 'x,spi', reg: [0x5_0000, 0x1000], clocks: [CLOCKS, 7], status },
          'uart@60000': { compatible: 'x,uart', reg: [0x6_0000, 0x1000], clocks: [CLOCKS, 8, FIXED] },
          'rtc@70000': { compatible: 'x,rtc', reg: [0x7_0000, 0x1000], 'vdd-supply': SUPPLY },
        },
        {
          'clocks@9000000': { compatible: 'x,clk', '#clock-cells': 1, reg: [0x900_0000, 0x1000], phandle: CLOCKS },
          oscillator: { compatible: 'fixed-clock', '#clock-cells': 0, phandle: FIXED },
          supply: { compatible: 'regulator-fixed', 'regulator-always-on': true, phandle: SUPPLY },
        },
      ),
    )
    .platform('40000.mac', { treePath: '/soc/mac@40000' })
    .platform('50000.spi', { treePath: '/soc/spi@50000' })
    .platform('60000.uart', { treePath: '/soc/uart@60000' });

test('warns once for a device, with each dependency and who shares it', () => {
  const vms = { a: { devices: { x: '40000.mac' } } };
  expect(report(rule, vms, machine())).toEqual(['warning dependency-shared at vms/a/devices/x']);
  const [finding] = check(rule, vms, machine());
  expect(finding?.related).toHaveLength(1);
  expect(textOf(finding ? [finding] : [])).toContain('"bus": /clocks@9000000 <7>, used by /soc/spi@50000 too');
});

test('warns where another VM has what shares it', () => {
  const vms = { a: { devices: { x: '40000.mac' } }, b: { devices: { y: '50000.spi' } } };
  expect(report(rule, vms, machine())).toHaveLength(2);
});

test('stays silent for what nobody else uses, nobody can switch, or what goes along', () => {
  expect(report(rule, { a: { devices: { x: '60000.uart' } } }, machine())).toEqual([]);
  expect(report(rule, { a: { devices: { x: '40000.mac', y: '50000.spi' } } }, machine())).toEqual([]);
  expect(report(rule, { a: { devices: { x: '40000.mac' } } }, machine('disabled'))).toEqual([]);
  expect(report(rule, { a: { devices: { x: '01:00.0' } } }, machine().nic('01:00.0'))).toEqual([]);
});
