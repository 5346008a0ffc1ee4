import { defineDiagnostic, type DomainContext, type PluginLaw } from 'vfio-compose/plugin';

export const noiommuNotOffered = defineDiagnostic({
  code: 'noiommu-not-offered',
  severity: 'error',
  category: 'host',
  summary: 'The kernel has no no-IOMMU mode',
  explanation: `VFIO without IOMMU exists only in kernels built with CONFIG_VFIO_NOIOMMU; they show the parameter
\`enable_unsafe_noiommu_mode\` of the module vfio. VFIO is in this kernel, and the parameter is not.

Use a kernel that has it, or a machine with an IOMMU.`,
});

export const noiommuModeSwitchedOn = defineDiagnostic({
  code: 'noiommu-mode-switched-on',
  severity: 'warning',
  category: 'safety',
  summary: 'The plan switches the no-IOMMU mode on',
  explanation: `\`enable_unsafe_noiommu_mode\` of the module vfio is N, and the manifest asks for \`iommu: noiommu\`. The plan sets it, and
\`down\` puts it back. While it is Y, root may bind any device of the host without IOMMU to VFIO, not only those of the plan.

The mode is one for the whole host. Another project that came up while it was on does not set it, so the \`down\` of the one
that did turns it off under the other: what that has open goes on, and nothing can be bound or opened anew. Bring the
project down last that came up first.`,
});

/** The kernel has the no-IOMMU mode, and that it gets switched on is said (R-GROUP-3). */
export const noiommuNotOfferedLaw: PluginLaw<DomainContext> = {
  id: 'noiommu-not-offered',
  reports: [noiommuNotOffered, noiommuModeSwitchedOn],
  check({ vm, host }) {
    const module = host.inventory.modules['vfio'];
    // Of a module that is yet to be loaded, nothing tells how it was built; that one is not there at all is said anyway.
    if (!module || module.state === 'available') return [];
    const mode = module.parameters['enable_unsafe_noiommu_mode'];
    if (mode === 'Y') return [];
    if (mode === undefined) {
      const detail = `${vm.name} asks for no IOMMU, and the kernel ${host.inventory.kernel.release} was built without CONFIG_VFIO_NOIOMMU. Use a kernel that has the mode, or a machine with an IOMMU.`;
      return [noiommuNotOffered({ detail, at: vm.iommu.at })];
    }
    const detail = `UNSAFE: ${vm.name} asks for no IOMMU, so the plan sets enable_unsafe_noiommu_mode of vfio for the whole host, and puts it back on "down". While it is set, root may bind any device without an IOMMU to VFIO.`;
    return [noiommuModeSwitchedOn({ detail, at: vm.iommu.at })];
  },
};
