import { parseBdf } from '../../model/index.ts';
import type { Bdf } from '../../model/index.ts';

/** What a path below /sys names: a device by its real path or its address, or something that belongs to one. */
export type SysfsName =
  | { readonly kind: 'device-path'; readonly path: string; readonly address: Bdf }
  | { readonly kind: 'address'; readonly address: Bdf }
  | { readonly kind: 'netdev'; readonly name: string }
  | { readonly kind: 'block'; readonly name: string };

/** Removes empty and `.` segments and follows `..`, by text alone. */
function segmentsOf(path: string): string[] {
  const segments: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') segments.pop();
    else segments.push(part);
  }
  return segments;
}

/** A path without what only makes it longer. */
export const normalPath = (path: string): string => `/${segmentsOf(path).join('/')}`;

/**
 * Reads a path below /sys without asking the host. The last PCI address in it decides, so a path inside a device's
 * directory names the device, and the path of a device that is gone never names the bridge above it. Links below
 * /sys/bus, /sys/kernel and the like name a device by that address, those of network and block classes by their name. Undefined for what may be the
 * path of a platform device.
 */
export function readSysfsPath(path: string): SysfsName | undefined {
  const segments = segmentsOf(path);
  if (segments[0] !== 'sys') return undefined;
  const last = segments.findLastIndex((part) => part.includes(':') && parseBdf(part) === part);
  const address = last < 0 ? undefined : parseBdf(segments[last] ?? '');
  if (segments[1] === 'devices') {
    if (address === undefined) return undefined;
    return { kind: 'device-path', path: `/${segments.slice(0, last + 1).join('/')}`, address };
  }
  if (address !== undefined) return { kind: 'address', address };
  const [, top, kind, name] = segments;
  if (top === 'class' && kind === 'net' && name !== undefined) return { kind: 'netdev', name };
  if (top === 'class' && kind === 'block' && name !== undefined) return { kind: 'block', name };
  if (top === 'block' && kind !== undefined) return { kind: 'block', name: kind };
  return undefined;
}
