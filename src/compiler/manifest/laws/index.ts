import type { Diagnostic } from '../../../model/index.ts';
import type { MapNode } from '../../source/index.ts';
import type { Shape } from '../shape.ts';
import {
  irqsOnlyWithHold,
  ownersOnlyWithBind,
  pageSizeOnlyWithHugePages,
  sizesFit,
  somethingAssigned,
  vmsOrDevices,
} from './forms.ts';
import type { Law } from './law.ts';
import { oneSelectorEach } from './one-selector.ts';
import { onExitOnlyWithRun, processesStartable } from './process.ts';
import { regionsNamedOnce } from './regions.ts';

/** What a manifest must keep beyond its schema, before any host is looked at. */
const LAWS: readonly Law[] = [
  vmsOrDevices,
  somethingAssigned,
  oneSelectorEach,
  ownersOnlyWithBind,
  irqsOnlyWithHold,
  sizesFit,
  pageSizeOnlyWithHugePages,
  regionsNamedOnce,
  onExitOnlyWithRun,
  processesStartable,
];

export const checkLaws = (root: MapNode, shape: Pick<Shape, 'isFaulty'>): Diagnostic[] =>
  LAWS.flatMap((law) => law({ root, shape }));
