import { FDT_LIMITS, type FdtProblem } from '../../devicetree/fdt/format.ts';
import { applyOverlay } from '../../devicetree/fdt/overlay.ts';
import { readFdt } from '../../devicetree/fdt/read-fdt.ts';
import { type Diagnostic, formatBytes, type HostInventory, type Result, type DeviceTree } from '../../model/index.ts';
import { readInput } from '../read-input.ts';
import { inventoryFromTree } from './from-tree.ts';
import * as diagnostics from './tree-diagnostics.ts';
import { MAX_PATH, MAX_PROPERTIES, MAX_VALUE_BYTES } from './tree-limits.ts';

/** Files of a device tree, as named by the user. */
export interface TreeFiles {
  /** A blob. */
  readonly dtb: string;
  /** Overlays, applied in this order. */
  readonly dtbo: readonly string[];
}

/** What a kernel would make of a blob with overlays. Whatever is wrong with a file is a diagnostic; throws nothing. */
export function readTreeInventory(files: TreeFiles): Result<HostInventory> {
  const { value: tree, diagnostics: found } = readTreeFiles(files);
  return tree ? { value: inventoryFromTree(tree), diagnostics: found } : { diagnostics: found };
}

/** Reads a blob and applies the overlays. */
export function readTreeFiles({ dtb, dtbo }: TreeFiles): Result<DeviceTree> {
  const base = readBlob(dtb, 'device tree');
  if ('code' in base) return { diagnostics: [base] };
  let tree = base;
  for (const file of dtbo) {
    const overlay = readBlob(file, 'overlay');
    if ('code' in overlay) return { diagnostics: [overlay] };
    const applied = applyOverlay(tree, overlay);
    if ('problem' in applied) {
      const { fragment, what } = applied.problem;
      const where = fragment === null ? '' : ` (${fragment})`;
      const detail = `The overlay "${file}"${where} cannot be applied to "${dtb}": ${what}.`;
      return { diagnostics: [diagnostics.overlayDoesNotApply({ detail })] };
    }
    tree = applied.tree;
  }
  const excess = excessOf(tree);
  if (excess === null) return { value: tree, diagnostics: [] };
  return { diagnostics: [diagnostics.deviceTreeTooLarge({ detail: `In "${dtb}", ${excess}.` })] };
}

function readBlob(file: string, what: 'device tree' | 'overlay'): DeviceTree | Diagnostic {
  const read = readInput(file, { limit: FDT_LIMITS.bytes });
  if ('refusal' in read) {
    const { kind, what: why } = read.refusal;
    const refuse = kind === 'too-large' ? diagnostics.deviceTreeTooLarge : diagnostics.deviceTreeUnreadable;
    return refuse({ detail: `"${file}" ${why}.` });
  }
  const bytes = read.data;
  const reading = readFdt(bytes);
  return 'problem' in reading ? malformed(file, what, bytes, reading.problem) : reading.tree;
}

function malformed(file: string, what: 'device tree' | 'overlay', bytes: Uint8Array, problem: FdtProblem): Diagnostic {
  const place = `at byte ${problem.offset} (0x${problem.offset.toString(16)})`;
  const detail = `"${file}" is not a blob that can be read: ${place}, ${problem.what}.${hintOf(bytes, problem)}`;
  if (problem.kind === 'limit') return diagnostics.deviceTreeTooLarge({ detail });
  return what === 'overlay' ? diagnostics.overlayMalformed({ detail }) : diagnostics.deviceTreeMalformed({ detail });
}

/** What a file of another kind most likely is. */
function hintOf(bytes: Uint8Array, problem: FdtProblem): string {
  if (problem.kind !== 'not-a-blob' && problem.kind !== 'truncated') return '';
  const start = Buffer.from(bytes.subarray(0, 4096)).toString('latin1');
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return ' It is compressed: unpack it with gzip -d.';
  return /\/dts-v1\/|^\s*\/\s*\{/m.test(start) ? ' It looks like source: compile it with dtc -I dts -O dtb.' : '';
}

/** What of a tree a snapshot does not hold, so that a capture could not be read again; null where all fits. */
function excessOf(tree: DeviceTree): string | null {
  for (const { path, properties } of tree.nodes) {
    if (path.length > MAX_PATH) return `the path of a node has ${path.length} characters, more than ${MAX_PATH}`;
    if (properties.size > MAX_PROPERTIES)
      return `${path} has ${properties.size} properties, more than ${MAX_PROPERTIES}`;
    for (const [name, value] of properties) {
      if (value.length > MAX_VALUE_BYTES) {
        return `${name} of ${path} has ${value.length} bytes, more than ${formatBytes(BigInt(MAX_VALUE_BYTES))}`;
      }
    }
  }
  return null;
}
