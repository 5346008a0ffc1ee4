import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { report } from '../../testing/rule.ts';
import { soc } from '../../testing/soc.ts';
import { exposeNotOfferedRule as rule } from './expose-not-offered.ts';

const machine = (devtreeInfo: boolean) =>
  host()
    .smmuV3()
    .vfio({ devtreeInfo })
    .tree(
      soc({
        'pcie@40000': {
          compatible: 'x,pcie',
          reg: [0x4_0000, 0x1000],
          ranges: [0, 0, 0x4_0000, 0x1000],
          'interrupt-map': [0],
        },
        'dma@50000': { compatible: 'x,dma', reg: [0x5_0000, 0x1000], ranges: true },
      }),
    )
    .platform('40000.pcie', { treePath: '/soc/pcie@40000' })
    .platform('50000.dma', { treePath: '/soc/dma@50000' });
const vms = (platform: string, mode: 'expose' | 'translate') => ({
  a: { devices: { x: { platform, ranges: mode, interruptMap: mode } } },
});
const BOTH = [
  'error expose-not-offered at vms/a/devices/x/ranges',
  'error expose-not-offered at vms/a/devices/x/interruptMap',
];

test('R-TREE-4: fires on a kernel that only translates', () => {
  expect(report(rule, vms('40000.pcie', 'expose'), machine(false))).toEqual(BOTH);
});

test('R-TREE-4: fires for a device without entries, whatever the kernel offers', () => {
  expect(report(rule, vms('50000.dma', 'expose'), machine(true))).toEqual(BOTH);
});

test('R-TREE-4: stays silent where they only translate, and where the kernel offers more', () => {
  expect(report(rule, vms('40000.pcie', 'translate'), machine(false))).toEqual([]);
  expect(report(rule, vms('40000.pcie', 'expose'), machine(true))).toEqual([]);
});
