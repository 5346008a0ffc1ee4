import { defineDiagnostic, type DomainContext, type PluginLaw } from 'vfio-compose/plugin';
import { smmuOptions } from '../options.ts';

export const smmuNestingNotOffered = defineDiagnostic({
  code: 'smmu-nesting-not-offered',
  severity: 'error',
  category: 'host',
  summary: 'A guest cannot manage a stage of the SMMU through VFIO type 1',
  explanation: `With nested translation the guest has page tables of its own for its devices, and the host's apply behind them.
Linux offers that through iommufd only (IOMMU_HWPT_ALLOC with NEST_PARENT, IOMMU_VIOMMU_ALLOC and IOMMU_VDEVICE_ALLOC in
include/uapi/linux/iommufd.h), and a plan uses the container of VFIO. Older kernels answered yes to VFIO_CHECK_EXTENSION for
VFIO_TYPE1_NESTING_IOMMU (6) of a type 1 container, which only chose the stage of the SMMU for the host's own tables: no
mainline kernel ever took tables of a guest that way.

It needs an SMMUv3 with both stages, without the quirk that forces synchronous commands, whose second stage can force
cacheability (S2FWB) or whose root complex is CANWBS (arm-smmu-v3-iommufd.c), and a device with exactly one stream id. None of
this is shown in sysfs; IOMMU_GET_HW_INFO tells a program that has the device bound to an iommufd. An SMMU of version 1 or 2
cannot do it.

Leave \`nesting\` out: devices of this VM then see the addresses of the manifest.`,
});

/** Nesting is recognised, and refused with what it would need. */
export const nestingLaw: PluginLaw<DomainContext> = {
  id: 'smmu-nesting',
  reports: [smmuNestingNotOffered],
  check({ vm, host, options }) {
    if (!smmuOptions(options).nesting) return [];
    const { units } = host.inventory.iommu;
    const old = units.filter(({ kind }) => kind === 'smmu-v2').map(({ name }) => name);
    const hardware =
      old.length > 0
        ? `${old.join(', ')} ${old.length > 1 ? 'are SMMUs' : 'is an SMMU'} of version 1 or 2, which Linux does not nest`
        : 'whether the SMMUv3 of this host could do it is not shown in sysfs';
    const { iommufd } = host.inventory.vfio;
    const door = `Linux nests through iommufd only (${iommufd ? '/dev/iommu is here' : 'this kernel has no /dev/iommu'}), and the plan uses a container of VFIO type 1`;
    const detail = `${vm.name} asks for nesting: ${door}; ${hardware}. Leave "nesting" out.`;
    return [smmuNestingNotOffered({ detail, at: vm.iommu.at })];
  },
};
