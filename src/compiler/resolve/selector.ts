import { invariant, parseBdf } from '../../model/index.ts';
import type { DeviceManifest, Path } from '../../model/index.ts';

/** The ways of naming a device by one word. A VF is named by two. */
const WORDS = ['pci', 'sysfs', 'id', 'class', 'netdev', 'block', 'serial', 'topology', 'platform'] as const;

/** Which device an entry of the manifest means, and where it says so. */
export type Selector = { readonly path: Path } & (
  | { readonly kind: (typeof WORDS)[number]; readonly text: string }
  /** A plain string that is no PCI address: a platform device, in any of its names. */
  | { readonly kind: 'plain'; readonly text: string }
  | { readonly kind: 'vf'; readonly pf: string; readonly number: number }
);

/** A device entry with the short form (a plain string) written out. */
export interface Entry {
  readonly settings: DeviceManifest;
  readonly selector: Selector;
}

/** Reads an entry at `path`. That it has one selector is the manifest stage's promise. */
export function readEntry(value: string | DeviceManifest, path: Path): Entry {
  if (typeof value === 'string') {
    const kind = parseBdf(value) === undefined ? 'plain' : 'pci';
    return { settings: {}, selector: { kind, text: value, path } };
  }
  if (value.vf) {
    return {
      settings: value,
      selector: { kind: 'vf', pf: value.vf.pf, number: value.vf.index, path: [...path, 'vf'] },
    };
  }
  const kind = WORDS.find((word) => value[word] !== undefined);
  const text = kind && value[kind];
  invariant(kind !== undefined && text !== undefined, `the device at ${path.join('.')} has no selector`);
  return { settings: value, selector: { kind, text, path: [...path, kind] } };
}

/** A selector as a person would say it: `netdev lan7`. */
export function describeSelector(selector: Selector): string {
  if (selector.kind === 'vf') return `VF ${selector.number} of ${selector.pf}`;
  return selector.kind === 'plain' ? `"${selector.text}"` : `${selector.kind} ${selector.text}`;
}
