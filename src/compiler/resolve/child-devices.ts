import { isPci } from '../../model/index.ts';
import type {
  Diagnostic,
  HostDevice,
  HostIndex,
  Manifest,
  PlatformDevice,
  ResolvedChildren,
} from '../../model/index.ts';
import { chooseChildren, childrenBelow } from './children.ts';
import { childSplit } from './diagnostics-of-parts.ts';
import type { FoundEntry } from './find-devices.ts';

/** An entry with the devices below those that it names, and what goes with each. */
export interface ExpandedEntry extends FoundEntry {
  readonly childrenOf: ReadonlyMap<HostDevice, ResolvedChildren>;
}

/** The entry that names a node's device itself, by the node's path. */
type NamedNodes = ReadonlyMap<string, FoundEntry>;

/**
 * Adds to each entry the children of its devices that are Linux devices of their own (R-TREE-1). A child with an entry
 * of its own, and what is below it, is left to that entry.
 */
export function expandChildren(
  entries: readonly FoundEntry[],
  host: HostIndex,
  manifest: Manifest,
): { readonly entries: readonly ExpandedEntry[]; readonly diagnostics: readonly Diagnostic[] } {
  const named = namedNodes(entries);
  const diagnostics: Diagnostic[] = [];
  const expanded = entries.map((entry): ExpandedEntry => {
    const childrenOf = new Map<HostDevice, ResolvedChildren>();
    const devices = entry.devices.flatMap((found) => {
      const { device } = found;
      const node = isPci(device) || device.treePath === null ? undefined : host.tree?.byPath.get(device.treePath);
      if (isPci(device) || !host.tree || !node) return [found];
      const choice = chooseChildren(host.tree, node, entry.settings.children, entry.path, manifest);
      diagnostics.push(...choice.diagnostics);
      childrenOf.set(device, choice.children);
      const below = devicesBelow(device, entry, choice.children, host, named);
      diagnostics.push(...below.splits);
      for (const child of below.devices) childrenOf.set(child, childrenBelow(choice.children, child.treePath ?? ''));
      return [
        found,
        ...below.devices.map((child) => ({ device: child, origin: { kind: 'child', of: device } as const })),
      ];
    });
    return { ...entry, devices, childrenOf };
  });
  return { entries: expanded, diagnostics };
}

function namedNodes(entries: readonly FoundEntry[]): NamedNodes {
  const named = new Map<string, FoundEntry>();
  for (const entry of entries) {
    for (const { device } of entry.devices) {
      if (isPci(device) || device.treePath === null || named.has(device.treePath)) continue;
      named.set(device.treePath, entry);
    }
  }
  return named;
}

function devicesBelow(
  device: PlatformDevice,
  entry: FoundEntry,
  { included, at }: ResolvedChildren,
  host: HostIndex,
  named: NamedNodes,
): { readonly devices: readonly PlatformDevice[]; readonly splits: readonly Diagnostic[] } {
  const devices: PlatformDevice[] = [];
  const splits: Diagnostic[] = [];
  // Parents come before their children, so what stands below a named node is known when its turn comes.
  const spokenFor = new Set<string>();
  for (const path of included) {
    const owner = named.get(path);
    const parent = path.slice(0, path.lastIndexOf('/'));
    if (owner ?? spokenFor.has(parent)) spokenFor.add(path);
    if (owner && owner.vm !== entry.vm) splits.push(splitBetween(device, entry, owner, path, at));
    const child = host.byTreePath.get(path);
    if (spokenFor.has(path) || (child?.bus !== 'platform' && child?.bus !== 'amba')) continue;
    devices.push(child);
  }
  return { devices, splits };
}

function splitBetween(
  device: PlatformDevice,
  entry: FoundEntry,
  owner: FoundEntry,
  path: string,
  at: ResolvedChildren['at'],
): Diagnostic {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const detail = `${entry.name} of ${entry.vm} is ${device.address}, and all its children go with it, among them ${path}, which goes to ${owner.vm} as ${owner.name}. Exclude it here ("children: {exclude: ["${name}"]}"), or give both to one VM.`;
  const related = [{ message: `${owner.name} of ${owner.vm} is that child`, at: owner.selectorAt }];
  return childSplit({ detail, at, related });
}
