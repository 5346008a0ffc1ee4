import type { GuestDevice } from '../devicetree/guest/needs.ts';
import type { DeviceTree } from '../model/index.ts';
import { nodeAt } from './device-tree.ts';

/** A device for a guest's tree of which a manifest says nothing more. */
export const guestDevice = (tree: DeviceTree, path: string, more: Partial<GuestDevice> = {}): GuestDevice => ({
  name: path.replace(/.*\/([^/@]+)(@[^/]*)?$/, '$1'),
  node: nodeAt(tree, path),
  bus: 'platform',
  included: new Set(),
  base: null,
  interrupt: null,
  ...more,
});
