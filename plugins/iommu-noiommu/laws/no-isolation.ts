import { defineDiagnostic, type DomainContext, type PluginLaw } from 'vfio-compose/plugin';

export const noIsolation = defineDiagnostic({
  code: 'no-isolation',
  severity: 'warning',
  category: 'safety',
  summary: 'Nothing keeps the devices away from the memory of the host',
  explanation: `The manifest asks for \`iommu: noiommu\`. The device then does DMA with physical addresses, to all memory of the host:
whoever drives it can read and change everything, the kernel included, and so can a bug. The kernel marks itself as
tainted for as long as it runs, and offers no memory mapping in this mode: a driver has to find physical addresses
itself, or do without DMA.

Use it for devices that do no DMA (a UART, a timer), or on machines where the user of the device may do anything anyway.
It is never chosen by itself.`,
});

/** A VM without isolation is said aloud, once for each (R-GROUP-3). */
export const noIsolationLaw: PluginLaw<DomainContext> = {
  id: 'no-isolation',
  reports: [noIsolation],
  check({ vm }) {
    const detail = `NOTHING ISOLATES THE DEVICES of ${vm.name} (iommu: noiommu): their DMA reaches all memory of the host, and whoever drives them can take the host over. The kernel is tainted from then on.`;
    return [noIsolation({ detail, at: vm.iommu.at })];
  },
};
