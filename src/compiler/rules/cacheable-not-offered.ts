import { defineDiagnostic, titleOf } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { assignedDevices, isPlatformEntry } from './shared/assignments.ts';

export const cacheableNotOffered = defineDiagnostic({
  code: 'cacheable-not-offered',
  severity: 'error',
  category: 'host',
  summary: 'The kernel maps the region uncached',
  explanation: `User space cannot choose the memory attribute of a mapping: the kernel's driver does. vfio-platform and vfio-amba map
every region uncached (vfio_platform_mmap_mmio: pgprot_noncached), and so does vfio-pci (vfio_pci_core_mmap). Only
vfio-fsl-mc, for portals that the management complex calls cacheable, and a few vendors' drivers map otherwise.

So \`cacheable\` is a demand that is checked, not a switch. \`required\` is refused where the driver is known to map uncached;
\`preferred\` is this warning. Leave it out where uncached is good enough.`,
});

/** Drivers that map every region uncached. */
const UNCACHED: ReadonlySet<string> = new Set(['vfio-platform', 'vfio-amba', 'vfio-pci']);

/** A region that has to be cacheable is one that the kernel maps so (R-TREE-6). */
export const cacheableNotOfferedRule: Rule = {
  id: 'cacheable-not-offered',
  reports: [cacheableNotOffered],
  check({ manifest }) {
    return assignedDevices(manifest)
      .filter(isPlatformEntry)
      .filter(({ driver }) => UNCACHED.has(driver.replaceAll('_', '-')))
      .flatMap((entry) =>
        entry.regions.flatMap(({ index, cacheable, at }) => {
          if (cacheable === null) return [];
          const why = `${entry.driver} maps every region uncached, region ${index} of ${titleOf(entry)} too`;
          return cacheable === 'required'
            ? [
                cacheableNotOffered({
                  detail: `${why}, and the manifest requires it to be cacheable. Write "cacheable: preferred" or leave it out, if uncached will do.`,
                  at,
                }),
              ]
            : [
                cacheableNotOffered({
                  detail: `${why}: "cacheable: preferred" gets an uncached mapping.`,
                  at,
                  severity: 'warning',
                }),
              ];
        }),
      );
  },
};
