import type { HostFiles } from './host-files.ts';

/** Where extended capabilities begin; only root may read configuration space from byte 64 on. */
const EXTENDED_SPACE = 0x100;
const CONFIGURATION_SPACE = 0x1000;
/** Device Serial Number, include/uapi/linux/pci_regs.h (PCI_EXT_CAP_ID_DSN). */
const SERIAL_CAPABILITY = 0x0003;

/** A device's serial number: from its PCI Express capability, or for an NVMe controller from the controller. */
export function readDeviceSerial(files: HostFiles, directory: string, entries: readonly string[]): string | null {
  const space = files.bytes(`${directory}/config`, EXTENDED_SPACE, CONFIGURATION_SPACE - EXTENDED_SPACE);
  const serial = space === null ? null : serialCapability(space);
  if (serial !== null) return serial;
  const controller = entries.includes('nvme') ? files.names(`${directory}/nvme`)[0] : undefined;
  return controller === undefined ? null : files.attribute(`${directory}/nvme/${controller}/serial`)?.trim() || null;
}

/** Finds the serial number in extended configuration space (offset 0x100 on), spelled as lspci does. */
export function serialCapability(space: Buffer): string | null {
  let at = 0;
  // A broken list may point at itself; there is room for no more than this many.
  for (let seen = 0; seen < CONFIGURATION_SPACE / 8 && at >= 0 && at + 12 <= space.length; seen++) {
    const header = space.readUInt32LE(at);
    if (header === 0 || header === 0xffff_ffff) return null;
    if ((header & 0xffff) === SERIAL_CAPABILITY) {
      const number = (BigInt(space.readUInt32LE(at + 8)) << 32n) | BigInt(space.readUInt32LE(at + 4));
      const digits = number.toString(16).padStart(16, '0');
      return digits.replace(/..(?!$)/g, '$&-');
    }
    at = ((header >>> 20) & 0xffc) - EXTENDED_SPACE;
  }
  return null;
}
