import { whyNoDeviceText } from '../compiler/resolve/why-no-device.ts';
import { findPlatform } from '../devicetree/find-platform.ts';
import { type DeviceTreeNode, type HostDevice, type HostIndex, nearNames, parseBdf } from '../model/index.ts';

/** What `inspect DEVICE` is about; or a message that says why it is about nothing. */
export type Inspected =
  | { readonly kind: 'device'; readonly device: HostDevice }
  | { readonly kind: 'node'; readonly node: DeviceTreeNode; readonly why: string }
  | { readonly kind: 'absent'; readonly message: string };

/**
 * Finds what a user names: by PCI address, network interface or disk (with or without /dev/), or by any name that
 * `platform:` takes in a manifest. A node of the device tree without a Linux device can be looked at too.
 */
export function findInspected(host: HostIndex, text: string): Inspected {
  const address = parseBdf(text);
  const known = host.byAddress.get(address ?? text);
  if (known) return { kind: 'device', device: known };
  for (const device of host.byAddress.values()) {
    const names = [...device.netdevs, ...device.blocks].map(({ name }) => name);
    if (names.includes(diskName(text))) return { kind: 'device', device };
  }
  const found = findPlatform(host, text);
  switch (found.kind) {
    case 'device':
      return { kind: 'device', device: found.device };
    case 'node':
      return { kind: 'node', node: found.node, why: whyNoDeviceText(found.node, found.why, host) };
    case 'ambiguous': {
      const list = found.candidates.map(({ path }) => path).join(', ');
      return { kind: 'absent', message: `"${text}" may be several nodes of the device tree: ${list}.` };
    }
    case 'unknown':
      return { kind: 'absent', message: absenceOf(host, text, found.near) };
  }
}

const diskName = (text: string): string => text.replace(/^\/dev\//, '');

function absenceOf({ byAddress, inventory }: HostIndex, text: string, nearPlatform: readonly string[]): string {
  const names = [...byAddress.values()].flatMap((one) => [
    one.address as string,
    ...one.netdevs.map(({ name }) => name),
    ...one.blocks.map(({ name }) => name),
  ]);
  const near = [...new Set([...nearNames(diskName(text), ['groups', 'devices', ...names]), ...nearPlatform])];
  const hint = near.length === 0 ? '"vfio-compose inspect devices" lists them all.' : `Near it: ${near.join(', ')}.`;
  const tree = inventory.deviceTree ? ', node of the device tree' : '';
  return `this host has no device "${text}": no such address, network interface, disk${tree}. ${hint}`;
}
