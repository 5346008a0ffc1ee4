import type { KernelModule } from '../../model/index.ts';
import type { HostFiles } from './host-files.ts';
import { HostPath } from './host-paths.ts';

/**
 * Modules that a plan may load, or whose parameters decide something: VFIO with its variant drivers, iommufd, pci-stub.
 * Of VFIO's, platform devices need `vfio` (enable_unsafe_noiommu_mode), `vfio_platform_base`, `vfio_platform` (the one
 * with reset_required) or `vfio_amba`, and the reset handlers vfio_platform_{calxedaxgmac,amdxgbe,bcmflexrm}.
 */
const matters = (name: string): boolean => name.includes('vfio') || name === 'iommufd' || name === 'pci_stub';
const MENTIONED = /vfio|iommufd|pci-stub/;

/**
 * The modules that matter, by name with underscores, whether loaded, built in, or only on disk.
 *
 * @param vfioDrivers modules whose drivers are registered. Where there is no /lib/modules, code that is built in shows
 *   itself in /sys/module only if it has a parameter or a version, which vfio_fsl_mc and vfio_cdx do not have.
 */
export function readModules(
  files: HostFiles,
  release: string,
  vfioDrivers: readonly string[] = [],
): Record<string, KernelModule> {
  const index = `${HostPath.moduleIndex}/${release}`;
  const builtin = new Set(modulesNamed(files.file(`${index}/modules.builtin`)));
  const states = new Map<string, KernelModule['state']>();
  for (const name of modulesNamed(files.file(`${index}/modules.dep`))) states.set(name, 'available');
  for (const name of builtin) states.set(name, 'builtin');
  for (const name of files.names(HostPath.loadedModules)) {
    if (!matters(name)) continue;
    // Code that is part of the kernel has a directory here too, for its parameters, but was never initialised as a module.
    const isModule = !builtin.has(name) && files.exists(`${HostPath.loadedModules}/${name}/initstate`);
    states.set(name, isModule ? 'loaded' : 'builtin');
  }
  for (const name of vfioDrivers) if ((states.get(name) ?? 'available') === 'available') states.set(name, 'builtin');
  const found = [...states].map(([name, state]): [string, KernelModule] => [
    name,
    { state, parameters: state === 'available' ? {} : readParameters(files, name) },
  ]);
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The modules that matter in an index of depmod: one path at the start of each line, up to a colon or the line's end. */
function modulesNamed(index: Buffer | null): string[] {
  if (index === null) return [];
  const names: string[] = [];
  for (const line of index.toString('latin1').split('\n')) {
    if (!MENTIONED.test(line)) continue;
    const file = /([^/:\s]+)\.ko(?:\.\w+)?(?::|$)/.exec(line)?.[1];
    const name = file?.replaceAll('-', '_');
    if (name !== undefined && matters(name)) names.push(name);
  }
  return names;
}

function readParameters(files: HostFiles, name: string): Record<string, string> {
  const directory = `${HostPath.loadedModules}/${name}/parameters`;
  const found: [string, string][] = [];
  for (const parameter of files.names(directory)) {
    const value = files.attribute(`${directory}/${parameter}`);
    if (value !== null) found.push([parameter, value]);
  }
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}
