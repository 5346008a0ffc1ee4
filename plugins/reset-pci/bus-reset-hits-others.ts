import {
  defineDiagnostic,
  describeDevice,
  isVfioDriver,
  type PciNeighbour,
  type PluginLaw,
  type ResetLawContext,
} from 'vfio-compose/plugin';
import { wayOf } from './way.ts';
import { handedOver, titleOf } from './words.ts';

export const busResetHitsOthers = defineDiagnostic({
  code: 'bus-reset-hits-others',
  severity: 'error',
  category: 'safety',
  summary: 'A reset would hit devices of another owner',
  explanation: `The only reset that this device has is that of its whole bus or slot, which resets every function there
(VFIO_DEVICE_PCI_HOT_RESET). It is for the owner of all of them alone. The kernel refuses it with EINVAL unless every
function that would be hit is bound to VFIO and in a group that the caller holds (vfio_pci_dev_set_resettable and
vfio_pci_dev_set_hot_reset in drivers/vfio/pci/vfio_pci_core.c). A device whose reset is required can therefore not be
given away here.

The functions that would be hit are listed, each with who has it. Ways out:

- Give them to the same VM. Name them in the manifest; \`group: take\` does it for those of the same IOMMU group.
  \`group: detach\` is not enough: a function without a driver, or on pci-stub, leaves the group viable and the reset
  refused.
- Put the card where it is alone on its bus.
- Accept a device that is not reset, with \`reset: preferred\` (a warning) or \`reset: none\`.

A bridge beside the device cannot be given to a VM, so behind such a card nothing is reset this way.`,
});

/** How many functions are listed; the rest is counted. */
const LISTED = 16;

/** A reset that is required is not one of a bus with functions of another owner (R-RESET-5). */
export const busResetHitsOthersLaw: PluginLaw<ResetLawContext> = {
  id: 'bus-reset-hits-others',
  reports: [busResetHitsOthers],
  *check({ target, entry }) {
    if (entry.reset === 'none') return;
    const way = wayOf(target);
    if (way.kind !== 'with-others') return;
    const { others } = way;
    const hit = others.length === 1 ? 'a function' : `${others.length} functions`;
    const why = `The only reset of ${titleOf(entry)} is that of its whole bus, and it would hit ${hit} beside it that this plan does not hold for ${entry.vm}, so the kernel refuses it.`;
    const waysOut =
      'Give the whole card to one VM, put it where it is alone on its bus, or accept a device that is not reset: "reset: preferred" or "reset: none".';
    yield busResetHitsOthers({
      ...handedOver(entry, why, waysOut),
      at: entry.selectorAt,
      related: [
        ...others
          .slice(0, LISTED)
          .map((one) => ({ message: `${describeDevice(one.device)}: ${ownerOf(one, way.vm)}` })),
        ...(others.length > LISTED ? [{ message: `… and ${others.length - LISTED} more` }] : []),
      ],
    });
  },
};

/** Who has a function that is in the way. */
function ownerOf({ device, vm, held }: PciNeighbour, ours: string | null): string {
  if (vm !== null && vm !== ours) return `goes to ${vm}`;
  if (vm !== null && !held) return 'only loses its driver; it must be on VFIO as well';
  if (device.header === 'bridge') return 'a bridge, which no VM can have';
  if (device.driver === null || device.driver === 'pci-stub') return 'used by nobody; it must be on VFIO as well';
  return isVfioDriver(device.driver) ? 'on VFIO, and not of this plan' : 'stays with the host';
}
