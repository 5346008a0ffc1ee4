import type { Manifest, ManifestDocument, VmManifest } from '../../src/model/index.ts';
import { pick, type Random } from '../../src/testing/lockstep/random.ts';
import { manifestFrom } from '../../src/testing/manifest.ts';
import type { RandomHost } from './random-host.ts';

type DeviceEntry = NonNullable<VmManifest['devices']>[string];

/** A manifest for some devices of a host. Many are refused by the compiler, as many of those of a user are. */
export function randomManifest(random: Random, name: string, { kind, devices }: RandomHost): Manifest {
  const chance = (percent: number): boolean => random(100) < percent;
  const left = [...devices];
  const vms: Record<string, VmManifest> = {};
  for (const vm of chance(30) ? ['one', 'two'] : ['one']) {
    const entries: Record<string, DeviceEntry> = {};
    for (let index = 0; index <= random(2) && left.length > 0; index++) {
      const [address = ''] = left.splice(random(left.length), 1);
      entries[`d${index}`] = {
        ...(kind === 'pci' ? { pci: address } : { platform: address }),
        ...(chance(40) ? { reset: pick(random, ['required', 'preferred', 'none'] as const) } : {}),
        ...(chance(50) ? { group: pick(random, ['take', 'detach'] as const) } : {}),
        ...(chance(30) ? { irqs: [{ index: kind === 'pci' ? 'msix' : 0 }] } : {}),
      } as DeviceEntry;
    }
    const bind = chance(35);
    vms[vm] = {
      devices: entries,
      ...(kind === 'no-iommu' ? { iommu: 'noiommu' } : {}),
      ...(kind === 'smmu' ? { iommu: { type: 'type1v2', unsafeInterrupts: true } } : {}),
      ...(bind ? { handoff: { mode: 'bind', user: 1000 } } : {}),
      ...(kind === 'no-iommu' || bind ? {} : { memory: [{ iova: '0x40000000', size: '4MiB' }] }),
    } as VmManifest;
  }
  return manifestFrom({ version: 1, name, vms } as ManifestDocument);
}
