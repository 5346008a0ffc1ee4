import { type DeviceTreeNode, type HostDevice, type HostIndex, isPci } from '../model/index.ts';
import { problemsOf } from '../render/inventory-problems.ts';
import { treeDocument } from '../render/platform/document.ts';
import { platformReport } from '../render/platform/report.ts';
import { canonicalDevice, canonicalInventory } from '../runtime/inventory/canonical.ts';
import type { Json } from '../runtime/inventory/canonical.ts';

const OPTIONS = { identifiers: false, volatile: true } as const;

/**
 * What `inspect -o json` prints: the facts of a snapshot, spelled as in one, and the problems found in them. For one
 * device: that device, its group, and what concerns either.
 */
export function inventoryDocument(host: HostIndex, only?: HostDevice): { readonly [key: string]: unknown } {
  const { format_version, ...facts } = canonicalInventory(host.inventory, OPTIONS) as { readonly [key: string]: Json };
  const problems = problemsOf(host);
  if (!only) return { format_version: format_version, ...facts, problems };
  const group = host.inventory.groups.find(({ id }) => id === only.group);
  const inGroup = group
    ? canonicalInventory({ ...host.inventory, groups: [group], devices: [] }, OPTIONS)
    : { groups: [] };
  return {
    format_version: format_version,
    device: canonicalDevice(only, OPTIONS),
    ...(isPci(only) ? {} : { tree: treeDocument(platformReport(host, only)) }),
    group: (inGroup as { readonly groups: readonly Json[] }).groups[0] ?? null,
    siblings: (only.group === null ? [] : (host.members.get(only.group) ?? []))
      .filter((sibling) => sibling !== only)
      .map((sibling) => canonicalDevice(sibling, OPTIONS)),
    problems: problems.filter(
      ({ device, group: id }) => device === only.address || (device === null && (id === only.group || id === null)),
    ),
  };
}

/** The same for a node of the device tree that has no Linux device; `why` says so in sentences. */
export const nodeDocument = (
  host: HostIndex,
  node: DeviceTreeNode,
  why: string,
): { readonly [key: string]: unknown } => ({
  format_version: host.inventory.format_version,
  device: null,
  noDevice: why,
  tree: treeDocument(platformReport(host, node)),
  problems: [],
});
