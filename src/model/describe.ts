import type { HostDevice } from './inventory.ts';

/** Class and subclass in words, after the PCI Code and ID Assignment Specification; where none is known, the class alone. */
const CLASSES: Readonly<Record<string, string>> = {
  '00': 'unclassified device',
  '01': 'storage controller',
  '0101': 'IDE controller',
  '0104': 'RAID controller',
  '0106': 'SATA controller',
  '0107': 'SAS controller',
  '0108': 'NVMe controller',
  '02': 'network controller',
  '0200': 'Ethernet controller',
  '0207': 'InfiniBand controller',
  '03': 'display controller',
  '0300': 'VGA controller',
  '0302': '3D controller',
  '04': 'multimedia controller',
  '0403': 'audio controller',
  '05': 'memory controller',
  '06': 'bridge',
  '0600': 'host bridge',
  '0601': 'ISA bridge',
  '0604': 'PCI bridge',
  '07': 'communication controller',
  '0700': 'serial controller',
  '08': 'system peripheral',
  '0806': 'IOMMU',
  '09': 'input controller',
  '0b': 'processor',
  '0b40': 'co-processor',
  '0c': 'serial bus controller',
  '0c03': 'USB controller',
  '0c05': 'SMBus controller',
  '0d': 'wireless controller',
  '0d80': 'wireless controller',
  '11': 'signal processing controller',
  '12': 'processing accelerator',
};

/** A class code in words: `020000` is an `Ethernet controller`. */
export const describeClass = (code: string): string =>
  CLASSES[code.slice(0, 4)] ?? CLASSES[code.slice(0, 2)] ?? `device of class ${code}`;

/** What a device is, in words: its class on PCI, its node in the device tree elsewhere. */
export function describeKind(device: HostDevice): string {
  if (device.bus === 'pci') return describeClass(device.class);
  return device.treePath === null ? `${device.bus} device` : `${device.bus} device ${device.treePath}`;
}

/** One line that tells a device from its neighbours: address, ids, what it is in words, driver, physical slot. */
export function describeDevice(device: HostDevice): string {
  const driver = device.driver === null ? 'no driver' : `driver ${device.driver}`;
  if (device.bus !== 'pci') return `${device.address} ${describeKind(device)}, ${driver}`;
  const slot = device.slot === null ? '' : `, slot ${device.slot}`;
  return `${device.address} ${device.vendor}:${device.device} ${describeClass(device.class)}, ${driver}${slot}`;
}
