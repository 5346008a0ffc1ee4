import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { report } from '../../testing/rule.ts';
import { cacheableNotOfferedRule as rule } from './cacheable-not-offered.ts';

const machine = () => host().smmuV3().platform('a.dma').amba('b.uart');
const vms = (platform: string, cacheable?: 'required' | 'preferred', driver?: string) => ({
  v: {
    devices: {
      x: { platform, ...(driver ? { driver } : {}), regions: [{ index: 0, ...(cacheable ? { cacheable } : {}) }] },
    },
  },
});

test.each(['a.dma', 'b.uart'])('R-TREE-6: fires where a region of %s must be cacheable', (platform) => {
  expect(report(rule, vms(platform, 'required'), machine())).toEqual([
    'error cacheable-not-offered at vms/v/devices/x/regions/0',
  ]);
});

test('R-TREE-6: warns where it is preferred', () => {
  expect(report(rule, vms('a.dma', 'preferred'), machine())).toEqual([
    'warning cacheable-not-offered at vms/v/devices/x/regions/0',
  ]);
});

test('R-TREE-6: stays silent without the demand, and for a driver that is not known to map uncached', () => {
  expect(report(rule, vms('a.dma'), machine())).toEqual([]);
  expect(report(rule, vms('a.dma', 'required', 'vendor_vfio'), machine())).toEqual([]);
});
