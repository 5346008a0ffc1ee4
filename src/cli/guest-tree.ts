import { guestDevicesOf } from '../devicetree/guest/assigned.ts';
import { layoutGuest } from '../devicetree/guest/layout.ts';
import { noRoomFor } from '../devicetree/guest/no-room.ts';
import { guestOverlay, LABEL, overlayHeader } from '../devicetree/guest/overlay.ts';
import {
  type Diagnostic,
  indexHost,
  type HostInventory,
  type ResolvedManifest,
  type ResolvedVm,
} from '../model/index.ts';
import { UsageError } from './verb.ts';

export interface GuestTreeRequest {
  /** `--vm`: which of several. */
  readonly vm: string | undefined;
  /** `--guest-intc`: label of the interrupt controller in the guest's tree. */
  readonly controller: string;
}

/**
 * The source of the overlay for one VM's guest, or what stands in its way. Throws {@link UsageError} where the command
 * line does not say which VM, since one document is for one guest.
 */
export function guestTree(
  manifest: ResolvedManifest,
  inventory: HostInventory,
  { vm: wanted, controller }: GuestTreeRequest,
): { readonly source: string } | { readonly diagnostics: readonly Diagnostic[] } {
  if (!LABEL.test(controller)) {
    throw new UsageError(`--guest-intc takes a label of the guest's tree, such as intc, not "${controller}"`);
  }
  const { tree, inventory: host } = indexHost(inventory);
  const eligible = manifest.vms.filter((vm) => tree && guestDevicesOf(tree, vm).size > 0);
  const vm = chooseVm(manifest.vms, eligible, wanted);
  if (!tree || !vm) throw new UsageError('-o dts is for platform devices that have a node, and this plan has none');
  const devices = guestDevicesOf(tree, vm);
  const { units, noRoom } = layoutGuest(tree, [...devices.keys()], BigInt(host.kernel.pageSize));
  if (noRoom.length > 0) {
    return { diagnostics: noRoom.map((one) => noRoomFor(one, devices.get(one.device)?.at)) };
  }
  return { source: guestOverlay({ tree, units, controller, header: overlayHeader(vm.name, units, controller) }) };
}

function chooseVm(
  all: readonly ResolvedVm[],
  eligible: readonly ResolvedVm[],
  wanted: string | undefined,
): ResolvedVm | undefined {
  if (wanted !== undefined) {
    if (!all.some(({ name }) => name === wanted)) {
      throw new UsageError(`--vm: the manifest has no VM "${wanted}", but ${all.map(({ name }) => name).join(', ')}`);
    }
    return eligible.find(({ name }) => name === wanted);
  }
  if (eligible.length > 1) {
    const names = eligible.map(({ name }) => name).join(', ');
    throw new UsageError(`-o dts writes the tree of one guest: choose one of ${names} with --vm`);
  }
  return eligible[0];
}
