import {
  apertures,
  defineDiagnostic,
  type DomainContext,
  hex,
  lastOf,
  mappingsOf,
  type PluginLaw,
  rangeText,
  U64_MAX,
} from 'vfio-compose/plugin';

export const memoryOutsideAperture = defineDiagnostic({
  code: 'memory-outside-aperture',
  severity: 'error',
  category: 'host',
  summary: 'A mapping lies beyond what the IOMMU translates',
  explanation: `An IOMMU translates addresses of a limited width: 39 or 48 bits are common on Intel machines (fields MGAW
and SAGAW of the unit's capability register), and the unit of the integrated graphics often has fewer than the others.
The kernel refuses a mapping beyond (VFIO_IOMMU_MAP_DMA: EINVAL). A container has the range that all its devices share,
so the narrowest unit counts.

Lower the address. For a VM that means a smaller guest physical address width, or less memory.`,
});

/** Every mapping lies within the addresses that the IOMMU translates. */
export const memoryOutsideApertureLaw: PluginLaw<DomainContext> = {
  id: 'memory-outside-aperture',
  reports: [memoryOutsideAperture],
  check(context) {
    const { vm, host } = context;
    const limits = apertures(host);
    if (!limits) return [];
    const { narrowest, widest } = limits;
    return mappingsOf(context).flatMap(({ memory, iova, size }) => {
      const extent = { first: iova, last: lastOf(iova, size) };
      const wraps = extent.last > U64_MAX;
      if (size === 0n || wraps || extent.last <= narrowest.last) return [];
      const at = vm.memory[memory]?.iovaAt;
      const mapping = `The mapping ${rangeText(extent)} of ${vm.name} goes beyond`;
      if (extent.last > widest.last) {
        const detail = `${mapping} ${hex(widest.last)}: the IOMMU unit ${widest.unit.name} translates addresses of ${widest.bits} bits, and no unit more. Lower the address or the size.`;
        return [memoryOutsideAperture({ detail, at })];
      }
      // Which unit a device is behind is not in the inventory, so this is no more than likely.
      const detail = `${mapping} ${hex(narrowest.last)}: it cannot be made if a device of ${vm.name} is behind the IOMMU unit ${narrowest.unit.name}, which translates addresses of ${narrowest.bits} bits. Lower the address or the size.`;
      return [memoryOutsideAperture({ detail, at, severity: 'warning' })];
    });
  },
};
