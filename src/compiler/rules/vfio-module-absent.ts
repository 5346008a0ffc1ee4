import { defineDiagnostic, titleOf } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { assignedDevices, groupBy, isolatedVms } from './shared/assignments.ts';
import { modulesOf } from './shared/modules.ts';

export const vfioModuleAbsent = defineDiagnostic({
  code: 'vfio-module-absent',
  severity: 'error',
  category: 'host',
  summary: 'The kernel lacks a part of VFIO',
  explanation: `Each device needs its VFIO driver (vfio-pci, vfio-platform, vfio-amba, or a vendor's own), and each container the module of
its IOMMU model (vfio_iommu_type1 for most; none for \`iommu: noiommu\`) and the node /dev/vfio/vfio. The module is neither loaded, nor built in, nor among the modules of the
running kernel.

Install the rest of the kernel's package (cloud kernels leave VFIO out: on Debian, take linux-image-amd64 in the place of
linux-image-cloud-amd64), or build the kernel with CONFIG_VFIO, CONFIG_VFIO_GROUP, CONFIG_VFIO_CONTAINER,
CONFIG_VFIO_IOMMU_TYPE1 and CONFIG_VFIO_PCI; for platform devices CONFIG_VFIO_PLATFORM, for AMBA devices also
CONFIG_VFIO_AMBA, which many kernels for servers and PCs leave out. After an update of the kernel, restart: modules of another version do not
load.`,
});

/** The kernel has, or can load, every part of VFIO that the plan needs. */
export const vfioModuleAbsentRule: Rule = {
  id: 'vfio-module-absent',
  reports: [vfioModuleAbsent],
  check({ manifest, host }) {
    const { modules, vfio, kernel } = host.inventory;
    const has = (name: string) => Object.hasOwn(modules, name.replaceAll('-', '_'));
    const devices = assignedDevices(manifest);
    const drivers = [...groupBy(devices, (entry) => entry.driver)].flatMap(([driver, [entry]]) => {
      // Those of other buses are refused for their bus.
      if (!entry || has(driver) || entry.bus === 'fsl-mc' || entry.bus === 'cdx') return [];
      const detail = `${titleOf(entry)} needs the driver ${driver}, and the kernel ${kernel.release} has no such module. Install the kernel's full set of modules, or one with VFIO.`;
      return [vfioModuleAbsent({ detail, at: entry.at })];
    });
    const [first] = manifest.vms;
    if (!first || devices.length === 0) return drivers;
    const wanted = isolatedVms(manifest).flatMap(({ iommu }) =>
      modulesOf(iommu).map(({ module, why }) => ({ module, why, at: iommu.at })),
    );
    const missing = wanted.find(({ module }) => !has(module));
    if (missing) {
      const { module, why, at } = missing;
      const detail = `The kernel ${kernel.release} has no module ${module}, which ${why}. Install the kernel's full set of modules, or one with CONFIG_${module.toUpperCase()}.`;
      return [...drivers, vfioModuleAbsent({ detail, at })];
    }
    const state = modules['vfio']?.state;
    if (!vfio.container && (state === 'loaded' || state === 'builtin')) {
      const detail = `VFIO is in the kernel ${kernel.release}, but there is no /dev/vfio/vfio: the kernel was built without CONFIG_VFIO_CONTAINER, or this system (a container?) does not show the node.`;
      return [...drivers, vfioModuleAbsent({ detail, at: first.iommu.at })];
    }
    return drivers;
  },
};
