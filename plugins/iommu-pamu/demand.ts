import {
  bytes,
  type DomainContext,
  type HostIndex,
  invariant,
  iova,
  parseSize,
  type PluginOptions,
  type ResolvedVm,
} from 'vfio-compose/plugin';
import { type Backend, identify } from './backend.ts';
import type { Demand } from './windows/breach.ts';
import type { Layout } from './windows/layout.ts';
import { planWindows, type WindowPlan } from './windows/plan-windows.ts';
import type { Pinned } from './windows/smallest.ts';

/** What a VM asks of a PAMU: its memory in the order of the manifest, and room for its banks. */
export const demandOf = (vm: ResolvedVm, host: HostIndex, { dialect, maxWindows }: Backend): Demand => ({
  regions: vm.memory.map(({ iova: first, size, pageSize }) => ({
    iova: first,
    size,
    contiguous: pageSize ?? bytes(host.inventory.kernel.pageSize),
  })),
  banks: vm.msi.banks,
  hardware: { maxWindows, partial: dialect === 'on-demand' },
});

/** `aperture` and `windows` of the options. Their shape is the schema's promise, their sizes the law of apertures'. */
export function pinnedOf(options: PluginOptions): Pinned {
  const { aperture, windows } = options as {
    readonly aperture?: { readonly start?: string | number | bigint; readonly size: string | number | bigint };
    readonly windows?: number | bigint;
  };
  return {
    ...(aperture === undefined
      ? {}
      : {
          aperture: {
            first: iova(parseSize(aperture.start ?? 0) ?? 0n),
            size: bytes(parseSize(aperture.size) ?? 0n),
          },
        }),
    ...(windows === undefined ? {} : { windows: Number(windows) }),
  };
}

/** The plan of a VM's windows; null where there is nothing to map, and where the kernel is not identified. */
export function windowPlanOf({ vm, host, options }: DomainContext): WindowPlan | null {
  const identified = identify(host);
  if (vm.memory.length === 0 || !('backend' in identified)) return null;
  return planWindows(demandOf(vm, host, identified.backend), pinnedOf(options));
}

/** What hooks build from: they run where no law found an error. */
export interface Settled {
  readonly backend: Backend;
  readonly demand: Demand;
  /** Null where there is nothing to map. */
  readonly layout: Layout | null;
}

/** The same context as the laws had, with nothing left open. */
export function settled(context: DomainContext): Settled {
  const identified = identify(context.host);
  invariant('backend' in identified, 'the kernel of a PAMU is not identified, and the laws passed');
  const { backend } = identified;
  const plan = windowPlanOf(context);
  const layout = plan?.layout ?? null;
  invariant(plan === null || layout !== null, 'the windows of a PAMU have no layout, and the laws passed');
  return { backend, demand: demandOf(context.vm, context.host, backend), layout };
}
