import { stringsOf } from '../cells.ts';
import type { Trigger } from '../interrupt-specifier.ts';
import { interruptParent } from '../interrupts.ts';
import type { DeviceTreeNode } from '../../model/index.ts';
import type { GuestContext } from './context.ts';
import { interruptsGiven, type GuestDevice } from './needs.ts';
import { cells, property, remark, strings, type GuestLine } from './node.ts';

/** The properties that say how a node interrupts. */
export const INTERRUPT_PROPERTIES: ReadonlySet<string> = new Set([
  'interrupts',
  'interrupts-extended',
  'interrupt-names',
  'interrupt-parent',
  'interrupt-map',
  'interrupt-map-mask',
]);

/** The first cell of a GIC's specifier for a shared peripheral interrupt, and the last for its two triggers. */
const SPI = 0;
const EDGE_RISING = 1;
const LEVEL_HIGH = 4;

/**
 * How the guest sees the interrupts of an assigned device: those that VFIO gives, with numbers of the guest. VFIO turns
 * each into an event, so that only the kind of trigger is left: a GIC takes rising edges and high levels alone.
 */
export function deviceInterrupts(context: GuestContext, device: GuestDevice, first: number): GuestLine[] {
  const { tree, controller } = context;
  const { node } = device;
  const given = interruptsGiven(tree, device);
  const lines: GuestLine[] = [];
  if (given.length > 0) {
    lines.push(property('interrupt-parent', cells({ label: controller })));
    const triggers = given.map(({ trigger }) => (isEdge(trigger) ? EDGE_RISING : LEVEL_HIGH));
    lines.push(property('interrupts', cells(...triggers.flatMap((trigger, index) => [SPI, first + index, trigger]))));
    const guessed = given.filter(({ trigger }) => trigger === 'unknown').length;
    if (guessed > 0) {
      lines.push(remark(`interrupts: the tree does not say how ${guessed} of them trigger; taken for level`));
    }
    const names = stringsOf(node, 'interrupt-names').slice(0, given.length);
    if (names.length > 0) lines.push(property('interrupt-names', strings(names)));
  }
  return [...lines, ...droppedMap(node)];
}

/** The interrupts of a node that is no device: only those that end at a controller which goes along. */
export function partInterrupts(context: GuestContext, node: DeviceTreeNode): GuestLine[] {
  const { tree, inside, labels, labelFor } = context;
  const asks = node.properties.has('interrupts') || node.properties.has('interrupts-extended');
  const raw = node.properties.get('interrupts');
  const parent = asks ? interruptParent(tree, node) : null;
  if (raw && !node.properties.has('interrupts-extended') && parent && inside.has(parent) && !isNexus(parent)) {
    const names = node.properties.get('interrupt-names');
    return [
      property('interrupt-parent', cells({ label: labels.give(parent, labelFor(parent)) })),
      property('interrupts', raw),
      ...(names ? [property('interrupt-names', names)] : []),
      ...droppedMap(node),
    ];
  }
  return [
    ...(asks ? [remark('interrupts: left out, VFIO gives those of Linux devices only')] : []),
    ...droppedMap(node),
  ];
}

/** Whether a node passes interrupts on through a map, which the guest does not get. */
export const isNexus = (node: DeviceTreeNode): boolean => node.properties.has('interrupt-map');

const droppedMap = (node: DeviceTreeNode): GuestLine[] =>
  isNexus(node) ? [remark('interrupt-map: left out, it leads to controllers of the host')] : [];

const isEdge = (trigger: Trigger): boolean => trigger.startsWith('edge');
