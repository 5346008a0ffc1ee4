import fc from 'fast-check';
import { expect, test } from 'vitest';
import { indexHost } from '../../model/index.ts';
import type { ManifestDocument } from '../../model/index.ts';
import { disk, host, manifestFrom, netdev } from '../../testing/index.ts';
import { resolveManifest } from '../resolve/resolve.ts';
import { checkRules } from './index.ts';

const findings = (document: ManifestDocument, inventory: ReturnType<ReturnType<typeof host>['build']>) => {
  const index = indexHost(inventory);
  const { value, diagnostics } = resolveManifest(manifestFrom(document), index);
  return value ? [...diagnostics, ...checkRules({ manifest: value, host: index, running: [] })] : diagnostics;
};

test('finds nothing wrong with an idle card on a host that isolates it', () => {
  const inventory = host()
    .intelIommu()
    .nic('01:00.0')
    .hugePages(2n << 20n, 600)
    .build();
  const memory = [
    { iova: 0, size: '1GiB', backing: 'hugetlb' as const },
    { iova: '4GiB', size: '4GiB' },
  ];
  expect(findings({ version: 1, vms: { a: { devices: { x: '01:00.0' }, memory } } }, inventory)).toEqual([]);
});

test('finds several mistakes at once', () => {
  const inventory = host()
    .intelIommu()
    .nic('01:00.0', { resetMethods: [], netdevs: [netdev('wan3', { defaultRoute: true })] })
    .build();
  const document = {
    version: 1 as const,
    vms: { a: { devices: { x: '01:00.0' }, memory: [{ iova: 1, size: '4GiB' }] } },
  };
  expect(findings(document, inventory).map(({ code }) => code)).toEqual([
    'device-in-use',
    'reset-not-possible',
    'memory-misaligned',
    'memory-on-reserved-region',
  ]);
});

test('does not depend on the order of devices and groups in the inventory', () => {
  const inventory = host()
    .intelIommu({ interruptRemapping: false })
    .gpu('05:00.0', { group: 50 })
    .audio('05:00.1', { group: 50 })
    .nvme('05:00.2', { group: 50, blocks: [disk('sdq', { mounts: ['/'] })] })
    .pf('03:00.0', { driver: 'vfio-pci' })
    .vf('03:10.0', '03:00.0', 0)
    .vf('03:10.2', '03:00.0', 1)
    .build();
  const document: ManifestDocument = {
    version: 1,
    vms: {
      a: { devices: { gpu: '05:00.0', pf: '03:00.0' }, memory: [{ iova: 0, size: '4GiB' }] },
      b: { devices: { disk: { pci: '05:00.2', group: 'detach' } } },
    },
  };
  const expected = findings(document, inventory);
  expect(expected.length).toBeGreaterThan(4);
  fc.assert(
    fc.property(
      fc.shuffledSubarray(inventory.devices, { minLength: inventory.devices.length }),
      fc.shuffledSubarray(inventory.groups, { minLength: inventory.groups.length }),
      (devices, groups) => {
        expect(findings(document, { ...inventory, devices, groups })).toEqual(expected);
      },
    ),
    { numRuns: 50 },
  );
});

test('resolves and checks 1,000 of 10,000 devices in well under a second, four times as many in proportion', () => {
  const time = (count: number): number => {
    const builder = host().intelIommu();
    const address = (n: number) =>
      `${(n >> 8).toString(16).padStart(4, '0')}:${(n & 0xff).toString(16).padStart(2, '0')}:00.0`;
    for (let n = 0; n < count; n++) builder.nic(address(n), { resetMethods: ['bus'] });
    const inventory = builder.build();
    const devices = Object.fromEntries(Array.from({ length: count / 10 }, (_, n) => [`nic${n}`, address(n * 10)]));
    const memory = Array.from({ length: count / 10 }, (_, n) => ({ iova: `${n * 4 + 8192}MiB`, size: '4MiB' }));
    const began = performance.now();
    expect(findings({ version: 1, vms: { a: { devices, memory } } }, inventory)).toEqual([]);
    return performance.now() - began;
  };
  time(1000);
  const small = time(10_000);
  expect(small).toBeLessThan(900);
  expect(time(40_000)).toBeLessThan(Math.max(small, 20) * 16);
});
