import { stringsOf } from './cells.ts';
import { matchProperty, type DependencyKind } from './dependency-properties.ts';
import { referencesOf } from './phandles.ts';
import { disabledBy } from './status.ts';
import type { DeviceTree, DeviceTreeNode } from '../model/index.ts';

/** Something outside a device that it does not work without. */
export interface Dependency {
  readonly kind: DependencyKind;
  readonly property: string;
  /** Position in that property. */
  readonly dtIndex: number;
  readonly provider: DeviceTreeNode;
  readonly specifier: readonly number[];
  /** From the property's list of names (`clock-names`), or the name in the property's own (`vmmc-supply`); null without one. */
  readonly name: string | null;
}

/** A dependency that cannot be read. */
export interface BrokenDependency {
  readonly property: string;
  readonly dtIndex: number;
  readonly reason: string;
}

/** What a node's own properties depend on, in the order of the node. */
export interface Dependencies {
  readonly found: readonly Dependency[];
  readonly broken: readonly BrokenDependency[];
}

/**
 * What a device brings with it: clocks, resets, power domains, regulators and the like, by the properties whose bindings
 * drivers/of/property.c (of_supplier_bindings) follows too, and the PHYs of a network interface.
 */
export function dependenciesOf(tree: DeviceTree, node: DeviceTreeNode): Dependencies {
  const found: Dependency[] = [];
  const broken: BrokenDependency[] = [];
  for (const property of node.properties.keys()) {
    const rule = matchProperty(property);
    // The `gpios` of a hog are lines of the controller above it, without a phandle.
    if (!rule || (property === 'gpios' && node.properties.has('gpio-hog'))) continue;
    const names = rule.names === null ? [] : stringsOf(node, rule.names);
    for (const reference of referencesOf(tree, node, property, rule.cells)) {
      const { dtIndex } = reference;
      if (reference.kind === 'broken') broken.push({ property, dtIndex, reason: reference.reason });
      if (reference.kind !== 'to') continue;
      const name = rule.ownName ?? names[rule.nameAt ?? Math.floor(dtIndex / rule.perName)] ?? null;
      found.push({
        kind: rule.kind,
        property,
        dtIndex,
        provider: reference.provider,
        specifier: reference.specifier,
        name,
      });
    }
  }
  return { found, broken };
}

/** Who uses what in a tree: made once, then asked for each dependency. */
export interface DependencyIndex {
  readonly users: ReadonlyMap<string, readonly DeviceTreeNode[]>;
}

/** Looks at every node that is available, with all nodes above it, once. */
export function indexDependencies(tree: DeviceTree): DependencyIndex {
  const users = new Map<string, DeviceTreeNode[]>();
  for (const node of tree.nodes) {
    if (disabledBy(node)) continue;
    for (const dependency of dependenciesOf(tree, node).found) {
      const key = keyOf(dependency);
      const known = users.get(key);
      if (!known) users.set(key, [node]);
      else if (known[known.length - 1] !== node) known.push(node);
    }
  }
  return { users };
}

/**
 * The other nodes that use what a dependency names: the same provider with the same specifier (the same clock of a clock
 * controller, the same regulator; the same GPIO whatever its flags; for a PHY, any PHY on the same MDIO bus). Nodes in
 * `inside`, those that go along, do not count.
 */
export function sharedWith(
  index: DependencyIndex,
  dependency: Dependency,
  inside: ReadonlySet<DeviceTreeNode>,
): readonly DeviceTreeNode[] {
  return (index.users.get(keyOf(dependency)) ?? []).filter((node) => !inside.has(node));
}

function keyOf({ kind, provider, specifier }: Dependency): string {
  switch (kind) {
    case 'phy-handle':
      return `mdio ${provider.parent?.path ?? provider.path}`;
    case 'gpio':
      return `gpio ${provider.path} ${specifier.slice(0, Math.max(1, specifier.length - 1)).join(' ')}`;
    case 'clock':
    case 'reset':
    case 'power-domain':
    case 'regulator':
    case 'phy':
    case 'pinctrl':
    case 'dma':
    case 'interconnect':
    case 'nvmem':
    case 'mailbox':
    case 'hwlock':
    case 'pwm':
    case 'io-channel':
    case 'memory-region':
      return `${kind} ${provider.path} ${specifier.join(' ')}`;
  }
}

export type { DependencyKind };
