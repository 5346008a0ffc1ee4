import type { HostFiles } from './host-files.ts';

/** Where extended capabilities begin; only root may read configuration space from byte 64 on. */
const EXTENDED_SPACE = 0x100;
const CONFIGURATION_SPACE = 0x1000;
/** Device Serial Number, include/uapi/linux/pci_regs.h (PCI_EXT_CAP_ID_DSN). */
const SERIAL_CAPABILITY = 0x0003;

/**
 * A device's serial number: from its PCI Express capability, or for an NVMe controller from the controller. Reads no
 * more of configuration space than the list of capabilities: every four bytes are an access to the device.
 */
export function readDeviceSerial(files: HostFiles, directory: string, entries: readonly string[]): string | null {
  const serial = serialCapability((offset, length) => files.bytes(`${directory}/config`, offset, length));
  if (serial !== null) return serial;
  const controller = entries.includes('nvme') ? files.names(`${directory}/nvme`)[0] : undefined;
  return controller === undefined ? null : files.attribute(`${directory}/nvme/${controller}/serial`)?.trim() || null;
}

/** Finds the serial number among the extended capabilities, spelled as lspci does. `read` may give less than asked. */
export function serialCapability(read: (offset: number, length: number) => Buffer | null): string | null {
  let at = EXTENDED_SPACE;
  // A broken list may point at itself; there is room for no more than this many.
  for (let seen = 0; seen < CONFIGURATION_SPACE / 8 && at >= EXTENDED_SPACE; seen++) {
    const entry = read(at, 4);
    const header = entry?.length === 4 ? entry.readUInt32LE(0) : 0;
    if (header === 0 || header === 0xffff_ffff) return null;
    if ((header & 0xffff) === SERIAL_CAPABILITY) {
      const number = read(at + 4, 8);
      const digits = number?.length === 8 ? number.readBigUInt64LE(0).toString(16).padStart(16, '0') : null;
      return digits?.replace(/..(?!$)/g, '$&-') ?? null;
    }
    at = (header >>> 20) & 0xffc;
  }
  return null;
}
