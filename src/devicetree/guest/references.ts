import { matchProperty } from '../dependency-properties.ts';
import { propertyCells } from '../cells.ts';
import { referencesOf, type SpecifierCells } from '../phandles.ts';
import type { DeviceTree, DeviceTreeNode } from '../../model/index.ts';

/** What a property of a node is for the guest, where it names other nodes or means something on the host only. */
export type HostBound =
  | { readonly kind: 'references'; readonly cells: SpecifierCells; readonly stub: string | null }
  /** Says how the host is built. */
  | { readonly kind: 'host-only'; readonly why: string }
  /** Names or parameters of another property: goes where that goes. */
  | { readonly kind: 'companion'; readonly of: RegExp };

const BEHIND_IOMMU = 'the guest sees no IOMMU of the host';
const MSI = "MSIs are the VMM's";

const HOST_ONLY: ReadonlyMap<string, string> = new Map([
  ['iommus', BEHIND_IOMMU],
  ['iommu-map', BEHIND_IOMMU],
  ['iommu-map-mask', BEHIND_IOMMU],
  ['fsl,liodn', BEHIND_IOMMU],
  ['fsl,liodn-reg', BEHIND_IOMMU],
  ['fsl,iommu-parent', BEHIND_IOMMU],
  ['dma-ranges', 'behind the IOMMU an IOVA is an address of the guest'],
  ['msi-parent', MSI],
  ['msi-map', MSI],
  ['msi-map-mask', MSI],
  ['numa-node-id', 'the nodes are those of the host'],
  ['assigned-clocks', 'the host has set its clocks'],
  ['assigned-clock-parents', 'the host has set its clocks'],
  ['assigned-clock-rates', 'the host has set its clocks'],
]);

/** References that are no dependency of a device, by the property of the provider with the length of a specifier. */
const OTHER_REFERENCES: ReadonlyMap<string, SpecifierCells> = new Map([
  ['pwms', { property: '#pwm-cells' }],
  ['io-channels', { property: '#io-channel-cells' }],
  ['thermal-sensors', { property: '#thermal-sensor-cells' }],
  ['sound-dai', { property: '#sound-dai-cells' }],
  ['cooling-device', { property: '#cooling-cells' }],
  ['mux-controls', { property: '#mux-control-cells' }],
  ['mux-states', { property: '#mux-state-cells' }],
  ['gpio-ranges', { fixed: 3 }],
  ['remote-endpoint', { fixed: 0 }],
  ['operating-points-v2', { fixed: 0 }],
  ['sram', { fixed: 0 }],
  ['syscon', { fixed: 0 }],
]);

/** Properties that vendors give the handle of a node by custom; looked at only where the value is one. */
const CALLED_A_HANDLE = /(^|[-,])(handle|parent|phandle|syscon|regmap|guts|mdio|endpoint|grf|pmu|ports?|gpr)s?$/;

/** What can stand in a guest's tree for a provider that stays with the host. */
const STUBS: ReadonlyMap<string, string> = new Map([
  ['clock', 'fixed-clock'],
  ['regulator', 'regulator-fixed'],
]);

const COMPANIONS: readonly (readonly [RegExp, RegExp])[] = [
  [/^clock-names$/, /^clocks$/],
  [/^reset-names$/, /^resets$/],
  [/^power-domain-names$/, /^power-domains$/],
  [/^phy-names$/, /^phys$/],
  [/^dma-names$/, /^dmas$/],
  [/^pinctrl-names$/, /^pinctrl-\d+$/],
  [/^interconnect-names$/, /^interconnects$/],
  [/^nvmem-cell-names$/, /^nvmem-cells$/],
  [/^nvmem-names$/, /^nvmem$/],
  [/^mbox-names$/, /^mboxes$/],
  [/^hwlock-names$/, /^hwlocks$/],
  [/^memory-region-names$/, /^memory-region$/],
  [/^pwm-names$/, /^pwms$/],
  [/^io-channel-names$/, /^io-channels$/],
];

/** Whether and how a property is bound to the host; null for one that the guest can have as it is. */
export function hostBound(tree: DeviceTree, node: DeviceTreeNode, property: string): HostBound | null {
  const why = HOST_ONLY.get(property);
  if (why !== undefined) return { kind: 'host-only', why };
  const dependency = matchProperty(property);
  if (dependency) {
    return { kind: 'references', cells: dependency.cells, stub: STUBS.get(dependency.kind) ?? null };
  }
  const cells = OTHER_REFERENCES.get(property);
  if (cells) return { kind: 'references', cells, stub: null };
  const companion = COMPANIONS.find(([names]) => names.test(property));
  if (companion) return { kind: 'companion', of: companion[1] };
  return CALLED_A_HANDLE.test(property) && holdsHandles(tree, node, property)
    ? { kind: 'references', cells: { fixed: 0 }, stub: null }
    : null;
}

function holdsHandles(tree: DeviceTree, node: DeviceTreeNode, property: string): boolean {
  const value = node.properties.get(property);
  if (!value || value.length === 0 || value.length % 4 !== 0) return false;
  return propertyCells(node, property).every((cell) => tree.byPhandle.has(cell));
}

/** What references lead to: all to nodes that go along, or the paths of those that stay and what could not be read. */
export type Followed =
  | { readonly kind: 'inside'; readonly cells: readonly (number | DeviceTreeNode)[] }
  | { readonly kind: 'outside'; readonly providers: readonly string[] };

/** Follows the references of a property; `inside` are the nodes that the guest gets. */
export function followReferences(
  tree: DeviceTree,
  node: DeviceTreeNode,
  property: string,
  cells: SpecifierCells,
  inside: ReadonlySet<DeviceTreeNode>,
): Followed {
  const list: (number | DeviceTreeNode)[] = [];
  const providers = new Set<string>();
  let whole = true;
  for (const reference of referencesOf(tree, node, property, cells)) {
    if (reference.kind === 'hole') list.push(0);
    else if (reference.kind === 'broken') whole = false;
    else {
      if (!inside.has(reference.provider)) providers.add(reference.provider.path);
      list.push(reference.provider, ...reference.specifier);
    }
  }
  return whole && providers.size === 0
    ? { kind: 'inside', cells: list }
    : { kind: 'outside', providers: [...providers] };
}
