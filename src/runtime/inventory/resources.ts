import { bytes, physical } from '../../model/index.ts';
import type { PciResource } from '../../model/index.ts';

/** Bits of include/linux/ioport.h, as the third column of `resource` prints them. */
const IORESOURCE_IO = 0x100n;
const IORESOURCE_MEM = 0x200n;
const IORESOURCE_PREFETCH = 0x2000n;

/** BARs 0 to 5 and the ROM; what follows are an SR-IOV function's VF BARs and a bridge's windows. */
const LAST_INDEX = 6;

/** Parses a PCI function's `resource` file: one line `start last flags` for each resource, zeros where there is none. */
export function parseResources(text: string): PciResource[] {
  const resources: PciResource[] = [];
  const lines = text.split('\n', LAST_INDEX + 1);
  for (const [index, line] of lines.entries()) {
    const [start, last, flags] = line.split(' ');
    if (flags === undefined || start === undefined || last === undefined || /^0x0+$/.test(flags)) continue;
    const bits = BigInt(flags);
    const isMemory = (bits & IORESOURCE_MEM) !== 0n;
    if (!isMemory && (bits & IORESOURCE_IO) === 0n) continue;
    const from = BigInt(start);
    resources.push({
      index,
      start: physical(from),
      size: bytes(BigInt(last) - from + 1n),
      kind: !isMemory ? 'io' : (bits & IORESOURCE_PREFETCH) !== 0n ? 'prefetchable' : 'memory',
    });
  }
  return resources;
}
