import type { DeviceTree, DeviceTreeNode } from '../../model/index.ts';
import type { Labels } from './labels.ts';
import type { PlacedUnit } from './layout.ts';
import type { GuestDevice } from './needs.ts';

/** What is known while the nodes of one unit are made. */
export interface GuestContext {
  readonly tree: DeviceTree;
  readonly unit: PlacedUnit;
  /** The nodes that go along, the unit's own among them. */
  readonly inside: ReadonlySet<DeviceTreeNode>;
  /** The assigned devices of the unit by their nodes. */
  readonly devices: ReadonlyMap<DeviceTreeNode, GuestDevice>;
  readonly labels: Labels;
  /** The label that a node would get. */
  readonly labelFor: (node: DeviceTreeNode) => string;
  /** Label of the guest's interrupt controller. */
  readonly controller: string;
}
