import { hex, U64_MAX } from '../../model/index.ts';
import type { Law } from './law.ts';

/** The mappings of a container do not overlap, do not wrap, are not empty and lie inside their allocation. */
export const checkMappings: Law = function* (plan) {
  const sizes = new Map<string, bigint>();
  const byContainer = new Map<string, { first: bigint; last: bigint; id: string }[]>();
  for (const step of plan.up) {
    if (step.kind === 'allocate-memory') sizes.set(step.handle, step.size);
    if (step.kind !== 'map-dma') continue;
    const last = step.iova + step.size - 1n;
    if (step.size === 0n || last > U64_MAX) yield `${step.id} maps ${hex(step.size)} bytes at ${hex(step.iova)}.`;
    if (step.offset + step.size > (sizes.get(step.memory) ?? 0n))
      yield `${step.id} maps beyond the end of ${step.memory}.`;
    const mappings = byContainer.get(step.container) ?? [];
    mappings.push({ first: step.iova, last, id: step.id });
    byContainer.set(step.container, mappings);
  }
  for (const mappings of byContainer.values()) {
    mappings.sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
    for (const [index, mapping] of mappings.entries()) {
      const next = mappings[index + 1];
      if (next && next.first <= mapping.last) yield `${mapping.id} and ${next.id} map the same addresses.`;
    }
  }
};
