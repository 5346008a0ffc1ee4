import type { PciDevice } from '../../model/index.ts';

/** What the kernel says of a PCI function in its `uevent` file (pci_uevent() in drivers/pci/pci-driver.c). */
export type Uevent = Pick<PciDevice, 'vendor' | 'device' | 'subsystem' | 'class' | 'driver'>;

/** Parses `uevent`; undefined where it is not a PCI function's. */
export function parseUevent(text: string): Uevent | undefined {
  // Printed as %04X, so the leading zeros of a class below 0x001000 are missing or not, depending on its value.
  const code = /^PCI_CLASS=([0-9A-F]{1,6})$/m.exec(text)?.[1];
  const ids = /^PCI_ID=([0-9A-F]{4}):([0-9A-F]{4})$/m.exec(text);
  if (code === undefined || !ids) return undefined;
  const [, vendor = '', device = ''] = ids;
  const subsystem = /^PCI_SUBSYS_ID=([0-9A-F]{4}):([0-9A-F]{4})$/m.exec(text);
  const [, subsystemVendor = '0000', subsystemDevice = '0000'] = subsystem ?? [];
  return {
    class: code.toLowerCase().padStart(6, '0'),
    vendor: vendor.toLowerCase(),
    device: device.toLowerCase(),
    // Bridges without the subsystem capability, and devices that leave the registers empty, have zeros.
    subsystem:
      subsystemVendor === '0000' && subsystemDevice === '0000'
        ? null
        : { vendor: subsystemVendor.toLowerCase(), device: subsystemDevice.toLowerCase() },
    driver: /^DRIVER=(.+)$/m.exec(text)?.[1] ?? null,
  };
}
