import { linuxRegions } from '../../devicetree/index.ts';
import type { RegRegion } from '../../devicetree/index.ts';
import { defineDiagnostic, hex, nodeOf, titleOf } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { assignedDevices, isPlatformEntry } from './shared/assignments.ts';

export const mmapNotOffered = defineDiagnostic({
  code: 'mmap-not-offered',
  severity: 'error',
  category: 'host',
  summary: 'The kernel does not let the region be mapped',
  explanation: `vfio-platform offers a region for mapping only if it begins and ends on a page of the host's kernel, since a page is the
least that can be mapped and the rest of it belongs to something else (vfio_platform_regions_init in
drivers/vfio/platform/vfio_platform_common.c: VFIO_REGION_INFO_FLAG_MMAP). Regions in I/O space are never mapped. Such a
region is read and written through the kernel (pread, pwrite), which works everywhere and is slower.

\`mmap: required\` is refused there; \`preferred\` is this warning. A kernel with smaller pages may offer it.`,
});

/** A region that has to be mapped is one that the kernel lets be mapped. */
export const mmapNotOfferedRule: Rule = {
  id: 'mmap-not-offered',
  reports: [mmapNotOffered],
  check({ manifest, host }) {
    const { tree } = host;
    if (!tree) return [];
    return assignedDevices(manifest)
      .filter(isPlatformEntry)
      .flatMap((entry) => {
        const node = nodeOf(entry.device, host);
        const demands = entry.regions.filter(({ mmap }) => mmap !== null);
        const regions = node && demands.length > 0 ? linuxRegions(tree, node) : [];
        return demands.flatMap(({ index, mmap, at }) => {
          const why = whyNot(regions[index], host.inventory.kernel.pageSize);
          if (why === undefined) return [];
          const what = `Region ${index} of ${titleOf(entry)} cannot be mapped: ${why}`;
          return mmap === 'required'
            ? [
                mmapNotOffered({
                  detail: `${what}. It can be read and written through the kernel: write "mmap: preferred" or leave it out, if that will do.`,
                  at,
                }),
              ]
            : [
                mmapNotOffered({
                  detail: `${what}. It is read and written through the kernel.`,
                  at,
                  severity: 'warning',
                }),
              ];
        });
      });
  },
};

function whyNot(region: RegRegion | undefined, pageSize: number): string | undefined {
  if (region?.cpuAddress.kind !== 'address') return undefined;
  if (region.flags.space === 'io') return 'it is in I/O space';
  const { address } = region.cpuAddress;
  const page = BigInt(pageSize);
  if (region.size > 0n && address % page === 0n && region.size % page === 0n) return undefined;
  return `it has ${hex(region.size)} bytes at ${hex(address)}, which does not begin and end on a page of ${pageSize} bytes`;
}
