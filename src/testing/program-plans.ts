import { bytes, type HostInventory, indexHost, iova, type Plan, type ResolvedPlatformDevice } from '../model/index.ts';
import { fakeIommu, fakeReset, pluginSet } from './fake-plugins.ts';
import type { HostBuilder } from './host.ts';
import { spanAt } from './manifest.ts';
import { lowerFor } from './plan.ts';
import { midwayHost, platformPlan, platformVm, resolvedPlatform, smmuHost, XGBE, XGMAC } from './platform-plan.ts';
import { resolvedIommu, resolvedReset } from './resolved-iommu.ts';

type Wish = Partial<Omit<ResolvedPlatformDevice, 'device' | 'bus'>>;

/** A VM with one device, which the plugin of the XGMAC silences, and whose first interrupt is connected. */
const withProgram = (type: string, inventory: HostInventory, address: string, wish: Wish): Plan =>
  platformPlan(inventory, (index) => {
    const at = spanAt(['vms', 'edge', 'devices', address, 'irqs', 0]);
    const irqs = [{ index: 0, unmask: 'eventfd', at }] as const;
    const resetBy = resolvedReset('calxeda-xgmac');
    const iommu = resolvedIommu(type, { unsafeInterrupts: type !== 'noiommu' });
    return platformVm(type, [resolvedPlatform(index, address, { irqs, resetBy, ...wish })], { iommu });
  });

/** The network controller of {@link midwayHost}, without an IOMMU. */
export const xgmacPlan = (inventory: HostInventory = midwayHost().build(), wish: Wish = {}): Plan =>
  withProgram('noiommu', inventory, XGMAC, wish);

/** A network controller of {@link smmuHost}, behind an IOMMU, with the program of another: nobody looks what it is. */
export const silencedPlan = (inventory: HostInventory = smmuHost().build(), wish: Wish = {}): Plan =>
  withProgram('type1v2', inventory, XGBE, wish);

/** The extension of {@link windowsPlan}'s IOMMU model. */
export const WINDOWS = 0x1001;

/** {@link smmuHost} with an IOMMU backend that is not of the mainline kernel. */
export const windowsHost = (): HostBuilder =>
  smmuHost().vfio({ backends: [{ name: 'windows', extension: WINDOWS, properties: { dialect: 'explicit' } }] });

/** A VM whose IOMMU takes two calls of its own, one of them taken back. */
export function windowsPlan(): Plan {
  const index = indexHost(windowsHost().build());
  const [backend] = index.inventory.vfio.backends ?? [];
  const ioctl = { kind: 'ioctl', request: 'VFIO_IOMMU_SET_ATTR', number: 21, meaning: 'two windows' } as const;
  const fields = [{ name: 'windows', width: 4, value: 2n }] as const;
  const undo = { ...ioctl, number: 22, fields, cause: 'the windows go' };
  const iommu = fakeIommu('windows', {
    models: [{ name: 'windows', extension: null }],
    backend: () => backend,
    configure: () => [{ ...ioctl, fields, subject: 'windows', cause: 'the memory fits', undo }],
    mappings: () => [{ memory: 0, offset: bytes(0), iova: iova(0n), size: bytes(4 << 20) }],
  });
  const reset = fakeReset('off');
  const resetBy = { plugin: reset, because: 'the test says so', options: {}, at: spanAt(['reset']) };
  const resolved = { type: 'windows', extension: WINDOWS, isolates: true, plugins: [iommu], options: {} };
  const vm = platformVm('type1v2', [resolvedPlatform(index, XGBE, { resetBy })], {
    iommu: { ...resolved, unsafeInterrupts: false, at: spanAt(['iommu']) },
  });
  const plugins = pluginSet({ reset: [reset], iommu: [iommu] });
  const { value, diagnostics } = lowerFor(
    { name: 'tested', vms: [vm], virtualFunctions: [] },
    index,
    undefined,
    plugins,
  );
  if (!value) throw new Error(`the VM of the test cannot be lowered: ${diagnostics[0]?.detail}`);
  return value;
}
