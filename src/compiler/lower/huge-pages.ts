import { type Bytes, formatBytes, type HostIndex, hugePagesOf, type ResolvedManifest } from '../../model/index.ts';
import type { StepList } from './steps.ts';

/** A pool that the project adds pages to. */
export interface GrowingPool {
  readonly pageSize: Bytes;
  readonly before: number;
  readonly missing: number;
}

/** The pools whose free pages do not suffice for all VMs, and which the manifest lets grow, in order of page size. */
export function growingPools(manifest: ResolvedManifest, host: HostIndex): GrowingPool[] {
  const memory = manifest.vms.flatMap((vm) => vm.memory);
  return [...host.inventory.hugePages]
    .sort((a, b) => (a.size < b.size ? -1 : 1))
    .flatMap(({ size, total, free }) => {
      const entries = memory.filter(({ pageSize }) => pageSize === size);
      const missing = Number(entries.reduce((sum, entry) => sum + hugePagesOf(entry), 0n)) - free;
      if (missing <= 0 || !entries.some(({ reserve }) => reserve)) return [];
      return [{ pageSize: size, before: total, missing }];
    });
}

/** Adds the pages that pools lack, before anything else takes memory; on the way back they go last (docs/adr/0020). */
export function lowerHugePages(manifest: ResolvedManifest, host: HostIndex, steps: StepList): void {
  for (const { pageSize, before, missing } of growingPools(manifest, host)) {
    const pages = before + missing;
    const first = manifest.vms.flatMap((vm) => vm.memory).find((entry) => entry.pageSize === pageSize && entry.reserve);
    const subject = `${pageSize >> 10n}kB`;
    const resource = `huge pages of ${formatBytes(pageSize)}`;
    const cause = `the pool lacks ${missing}`;
    const set = steps.add('set-huge-pages', subject, { resource, cause, at: first?.at }, { pageSize, before, pages });
    const back = { resource, cause: `takes the ${missing} out again` };
    steps.undo('set-huge-pages', set, subject, back, { pageSize, before: pages, pages: before });
  }
}
