import { compatibleOf, dependenciesOf, indexDependencies, sharedWith, u32Of } from '../../devicetree/index.ts';
import type { Dependency, DependencyKind } from '../../devicetree/index.ts';
import { andList, defineDiagnostic, type DeviceTree, type DeviceTreeNode, titleOf } from '../../model/index.ts';
import type { ResolvedPlatformDevice } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { assignedDevices, isPlatformEntry } from './shared/assignments.ts';
import { nodesWith } from './shared/tree.ts';

export const dependencyShared = defineDiagnostic({
  code: 'dependency-shared',
  severity: 'warning',
  category: 'safety',
  summary: 'The device depends on something that stays with the host and is shared',
  explanation: `A device brings clocks, resets, power domains, regulators, PHYs, pins, DMA channels or an MDIO bus with it, which the
device tree names and which stay with the host. VFIO does nothing about them: it neither switches a clock on nor takes a
reset away. Where another node uses the same one, its driver on the host may switch it off, change its rate or reset it
under the new owner; and with the device's own driver gone, nobody may hold it on at all.

Each is listed with those who share it. Make sure that what shares it stays idle or stays as it is; assign it too; or give
the device away as it is, where the other uses only read (a clock that is always on).`,
});

/** What a host driver can pull from under the device. Memory, mailboxes, locks and the like are not switched off. */
const SWITCHED: ReadonlySet<DependencyKind> = new Set<DependencyKind>([
  'clock',
  'reset',
  'power-domain',
  'regulator',
  'phy',
  'phy-handle',
  'pinctrl',
  'dma',
]);

/** Providers that cannot be switched: nobody can take anything away there. */
const ALWAYS_ON: ReadonlySet<string> = new Set(['fixed-clock', 'fixed-factor-clock']);

/** What a device shares with others that stay is named (R-TREE-1). */
export const dependencySharedRule: Rule = {
  id: 'dependency-shared',
  reports: [dependencyShared],
  check({ manifest, host }) {
    const { tree } = host;
    const entries = assignedDevices(manifest).filter(isPlatformEntry);
    if (!tree || entries.length === 0) return [];
    const insideOf = new Map<string, Set<DeviceTreeNode>>();
    for (const entry of entries) {
      const inside = insideOf.get(entry.vm) ?? new Set();
      for (const node of nodesWith(entry, host)) inside.add(node);
      insideOf.set(entry.vm, inside);
    }
    // What a child brings is said of the device that it goes with.
    const bringing = entries
      .filter(({ origin }) => origin.kind !== 'child')
      .map((entry) => {
        const nodes = nodesWith(entry, host);
        return { entry, needs: nodes.flatMap((node) => dependenciesOf(tree, node).found.filter(canBeTaken)) };
      })
      .filter(({ needs }) => needs.length > 0);
    if (bringing.length === 0) return [];
    const index = indexDependencies(
      usersOf(
        tree,
        bringing.flatMap(({ needs }) => needs),
      ),
    );
    return bringing.flatMap(({ entry, needs }) => {
      const shared = needs.flatMap((dependency) => {
        const others = sharedWith(index, dependency, insideOf.get(entry.vm) ?? new Set());
        return others.length === 0 ? [] : [{ dependency, others }];
      });
      return shared.length === 0 ? [] : [finding(entry, shared)];
    });
  },
};

/**
 * The tree with only those nodes that may use one of some providers: their phandle stands in a property. Reading all
 * properties of all nodes would take longer than the rest of planning.
 */
function usersOf(tree: DeviceTree, dependencies: readonly Dependency[]): DeviceTree {
  const providers = dependencies.flatMap(({ kind, provider }) =>
    // A PHY is shared with the others on its MDIO bus.
    kind === 'phy-handle' && provider.parent ? provider.parent.children : [provider],
  );
  const wanted = new Set(providers.map(phandleOf));
  const mentions = (value: Uint8Array): boolean => {
    const view = new DataView(value.buffer, value.byteOffset, value.length);
    for (let at = 0; at + 4 <= value.length; at += 4) if (wanted.has(view.getUint32(at))) return true;
    return false;
  };
  return { ...tree, nodes: tree.nodes.filter(({ properties }) => [...properties.values()].some(mentions)) };
}

const phandleOf = (node: DeviceTreeNode): number | null => u32Of(node, 'phandle') ?? u32Of(node, 'linux,phandle');

const canBeTaken = ({ kind, provider }: Dependency): boolean =>
  SWITCHED.has(kind) &&
  !compatibleOf(provider).some((entry) => ALWAYS_ON.has(entry)) &&
  !provider.properties.has('regulator-always-on');

interface Shared {
  readonly dependency: Dependency;
  readonly others: readonly DeviceTreeNode[];
}

const LISTED = 16;

function finding(entry: ResolvedPlatformDevice, shared: readonly Shared[]) {
  const kinds = [...new Set(shared.map(({ dependency }) => WORDS[dependency.kind] ?? `${dependency.kind}s`))];
  const detail = `${titleOf(entry)} depends on ${andList(kinds)} that stay with the host and are used by others too, listed below: their drivers may switch off or change what the device needs.`;
  const related = shared.slice(0, LISTED).map(({ dependency, others }) => {
    const name = dependency.name === null ? '' : ` "${dependency.name}"`;
    const id = dependency.specifier.length === 0 ? '' : ` <${dependency.specifier.join(' ')}>`;
    const users = others.slice(0, 4).map(({ path }) => path);
    const more = others.length > users.length ? ` and ${others.length - users.length} more` : '';
    return {
      message: `${dependency.property}[${dependency.dtIndex}]${name}: ${dependency.provider.path}${id}, used by ${users.join(', ')}${more} too`,
    };
  });
  return dependencyShared({ detail, at: entry.selectorAt, related });
}

const WORDS: Partial<Record<DependencyKind, string>> = {
  'power-domain': 'power domains',
  phy: 'PHYs',
  'phy-handle': 'an MDIO bus',
  pinctrl: 'pins',
  dma: 'DMA channels',
};
