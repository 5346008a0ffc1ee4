import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { check, report, textOf } from '../../testing/rule.ts';
import { soc } from '../../testing/soc.ts';
import { resetHandlerAbsentRule as rule } from './reset-handler-absent.ts';

const machine = () =>
  host()
    .smmuV3()
    .tree(
      soc({
        'ethernet@40000': { compatible: 'calxeda,hb-xgmac', reg: [0x4_0000, 0x1000] },
        'ethernet@50000': { compatible: ['board,own', 'board,any'], reg: [0x5_0000, 0x1000] },
        'ethernet@70000': { compatible: ['board,own', 'calxeda,hb-xgmac'], reg: [0x7_0000, 0x1000] },
        'uart@60000': { compatible: ['arm,pl011', 'arm,primecell'], reg: [0x6_0000, 0x1000] },
      }),
    )
    .module('vfio_platform_calxedaxgmac', 'available')
    .platform('40000.ethernet', { treePath: '/soc/ethernet@40000' })
    .platform('50000.ethernet', { treePath: '/soc/ethernet@50000' })
    .platform('70000.ethernet', { treePath: '/soc/ethernet@70000' })
    .amba('60000.uart', { treePath: '/soc/uart@60000' })
    .platform('ACPI:00');
type Policy = 'required' | 'preferred' | 'none';
const vms = (platform: string, reset: Policy = 'required') => ({ a: { devices: { x: { platform, reset } } } });
const relaxed = () => machine().module('vfio_platform', 'loaded', { reset_required: 'N' });
const error = ['error reset-handler-absent at vms/a/devices/x/platform'];
const warning = ['warning reset-handler-absent at vms/a/devices/x/platform'];

test('R-GROUP-5: fires without a handler for the first compatible, and names it', () => {
  expect(report(rule, vms('50000.ethernet'), machine())).toEqual(error);
  expect(textOf(check(rule, vms('50000.ethernet'), machine()))).toContain('board,own');
});

test('fires where the kernel lacks the module of the handler', () => {
  const lacking = machine().withoutModule('vfio_platform_calxedaxgmac');
  expect(report(rule, vms('40000.ethernet'), lacking)).toEqual(error);
  expect(textOf(check(rule, vms('40000.ethernet'), lacking))).toContain('vfio_platform_calxedaxgmac');
});

test('R-RESET-3: fires where a reset is required, also where the kernel does not insist', () => {
  expect(report(rule, vms('50000.ethernet'), relaxed())).toEqual(error);
  expect(report(rule, vms('60000.uart'), machine())).toEqual(error);
});

test.each<[string, 'loaded' | 'builtin', Policy]>([
  ['options vfio-platform reset_required=0', 'loaded', 'none'],
  ['options vfio-platform reset_required=0', 'loaded', 'preferred'],
  ['vfio_platform.reset_required=0', 'builtin', 'none'],
])('R-RESET-3: fires where only the kernel insists, and says the way out: %s', (way, state, policy) => {
  const strict = machine().module('vfio_platform', state, { reset_required: 'Y' });
  expect(report(rule, vms('50000.ethernet', policy), strict)).toEqual(error);
  expect(textOf(check(rule, vms('50000.ethernet', policy), strict))).toContain(way);
});

test('warns where the module is not loaded, so that its option may still be set', () => {
  const fresh = machine().module('vfio_platform', 'available');
  expect(report(rule, vms('50000.ethernet', 'none'), fresh)).toEqual(warning);
  expect(report(rule, vms('50000.ethernet'), fresh)).toEqual(error);
});

test('warns where only a blob is known of the host, whose kernel may be told otherwise', () => {
  expect(report(rule, vms('50000.ethernet', 'none'), machine().origin('device-tree'))).toEqual(warning);
  expect(report(rule, vms('50000.ethernet'), machine().origin('device-tree'))).toEqual(error);
});

test('R-RESET-3: warns where a reset is preferred and nobody insists', () => {
  expect(report(rule, vms('50000.ethernet', 'preferred'), relaxed())).toEqual(warning);
  expect(report(rule, vms('60000.uart', 'preferred'), machine())).toEqual(warning);
});

test('R-RESET-2: a plugin for a later compatible stands in for the handler, but not for what the driver insists on', () => {
  expect(report(rule, vms('70000.ethernet'), relaxed())).toEqual([]);
  expect(
    report(rule, vms('70000.ethernet'), machine().module('vfio_platform', 'loaded', { reset_required: 'Y' })),
  ).toEqual(error);
  expect(textOf(check(rule, vms('70000.ethernet'), machine()))).toContain('although the plugin calxeda-xgmac');
});

test('notes that the reset of an ACPI device cannot be seen', () => {
  expect(report(rule, vms('ACPI:00'), machine())).toEqual(['note reset-handler-unknown at vms/a/devices/x/platform']);
});

test('R-RESET-3: stays silent with a handler, and where nobody asks for a reset', () => {
  expect(report(rule, vms('40000.ethernet'), machine())).toEqual([]);
  expect(report(rule, vms('50000.ethernet', 'none'), relaxed())).toEqual([]);
  expect(report(rule, vms('60000.uart', 'none'), machine())).toEqual([]);
  expect(report(rule, vms('ACPI:00', 'none'), machine())).toEqual([]);
});

test.each(['6.1.192-arm64', '6.2.16'])(
  'R-RESET-3: fires on Linux %s, which insists where reset_required does not, for AMBA too',
  (release) => {
    const old = relaxed().kernel({ release });
    for (const device of ['50000.ethernet', '60000.uart']) {
      expect(report(rule, vms(device, 'none'), old)).toEqual(error);
      expect(textOf(check(rule, vms(device, 'none'), old))).toContain('start Linux 6.3 or newer');
      expect(textOf(check(rule, vms(device, 'none'), old))).not.toContain('modprobe.d');
    }
    expect(textOf(check(rule, vms('50000.ethernet', 'none'), machine().kernel({ release })))).toContain('modprobe.d');
    expect(report(rule, vms('50000.ethernet', 'none'), relaxed().kernel({ release }).origin('device-tree'))).toEqual(
      warning,
    );
  },
);

test.each(['6.0.19', '6.3.0'])(
  'R-RESET-3: stays silent on Linux %s, which does what reset_required says',
  (release) => {
    expect(report(rule, vms('50000.ethernet', 'none'), relaxed().kernel({ release }))).toEqual([]);
    expect(report(rule, vms('60000.uart', 'none'), machine().kernel({ release }))).toEqual([]);
  },
);

test('stays silent on Linux 6.1 where there is a handler', () => {
  expect(report(rule, vms('40000.ethernet'), machine().kernel({ release: '6.1.192-arm64' }))).toEqual([]);
});
