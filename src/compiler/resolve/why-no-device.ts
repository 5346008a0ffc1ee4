import type { NoDevice } from '../../devicetree/index.ts';
import { type DeviceTreeNode, unreachable } from '../../model/index.ts';
import type { HostIndex } from '../../model/index.ts';

/**
 * Why a node of the tree has no Linux device, and what to do about it, in sentences (R-NAME-2).
 *
 * @param why null where Linux would make one at boot, and this host has none.
 */
export function whyNoDeviceText(node: DeviceTreeNode, why: NoDevice | null, host: HostIndex): string {
  const { path } = node;
  switch (why?.kind) {
    case undefined:
      return `The device tree has ${path}, and Linux would make a device of it at boot; on this host there is none. Something may have removed it, or the tree was changed since.`;
    case 'root':
      return 'The root of the device tree is the machine, not a device.';
    case 'disabled':
      return `${path} is switched off: the "status" of ${why.at === node ? 'the node' : why.at.path} is not "okay". Firmware or an overlay has to switch it on.`;
    case 'no-compatible':
      return `${path} has no "compatible", so Linux makes no device of it: it only describes a part of ${node.parent?.path ?? 'the machine'}. Name the device that it is a part of.`;
    case 'set-up-early':
      return `${path} is an interrupt controller or a clock that Linux takes into use before it makes devices. The host cannot do without it.`;
    case 'passed-over':
      return `${path} is a table of data, which Linux passes over.`;
    case 'no-address':
      return `${path} is an AMBA device without registers that the CPU can reach, so Linux makes no device of it.`;
    case 'other-bus':
      return otherBus(path, why);
    case 'made-by-parent-driver':
      return madeByDriver(path, why, host);
    case 'outside':
      return `${path} is below ${why.below.path}, which is neither a bus nor a device: Linux makes no devices there.`;
    case 'name-taken':
      return `Linux would call it ${why.name}, and so it calls ${why.by.path}: only the first node gets a device.`;
    default:
      return unreachable(why);
  }
}

function otherBus(path: string, { bus, controller }: NoDevice & { kind: 'other-bus' }): string {
  switch (bus) {
    case 'pci':
      return `${path} is a PCI function below the host bridge ${controller.path}. Name it by its PCI address, with "pci".`;
    case 'fsl-mc':
    case 'cdx':
      return `${path} is below ${controller.path}, whose devices are on the bus ${bus}. They cannot be assigned by this version.`;
    case 'i2c':
    case 'i3c':
    case 'spi':
    case 'mdio':
    case 'usb':
    case 'mmc':
    case 'serial':
    case '1-wire':
      return `${path} is a device of the ${bus} bus behind ${controller.path}. VFIO gives away the controller with all that is on its bus, not what is behind it.`;
    default:
      return unreachable(bus);
  }
}

function madeByDriver(
  path: string,
  { parent, name, known }: NoDevice & { kind: 'made-by-parent-driver' },
  host: HostIndex,
): string {
  const device = host.byTreePath.get(parent.path);
  const driver = device?.driver ?? null;
  const where = `${path} is below ${parent.path}, which is a device and no bus, so that only the driver of ${device?.address ?? parent.path} can make a device of it`;
  if (driver !== null) {
    return `${where}. That is bound to ${driver}, which has made none: it is a part of that device, and goes with it.`;
  }
  const then = known ? `Its driver would make one, ${name}` : `A driver that does so would call it ${name}`;
  return `${where}, and that has no driver. ${then}: bind the driver of ${device?.address ?? parent.path} first, or assign ${parent.path} with this node as a part of it.`;
}
