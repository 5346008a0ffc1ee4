import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { report } from '../../testing/rule.ts';
import { soc } from '../../testing/soc.ts';
import { mmapNotOfferedRule as rule } from './mmap-not-offered.ts';

const machine = (pageSize = 4096) =>
  host()
    .smmuV3()
    .kernel({ pageSize })
    .tree(
      soc({
        'dma@40000': {
          compatible: 'x,dma',
          reg: [0x4_0000, 0x1000, 0x4_1000, 0x800, 0x4_2800, 0x1000, 0x5_0000, 0x1_0000],
        },
        isa: {
          compatible: 'isa',
          '#address-cells': 2,
          '#size-cells': 1,
          ranges: [1, 0, 0x80_0000, 0x1_0000],
          'uart@i1000': { compatible: 'x,uart', reg: [1, 0x1000, 0x1000] },
        },
      }),
    )
    .platform('40000.dma', { treePath: '/soc/dma@40000' })
    .platform('801000.uart', { treePath: '/soc/isa/uart@i1000' });
const vms = (index: number, mmap: 'required' | 'preferred', platform = '40000.dma') => ({
  a: { devices: { x: { platform, regions: [{ index, mmap }] } } },
});
const error = ['error mmap-not-offered at vms/a/devices/x/regions/0'];

test.each([
  ['ends inside a page', 1],
  ['begins inside a page', 2],
])('fires for a region that %s', (_how, index) => {
  expect(report(rule, vms(index, 'required'), machine())).toEqual(error);
});

test('fires by the page size of the host', () => {
  expect(report(rule, vms(0, 'required'), machine(0x1_0000))).toEqual(error);
  expect(report(rule, vms(3, 'required'), machine(0x1_0000))).toEqual([]);
});

test('fires for a region in I/O space', () => {
  expect(report(rule, vms(0, 'required', '801000.uart'), machine())).toEqual(error);
});

test('warns where it is preferred', () => {
  expect(report(rule, vms(1, 'preferred'), machine())).toEqual([
    'warning mmap-not-offered at vms/a/devices/x/regions/0',
  ]);
});

test('stays silent for whole pages, and where no tree tells', () => {
  expect(report(rule, vms(0, 'required'), machine())).toEqual([]);
  expect(report(rule, vms(0, 'required', 'ACPI:00'), host().smmuV3().platform('ACPI:00'))).toEqual([]);
});
