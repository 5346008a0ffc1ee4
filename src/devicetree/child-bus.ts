import { busOf } from './bus.ts';
import { baseName, sizeCells, u32Of } from './cells.ts';
import { compatibleOf } from './compatible.ts';
import type { DeviceTreeNode } from '../model/index.ts';

/** A bus that is not the platform bus: its children are devices of that bus, and named by its driver. */
export type OtherBus = 'pci' | 'fsl-mc' | 'cdx' | 'i2c' | 'i3c' | 'spi' | 'mdio' | 'usb' | 'mmc' | 'serial' | '1-wire';

/** By the name that the devicetree specification recommends for the node of a controller. */
const BY_NAME: readonly (readonly [RegExp, OtherBus])[] = [
  [/^i2c(-|$|\d)/, 'i2c'],
  [/^i3c/, 'i3c'],
  [/^(q|x|o)?spi(-|$|\d)/, 'spi'],
  [/^mdio/, 'mdio'],
  [/^(usb|ehci|ohci|xhci|hub)(-|$|\d)/, 'usb'],
  [/^(mmc|sdhci|sdhc|sdmmc|dwmmc)/, 'mmc'],
  [/^(serial|uart)/, 'serial'],
  [/^onewire/, '1-wire'],
];
const BY_COMPATIBLE: ReadonlyMap<string, OtherBus> = new Map([
  ['fsl,qoriq-mc', 'fsl-mc'],
  ['xlnx,versal-net-cdx', 'cdx'],
  ['fsl-i2c', 'i2c'],
  ['fsl,fman-mdio', 'mdio'],
  ['fsl,fman-xmdio', 'mdio'],
  ['fsl,fman-memac-mdio', 'mdio'],
]);

/**
 * The bus that the children of a node are on, where it is not the platform bus; null where nothing says so. The names of
 * nodes are a custom, so this explains why there is no platform device and decides nothing.
 */
export function otherBusOf(node: DeviceTreeNode): OtherBus | null {
  for (const compatible of compatibleOf(node)) {
    const bus = BY_COMPATIBLE.get(compatible);
    if (bus) return bus;
  }
  if (busOf(node).kind === 'pci') return 'pci';
  const bus = BY_NAME.find(([pattern]) => pattern.test(baseName(node)))?.[1] ?? null;
  if (bus === 'serial') return bus;
  // Children with registers of memory are parts of a controller, such as the DWC3 core below its glue.
  return bus && u32Of(node, '#address-cells') !== null && sizeCells(node) === 0 ? bus : null;
}
