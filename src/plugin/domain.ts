import { bytes, type DomainContext, type DomainMapping, type ResolvedVm } from '../model/index.ts';

/** A mapping for each entry of a VM's memory, as the manifest has it. */
export const entryMappings = (vm: ResolvedVm): DomainMapping[] =>
  vm.memory.map(({ iova, size }, memory) => ({ memory, offset: bytes(0n), iova, size }));

/**
 * What a plan maps for a VM: what the nearest of its plugins says that has a say. A law of mappings asks this, so that it
 * holds for what a plugin that builds on its own makes of the memory.
 */
export const mappingsOf = (context: DomainContext): readonly DomainMapping[] =>
  context.vm.iommu.plugins.find(({ mappings }) => mappings !== undefined)?.mappings?.(context) ?? [];
