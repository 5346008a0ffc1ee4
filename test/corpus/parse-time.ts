import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { readFdt } from '../../src/devicetree/fdt/read-fdt.ts';

/**
 * CPU time of reading the largest of some blobs: the first time in this process, which is what a command pays, and the
 * median once the code is warm. So it has to be asked before anything else is read.
 */
export function parseTime(files: readonly string[]): string {
  const [largest] = files.toSorted((a, b) => statSync(b).size - statSync(a).size);
  if (largest === undefined) return 'no blob to measure';
  const blob = readFileSync(largest);
  const times = Array.from({ length: 31 }, () => {
    const before = process.cpuUsage();
    readFdt(blob);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  const [cold = 0, ...warm] = times;
  const median = warm.toSorted((a, b) => a - b)[warm.length >> 1] ?? 0;
  const what = `${path.basename(largest)}, the largest with ${blob.length} bytes`;
  return `${what}: read in ${cold.toFixed(1)} ms of CPU time, in ${median.toFixed(1)} ms once warm`;
}
