import { hex, type DeviceTree } from '../../model/index.ts';
import { guestFragment } from './fragment.ts';
import { Labels } from './labels.ts';
import type { PlacedUnit } from './layout.ts';
import { cells, comment, printNode, property, strings, type GuestNode } from './node.ts';

export interface GuestOverlayInput {
  readonly tree: DeviceTree;
  readonly units: readonly PlacedUnit[];
  /** Label of the interrupt controller in the guest's tree: a GIC, with three cells for an interrupt. */
  readonly controller: string;
  /** Lines above the source: who made it, for whom. */
  readonly header: readonly string[];
}

/** What the labels of a guest's tree may be. */
export const LABEL = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * The devices of a VM as the source of an overlay for the guest's tree. They stand below its root, where Linux
 * looks for devices.
 */
export function guestOverlay({ tree, units, controller, header }: GuestOverlayInput): string {
  const labels = new Labels([controller]);
  // Devices first: their labels are the names that the manifest gives them, whatever else would like to be called so.
  for (const { device, inside } of units) {
    for (const { node, name } of [device, ...inside]) labels.give(node, name);
  }
  const nodes = units.map((unit) => guestFragment(tree, unit, labels, controller));
  const overlay: GuestNode = {
    name: '__overlay__',
    source: null,
    lines: nodes.some(hasRegisters) ? [property('#address-cells', cells(2)), property('#size-cells', cells(2))] : [],
    children: nodes,
  };
  const fragment: GuestNode = {
    name: 'fragment@0',
    source: null,
    lines: [property('target-path', strings(['/']))],
    children: [overlay],
  };
  const root: GuestNode = { name: '/', source: null, lines: [], children: [fragment] };
  return [...header.map(comment), '/dts-v1/;', '/plugin/;', '', ...printNode(root, labels, 0), ''].join('\n');
}

const hasRegisters = ({ lines }: GuestNode): boolean =>
  lines.some((line) => line.kind === 'property' && (line.name === 'reg' || line.name === 'ranges'));

/** What a reader of the source has to know: where each device is, and what the overlay asks of the guest's tree. */
export function overlayHeader(vm: string, units: readonly PlacedUnit[], controller: string): string[] {
  return [
    `Devices of ${vm} for the tree of its guest. Compile: dtc -@ -I dts -O dtb`,
    `It needs a label "${controller}" there: the GIC. The cells of its root are 2 and 2, as virtual machines have them.`,
    ...units.map(
      ({ device, windows, base }) =>
        `${device.name}: ${device.node.path}${windows.length > 0 ? ` at ${hex(base)}` : ', without registers'}`,
    ),
  ];
}
