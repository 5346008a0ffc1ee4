import { type Entry, entryOf, type MapNode } from '../source/index.ts';
import { type PlainMap, setOwn } from './value.ts';

/** The keys of a VM that may stand at the top level. */
export const VM_KEYS: readonly string[] = ['iommu', 'memory', 'msi', 'devices', 'handoff', 'run', 'onExit'];

const isWithoutVm = (keys: readonly string[]): boolean =>
  keys.includes('virtualFunctions') && !keys.some((key) => VM_KEYS.includes(key));

/**
 * A document with `vms` only: keys of a VM at the top level become a VM of the project's name. Every place is kept. One that
 * has VFs made and gives nothing to a VM stays without.
 */
export function asVms(root: MapNode, projectName: string): MapNode {
  if (entryOf(root, 'vms') || isWithoutVm(root.entries.map(({ key }) => key))) return root;
  const inner = root.entries.filter(({ key }) => VM_KEYS.includes(key));
  const keyAt = (entryOf(root, 'devices') ?? inner[0])?.keyAt ?? root.at;
  const vm: Entry = { key: projectName, keyAt, value: { kind: 'map', at: keyAt, entries: inner } };
  const vms: Entry = { key: 'vms', keyAt, value: { kind: 'map', at: keyAt, entries: [vm] } };
  return { ...root, entries: [...root.entries.filter(({ key }) => !VM_KEYS.includes(key)), vms] };
}

/** The same for plain values. Names of projects are never names that JavaScript takes for something else. */
export function withVms(document: PlainMap, projectName: string): PlainMap {
  if (Object.hasOwn(document, 'vms') || isWithoutVm(Object.keys(document))) return document;
  const around: PlainMap = {};
  const vm: PlainMap = {};
  for (const [key, value] of Object.entries(document)) setOwn(VM_KEYS.includes(key) ? vm : around, key, value);
  return { ...around, vms: { [projectName]: vm } };
}
