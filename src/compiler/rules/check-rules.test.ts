import fc from 'fast-check';
import { expect, test } from 'vitest';
import { indexHost } from '../../model/index.ts';
import type { HostIndex, HostInventory, ManifestDocument } from '../../model/index.ts';
import { disk, host, manifestFrom, netdev } from '../../testing/index.ts';
import { testPlugins } from '../../testing/plugins.ts';
import { checkPluginLaws } from '../plugins/laws.ts';
import { resolveManifest } from '../resolve/resolve.ts';
import { checkRules } from './index.ts';

const findings = (document: ManifestDocument, inventory: HostInventory, index: HostIndex = indexHost(inventory)) => {
  const { value, diagnostics } = resolveManifest(manifestFrom(document), index, testPlugins);
  if (!value) return diagnostics;
  const rules = checkRules({ manifest: value, host: index, running: [] });
  return [...diagnostics, ...rules, ...checkPluginLaws(value, index, testPlugins)];
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
    .nic('01:00.0', { netdevs: [netdev('wan3', { defaultRoute: true })] })
    .build();
  const document = {
    version: 1 as const,
    vms: { a: { devices: { x: '01:00.0' }, memory: [{ iova: 1, size: '4GiB' }] } },
  };
  expect(findings(document, inventory).map(({ code }) => code)).toEqual([
    'device-in-use',
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

/** How often an element of a list of the host was looked at. */
interface Looks {
  count: number;
}

function countedArray<T>(items: readonly T[], looks: Looks): T[] {
  return new Proxy([...items], {
    get(target, key, receiver) {
      if (typeof key === 'string' && /^\d+$/.test(key)) looks.count += 1;
      return Reflect.get(target, key, receiver) as unknown;
    },
  });
}

/** A map in which finding is free, and going through it is counted. */
class CountedMap<K, V> extends Map<K, V> {
  constructor(
    items: ReadonlyMap<K, V>,
    private readonly looks: Looks,
  ) {
    super();
    for (const [key, value] of items) this.set(key, value);
  }

  override entries(): MapIterator<[K, V]> {
    this.looks.count += this.size;
    return super.entries();
  }

  override values(): MapIterator<V> {
    this.looks.count += this.size;
    return super.values();
  }

  override keys(): MapIterator<K> {
    this.looks.count += this.size;
    return super.keys();
  }

  override [Symbol.iterator](): MapIterator<[K, V]> {
    return this.entries();
  }
}

function countedIndex(inventory: HostInventory, looks: Looks): HostIndex {
  const counted = {
    ...inventory,
    devices: countedArray(inventory.devices, looks),
    groups: countedArray(inventory.groups, looks),
  };
  const { byAddress, pciByAddress, byTreePath, groups, members, below, tree } = indexHost(counted);
  const map = <K, V>(items: ReadonlyMap<K, V>) => new CountedMap(items, looks);
  return {
    inventory: counted,
    byAddress: map(byAddress),
    pciByAddress: map(pciByAddress),
    byTreePath: map(byTreePath),
    groups: map(groups),
    members: map(members),
    below: map(below),
    tree,
  };
}

test('goes through the devices and groups of a host a number of times that does not grow with what is assigned', () => {
  const looksAt = (assigned: number): number => {
    const builder = host().intelIommu();
    const address = (n: number) => `${n.toString(16).padStart(4, '0')}:01:00.0`;
    for (let n = 0; n < 400; n++) builder.nic(address(n));
    const looks = { count: 0 };
    const index = countedIndex(builder.build(), looks);
    const devices = Object.fromEntries(Array.from({ length: assigned }, (_, n) => [`nic${n}`, address(n * 4)]));
    const memory = Array.from({ length: assigned }, (_, n) => ({ iova: `${n * 4 + 8192}MiB`, size: '4MiB' }));
    expect(findings({ version: 1, vms: { a: { devices, memory } } }, index.inventory, index)).toEqual([]);
    return looks.count;
  };
  const forFew = looksAt(10);
  expect(forFew).toBeGreaterThan(0);
  // A search for each of the ninety others would be ninety times 400 more.
  expect(looksAt(100)).toBeLessThan(forFew + 400);
});
