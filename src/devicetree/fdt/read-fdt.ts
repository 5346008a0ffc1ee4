import { treeOf, type DeviceTree } from '../../model/index.ts';
import { FDT_LIMITS, type FdtLimits, type FdtProblem, type MemoryReservation } from './format.ts';
import { readHeader } from './header.ts';
import { readReservations } from './reservations.ts';
import { Scanner } from './scanner.ts';
import { readStructure } from './structure.ts';

/** What a blob holds. */
export interface Fdt {
  readonly tree: DeviceTree;
  readonly reservations: readonly MemoryReservation[];
  /** Physical number of the processor that boots. */
  readonly bootCpu: number;
}

/** What became of reading a blob: ask with `'problem' in reading`. */
export type FdtReading = Fdt | { readonly problem: FdtProblem };

/**
 * Reads a flattened device tree of version 16 or 17, and of any later one that says it is compatible.
 *
 * Bytes behind the size in the header are ignored, as Linux does. The tree has a copy of its own: changing `bytes`
 * afterwards does not change it. Whatever the bytes are, this ends with a tree or with a problem, and a tree is one that
 * Linux, libfdt and `dtc` agree about. Hence it refuses, although one of them would take it:
 * - two nodes or two properties of one name in one node: an error for `dtc`, the first one for libfdt, and Linux gives
 *   the second another name;
 * - a property behind a child of its node: `dtc` takes it with a warning, libfdt and Linux do not see it;
 * - names with other characters than those `dtc` allows, and a root with a name.
 *
 * Two nodes may have one phandle; see {@link treeOf}.
 */
export function readFdt(bytes: Uint8Array, limits: FdtLimits = FDT_LIMITS): FdtReading {
  const header = readHeader(bytes, limits);
  if ('problem' in header) return header;
  const blob = new Uint8Array(bytes.subarray(0, header.totalSize));
  const reservations = readReservations(blob, header.reservations, limits);
  if ('problem' in reservations) return reservations;
  const scanner = new Scanner(blob, header.structure, header.strings);
  const nodes = readStructure(scanner, limits);
  if ('problem' in nodes) return nodes;
  return { tree: treeOf(nodes), reservations, bootCpu: header.bootCpu };
}
