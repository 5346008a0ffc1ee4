import type { Diagnostic, Path } from '../../../model/index.ts';
import { type Entry, entryOf, type MapNode, type Node, spanOf } from '../../source/index.ts';
import { notYetSupported } from '../diagnostics.ts';
import { devicesOf, type Law, type Part, vmsOf } from './law.ts';

interface NotYet {
  readonly path: Path;
  readonly at: Node['at'];
  readonly detail: string;
}

const RESET_KEYS: Readonly<Record<string, string>> = {
  plugin:
    '"plugin" will name the plugin that resets the device. Today a device is reset by what the kernel has for it: leave the key out.',
  options: '"options" will be handed to the reset plugin. There are none yet: leave the key out.',
};

/** What the language has and this version does not carry out. Refused always: silence would be a wrong assignment. */
function notYetIn(root: MapNode): NotYet[] {
  return vmsOf(root).flatMap((vm) => devicesOf(vm).flatMap(device));
}

function device({ map, path }: Part): NotYet[] {
  const reset = entryOf(map, 'reset')?.value;
  return reset?.kind === 'map' ? matches(reset.entries, RESET_KEYS, [...path, 'reset']) : [];
}

function matches(entries: readonly Entry[], keys: Readonly<Record<string, string>>, path: Path): NotYet[] {
  return entries.flatMap(({ key, keyAt }) => {
    const detail = Object.hasOwn(keys, key) ? keys[key] : undefined;
    return detail === undefined ? [] : [{ path: [...path, key], at: keyAt, detail }];
  });
}

/** Where {@link notYet} speaks, so that nothing else need be said about the form of what stands there. */
export const notYetPaths = (root: MapNode): Path[] => notYetIn(root).map(({ path }) => path);

export const notYet: Law = ({ root }): Diagnostic[] =>
  notYetIn(root).map(({ at, detail }) => notYetSupported({ detail, at: spanOf(at) }));
