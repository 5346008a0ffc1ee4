import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { check, report, textOf } from '../../testing/rule.ts';
import { soc } from '../../testing/soc.ts';
import { pageSharedWithHostRule as rule } from './page-shared-with-host.ts';

const TREE = soc({
  'uart@40000': { compatible: 'x,uart', reg: [0x4_0000, 0x100] },
  'uart@40100': { compatible: 'x,uart', reg: [0x4_0100, 0x100] },
  'uart@40200': { compatible: 'x,uart', reg: [0x4_0200, 0x100], status: 'disabled' },
  'dma@41000': { compatible: 'x,dma', reg: [0x4_1000, 0x1000] },
  'crypto@60000': {
    compatible: 'x,crypto',
    '#address-cells': 1,
    '#size-cells': 1,
    ranges: [0, 0x6_0000, 0x1_0000],
    reg: [0x6_0000, 0x1_0000],
    'jr@1000': { compatible: 'x,ring', reg: [0x1000, 0x1000] },
  },
});
const machine = (pageSize = 4096) =>
  host()
    .smmuV3()
    .kernel({ pageSize })
    .tree(TREE)
    .platform('40000.uart', { treePath: '/soc/uart@40000' })
    .platform('40100.uart', { treePath: '/soc/uart@40100' })
    .platform('41000.dma', { treePath: '/soc/dma@41000' })
    .platform('60000.crypto', { treePath: '/soc/crypto@60000' })
    .platform('61000.jr', { treePath: '/soc/crypto@60000/jr@1000' });
const uart = { a: { devices: { x: '40000.uart' } } };

test('warns of a page that holds registers of a device of the host, and names it', () => {
  expect(report(rule, uart, machine())).toEqual(['warning page-shared-with-host at vms/a/devices/x']);
  const text = textOf(check(rule, uart, machine()));
  expect(text).toContain('0x40100-0x401ff of /soc/uart@40100, which stays with the host');
  expect(text).not.toContain('uart@40200');
});

test('fires as an error where the region must be mapped', () => {
  const mapped = {
    a: { devices: { x: { platform: '40000.uart', regions: [{ index: 0, mmap: 'required' as const }] } } },
  };
  expect(report(rule, mapped, machine())).toEqual(['error page-shared-with-host at vms/a/devices/x/regions/0']);
});

test('warns by the page size of the host, and of what another VM has', () => {
  expect(report(rule, { a: { devices: { x: '41000.dma' } } }, machine(0x1_0000))).toHaveLength(1);
  const both = { ...uart, b: { devices: { y: '40100.uart' } } };
  expect(report(rule, both, machine())).toHaveLength(2);
  expect(textOf(check(rule, both, machine()))).toContain('goes to y of b');
});

test('stays silent for a device with pages of its own, where one VM has both, and for a ring below its block', () => {
  expect(report(rule, { a: { devices: { x: '41000.dma' } } }, machine())).toEqual([]);
  expect(report(rule, { a: { devices: { x: '40000.uart', y: '40100.uart' } } }, machine())).toEqual([]);
  expect(report(rule, { a: { devices: { x: '61000.jr' } } }, machine())).toEqual([]);
  expect(report(rule, { a: { devices: { x: '60000.crypto' } } }, machine())).toEqual([]);
});
