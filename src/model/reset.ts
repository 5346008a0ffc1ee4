import type { HostIndex, PciDevice } from './inventory.ts';

/** Methods that reset everything on a bus or in a slot. */
export const BUS_METHODS: ReadonlySet<string> = new Set(['bus', 'slot', 'cxl_bus']);

export const busOf = (device: PciDevice): string => device.sysfsPath.slice(0, device.sysfsPath.lastIndexOf('/'));

/**
 * The methods that can reset a function by itself, in the kernel's order. A bus is reset on behalf of one function only
 * where no other is on it (pci_parent_bus_reset and pci_dev_reset_slot_function in drivers/pci/pci.c answer ENOTTY). The
 * first function of a card has `bus` in its `reset_method` all the same: it was asked when the others were not there yet.
 *
 * @param beside the functions on its bus; itself may be among them.
 */
export const ownResetMethods = (device: PciDevice, beside: readonly PciDevice[]): readonly string[] =>
  beside.some(({ address }) => address !== device.address)
    ? device.resetMethods.filter((method) => !BUS_METHODS.has(method))
    : device.resetMethods;

/** {@link ownResetMethods} of a device of an inventory. */
export const resetMethodsOn = (host: HostIndex, device: PciDevice): readonly string[] =>
  ownResetMethods(device, host.below.get(busOf(device)) ?? []);
