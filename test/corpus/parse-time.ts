import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readFdt } from '../../src/devicetree/fdt/read-fdt.ts';
import type { Outcome } from './check-blob.ts';

/** CPU time of reading a blob: the first time in this process, and the median once the code is warm. */
export function parseTime({ file, bytes, nodes, properties }: Outcome): string {
  const blob = readFileSync(file);
  const times = Array.from({ length: 31 }, () => {
    const before = process.cpuUsage();
    readFdt(blob);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  const [cold = 0, ...warm] = times;
  const median = warm.toSorted((a, b) => a - b)[warm.length >> 1] ?? 0;
  const what = `${path.basename(file)}, the largest: ${bytes} bytes, ${nodes} nodes, ${properties} properties`;
  return `${what}; read in ${cold.toFixed(1)} ms of CPU time, ${median.toFixed(1)} ms once warm`;
}
