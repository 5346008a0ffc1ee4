import { defineDiagnostic, formatBytes, hugePagesOf } from '../../model/index.ts';
import type { HostIndex, HugePagePool, ResolvedMemory } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { groupBy } from './shared/assignments.ts';

export const hugePagesShort = defineDiagnostic({
  code: 'huge-pages-short',
  severity: 'error',
  category: 'host',
  summary: 'There are not enough free huge pages',
  explanation: `Huge pages come from a pool of their size that the kernel sets aside
(/sys/kernel/mm/hugepages/hugepages-<size>kB). A pool that does not exist, or has too few free pages for what all VMs
of the manifest ask for, makes the allocation fail (ENOMEM).

\`reserve: true\` adds the pages that an existing pool lacks while the project is up, and takes them out again.

Or add pages by hand, best soon after boot while memory is not fragmented: \`echo N > …/nr_hugepages\`, or \`hugepagesz=… hugepages=N\`
on the kernel command line (the only way for 1 GiB pages on many machines). Or use smaller pages.`,
});

/** The free huge pages of each size suffice for all VMs together. */
export const hugePagesShortRule: Rule = {
  id: 'huge-pages-short',
  reports: [hugePagesShort],
  check({ manifest, host }) {
    const wanting = manifest.vms.flatMap((vm) => vm.memory).filter((memory) => memory.pageSize !== null);
    return [...groupBy(wanting, ({ pageSize }) => pageSize ?? 0n)].flatMap(([size, entries]) => {
      const pool = host.inventory.hugePages.find((candidate) => candidate.size === size);
      const free = BigInt(pool?.free ?? 0);
      const { needed, over } = count(entries, free);
      if (!over) return [];
      if (pool && entries.some(({ reserve }) => reserve)) return cannotGrow(pool, needed - free, over, host);
      const have = pool ? `the host has ${free} free of ${pool.total}` : 'the host has no such pool';
      const detail = `The plan needs ${needed} huge pages of ${formatBytes(size)}, and ${have}. ${pool ? `Write "reserve: true" to have ${needed - free} added while the project is up, raise nr_hugepages in /sys/kernel/mm/hugepages/hugepages-${size >> 10n}kB, or use other pages.` : 'Use pages of a size that it has.'}`;
      return [hugePagesShort({ detail, at: over.sizeAt })];
    });
  },
};

/** A pool grows only by what the host has: the kernel would look for the rest until everything else stands still. */
function cannotGrow({ size }: HugePagePool, missing: bigint, over: ResolvedMemory, { inventory }: HostIndex) {
  const { memoryAvailable: available } = inventory;
  if (available === undefined || missing * size <= available) return [];
  const detail = `The pool of huge pages of ${formatBytes(size)} lacks ${missing}, which is ${formatBytes(missing * size)}, and the host has ${formatBytes(available)} of memory available. Map less, or free memory first.`;
  return [hugePagesShort({ detail, at: over.sizeAt })];
}

/** The pages that the entries need, and the first entry for which they do not suffice. */
function count(entries: readonly ResolvedMemory[], free: bigint) {
  let needed = 0n;
  let over: ResolvedMemory | undefined;
  for (const entry of entries) {
    needed += hugePagesOf(entry);
    if (needed > free) over ??= entry;
  }
  return { needed, over };
}
