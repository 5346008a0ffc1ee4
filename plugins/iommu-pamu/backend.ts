import type { HostIndex, VfioBackend } from 'vfio-compose/plugin';
import { isPowerOfTwo, USUAL_MAX_WINDOWS } from './windows/hardware.ts';

/** The name of an entry of the host's `vfio.backends` that is about a PAMU, and of the model. */
export const NAME = 'pamu';

/**
 * How a kernel wants to be spoken to (R-PAMU-6): `on-demand` maps the MSI banks itself with the first mapping, as the design
 * discussion had it; `explicit` wants a call for each, as vendors shipped it.
 */
export type Dialect = 'on-demand' | 'explicit';
const DIALECTS: ReadonlySet<string> = new Set<Dialect>(['on-demand', 'explicit']);

/** A kernel that was identified as having VFIO for a PAMU. */
export interface Backend {
  readonly dialect: Dialect;
  /** MSI banks of the machine. */
  readonly msiBanks: number;
  readonly maxWindows: number;
}

/** The numbers that vendors gave the model; both mean another IOMMU to mainline. */
export const VENDOR_EXTENSIONS: readonly number[] = [2, 7];

/** What is said of the host's kernel about VFIO for a PAMU, whether that is enough or not. */
export const entryOf = ({ inventory }: HostIndex): VfioBackend | undefined =>
  inventory.vfio.backends?.find(({ name }) => name === NAME);

/** Big-endian PowerPC, where a PAMU can be: `ppc`, `ppc64` of `uname -m`. */
const hasPamuArchitecture = ({ inventory }: HostIndex): boolean => /^ppc(64)?$/.test(inventory.kernel.architecture);

const count = (text: string | undefined): number | null =>
  text !== undefined && /^\d{1,5}$/.test(text) ? +text : null;

/** The kernel as it was identified, or what of its identity is missing, each as the end of "it is not known …". */
export type Identified = { readonly backend: Backend } | { readonly missing: readonly string[] };

/** Whether the kernel is one of those whose interface this plugin speaks: nothing is sent to it on a guess (R-PAMU-6). */
export function identify(host: HostIndex): Identified {
  const entry = entryOf(host);
  if (!entry)
    return { missing: ['whether its kernel has VFIO for a PAMU: the host lists no backend of the name "pamu"'] };
  const { dialect, msiBanks, maxWindows } = entry.properties;
  const banks = count(msiBanks);
  const windows = maxWindows === undefined ? USUAL_MAX_WINDOWS : count(maxWindows);
  const missing: string[] = [];
  const isKnown = (name: string | undefined): name is Dialect => name !== undefined && DIALECTS.has(name);
  if (!isKnown(dialect)) {
    missing.push(`how its banks are mapped: the property "dialect" is ${said(dialect)}, not "on-demand" or "explicit"`);
  } else if (dialect === 'explicit' && !VENDOR_EXTENSIONS.includes(entry.extension)) {
    missing.push(`which vendor's it is: its extension is ${entry.extension}, and they have 2 or 7`);
  }
  if (banks === null) missing.push(`how many MSI banks it has: the property "msiBanks" is ${said(msiBanks)}`);
  if (windows === null || !isPowerOfTwo(BigInt(windows))) {
    missing.push(`how many windows a device has: the property "maxWindows" is ${said(maxWindows)}, no power of two`);
  }
  if (!hasPamuArchitecture(host)) {
    missing.push(`to be one at all: a PAMU is in a PowerPC machine, and this is ${host.inventory.kernel.architecture}`);
  }
  if (missing.length > 0 || !isKnown(dialect) || banks === null || windows === null) return { missing };
  return { backend: { dialect, msiBanks: banks, maxWindows: windows } };
}

const said = (text: string | undefined): string => (text === undefined ? 'not there' : `"${text}"`);
