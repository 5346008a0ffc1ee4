import { baseName, propertyCells, u32Of } from './cells.ts';
import { translateAddress } from './translate.ts';
import type { DeviceTree, DeviceTreeNode } from '../model/index.ts';

/**
 * The name that Linux gives to the device of a node, whether or not it makes one: `ffe210000.usb`, or for a node without
 * an address its own name behind those of the nodes above it, up to one with an address: `ffe200000.pcie:pcie@0`
 * (of_device_make_bus_id in drivers/of/device.c). Empty for the root.
 */
export function linuxNameOf(tree: DeviceTree, node: DeviceTreeNode): string {
  let rest = '';
  for (let at = node; at.parent; at = at.parent) {
    const reg = at.properties.has('reg') ? propertyCells(at, 'reg') : null;
    const place = reg && translateAddress(tree, at, reg);
    if (place?.kind === 'address') {
      const mask = u32Of(at, 'mask');
      const bit = mask === null ? '' : `.${firstBit(mask)}`;
      return `${place.address.toString(16)}${bit}.${baseName(at)}${rest && `:${rest}`}`;
    }
    rest = rest ? `${at.name}:${rest}` : at.name;
  }
  return rest;
}

/** `ffs(mask) - 1`, printed as the kernel prints it: unsigned, in hexadecimal. */
function firstBit(mask: number): string {
  return (mask === 0 ? 0xffff_ffff : 31 - Math.clz32(mask & -mask)).toString(16);
}
