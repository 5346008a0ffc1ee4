import type { FuzzTarget } from '../target.ts';
import { deviceTreeTarget } from './device-tree.ts';
import { manifestTarget } from './manifest.ts';
import { planTarget } from './plan.ts';
import { snapshotTarget } from './snapshot.ts';
import { stateTarget } from './state.ts';

/** The five inputs that somebody else may have written. */
export const targets: readonly FuzzTarget[] = [
  manifestTarget,
  snapshotTarget,
  planTarget,
  deviceTreeTarget,
  stateTarget,
];
