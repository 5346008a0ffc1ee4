import { BUS_METHODS, type PciNeighbour, type ResetTarget } from 'vfio-compose/plugin';

/** How a function can be reset. */
export type ResetWay =
  /** VFIO_DEVICE_RESET, which resets nothing else. */
  | { readonly kind: 'alone'; readonly methods: readonly string[] }
  /** VFIO_DEVICE_PCI_HOT_RESET: everything that it hits is on VFIO, for one VM. In order of address. */
  | { readonly kind: 'whole-bus'; readonly vm: string; readonly functions: readonly PciNeighbour[] }
  /** Only with functions that are not on VFIO for the same VM: the kernel refuses. */
  | { readonly kind: 'with-others'; readonly vm: string | null; readonly others: readonly PciNeighbour[] }
  | { readonly kind: 'none' };

/**
 * Chooses among what the kernel has. A method that resets the function alone comes first, as nobody else is hit. Failing
 * that, the bus: whether it can be reset at all is what the `bus` of any function on it says. The first function of a card
 * lists it, since the kernel looks before it has found the others, and leaves it out where a quirk forbids bus resets
 * (pci_parent_bus_reset in drivers/pci/pci.c, quirk_no_bus_reset in drivers/pci/quirks.c).
 *
 * A hot reset wants every function below the bridge or in the slot to be bound to VFIO: no driver at all, pci-stub, or
 * pcieport is refused with EINVAL (vfio_pci_dev_set_resettable in drivers/vfio/pci/vfio_pci_core.c).
 */
export function wayOf({ pci, device }: Pick<ResetTarget, 'pci' | 'device'>): ResetWay {
  if (pci === null) return { kind: 'none' };
  const { neighbours, ownMethods } = pci;
  if (ownMethods.length > 0) return { kind: 'alone', methods: ownMethods };
  const canResetBus = neighbours.some((one) => one.device.resetMethods.some((method) => BUS_METHODS.has(method)));
  if (!canResetBus) return { kind: 'none' };
  const vm = neighbours.find((one) => one.device.address === device.address)?.vm ?? null;
  const others = neighbours.filter((one) => !one.held || one.vm !== vm);
  if (vm === null || others.length > 0) return { kind: 'with-others', vm, others };
  return { kind: 'whole-bus', vm, functions: neighbours };
}
