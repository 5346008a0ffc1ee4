import { type HostIndex, isPci, nearNames, type PlatformDevice, type DeviceTreeNode } from '../model/index.ts';
import { type NoDevice, whyNoDevice } from './linux-devices.ts';
import { findNode } from './naming.ts';

/** What a user's name for a platform device stands for on a host (R-NAME-1). */
export type PlatformLookup =
  | {
      readonly kind: 'device';
      readonly device: PlatformDevice;
      readonly by: 'name' | 'sysfs' | 'path' | 'alias' | 'label';
    }
  /** A node of the tree without a Linux device (R-NAME-2); `why` is null where Linux should have made one and has not. */
  | { readonly kind: 'node'; readonly node: DeviceTreeNode; readonly why: NoDevice | null }
  /** Several nodes, in the order of the tree (R-NAME-3). */
  | { readonly kind: 'ambiguous'; readonly candidates: readonly DeviceTreeNode[] }
  /** None; `near` has up to five names that may have been meant, looked for when it is read. */
  | { readonly kind: 'unknown'; readonly near: readonly string[] };

/** Where a running kernel shows its tree. */
const TREE_FOLDERS = ['/sys/firmware/devicetree/base', '/proc/device-tree'] as const;

/**
 * Finds a device of the platform, AMBA or another bus but PCI: by its Linux name, by a path below /sys (its own, one inside
 * it, a link of its bus or driver), by the path of its node, by alias, or by label. A node's path may be the one below
 * /sys/firmware/devicetree/base too.
 */
export function findPlatform(host: HostIndex, name: string): PlatformLookup {
  const folder = TREE_FOLDERS.find((prefix) => name === prefix || name.startsWith(`${prefix}/`));
  if (folder !== undefined) return inTree(host, name.slice(folder.length) || '/');
  const known = host.byAddress.get(name);
  if (known && !isPci(known)) return { kind: 'device', device: known, by: 'name' };
  if (name.startsWith('/sys/')) return inSysfs(host, name);
  return inTree(host, name);
}

const unknown = (near: () => readonly string[]): PlatformLookup => ({
  kind: 'unknown',
  get near() {
    return near();
  },
});

function inTree(host: HostIndex, name: string): PlatformLookup {
  const { tree } = host;
  const found = tree ? findNode(tree, name) : ({ kind: 'unknown', near: [] } as const);
  switch (found.kind) {
    case 'ambiguous':
      return found;
    case 'unknown':
      return unknown(() => [...new Set([...nearNames(name, linuxNames(host)), ...found.near])].slice(0, 5));
    case 'node': {
      const device = host.byTreePath.get(found.node.path);
      if (device) return { kind: 'device', device, by: found.by };
      return { kind: 'node', node: found.node, why: tree ? whyNoDevice(tree, found.node) : null };
    }
  }
}

function inSysfs(host: HostIndex, name: string): PlatformLookup {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  const path = `/${parts.join('/')}`;
  const inside = (device: PlatformDevice): boolean =>
    path === device.sysfsPath || path.startsWith(`${device.sysfsPath}/`);
  const [, top, bus, , ...rest] = parts;
  const devices = [...host.byAddress.values()].filter((device) => !isPci(device));
  const matching =
    top === 'bus'
      ? devices.filter((device) => device.bus === bus && rest.includes(device.address))
      : devices.filter(inside);
  // A device may stand below another one: the longest path is the innermost.
  const [device] = matching.sort((a, b) => b.sysfsPath.length - a.sysfsPath.length);
  if (device) return { kind: 'device', device, by: 'sysfs' };
  return unknown(() => nearNames(parts.at(-1) ?? '', linuxNames(host)));
}

function* linuxNames({ byAddress }: HostIndex): Iterable<string> {
  for (const device of byAddress.values()) if (!isPci(device)) yield device.address;
}
