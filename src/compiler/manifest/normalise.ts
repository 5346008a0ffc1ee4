import { type Entry, entryOf, type MapNode } from '../source/index.ts';
import { type PlainMap, setOwn } from './value.ts';

/** The keys of a VM that may stand at the top level. */
export const VM_KEYS: readonly string[] = ['iommu', 'memory', 'msi', 'devices', 'handoff', 'run', 'onExit'];

/** A document with `vms` only: keys of a VM at the top level become a VM of the project's name. Every place is kept. */
export function asVms(root: MapNode, projectName: string): MapNode {
  if (entryOf(root, 'vms')) return root;
  const inner = root.entries.filter(({ key }) => VM_KEYS.includes(key));
  const keyAt = (entryOf(root, 'devices') ?? inner[0])?.keyAt ?? root.at;
  const vm: Entry = { key: projectName, keyAt, value: { kind: 'map', at: keyAt, entries: inner } };
  const vms: Entry = { key: 'vms', keyAt, value: { kind: 'map', at: keyAt, entries: [vm] } };
  return { ...root, entries: [...root.entries.filter(({ key }) => !VM_KEYS.includes(key)), vms] };
}

/** The same for plain values. Names of projects are never names that JavaScript takes for something else. */
export function withVms(document: PlainMap, projectName: string): PlainMap {
  if (Object.hasOwn(document, 'vms')) return document;
  const around: PlainMap = {};
  const vm: PlainMap = {};
  for (const [key, value] of Object.entries(document)) setOwn(VM_KEYS.includes(key) ? vm : around, key, value);
  return { ...around, vms: { [projectName]: vm } };
}
