/**
 * Every place of the host that taking an inventory may read, and why. Nothing else is opened: a test watches each read
 * and fails for a path that is not below one of these.
 */
export const HostPath = {
  /** Whether there is a sysfs at all, and which buses it has. */
  buses: '/sys/bus',
  /** One symbolic link for each PCI function, to its real device directory. */
  pciDevices: '/sys/bus/pci/devices',
  /** Physical slots by name, with the address that each covers. */
  pciSlots: '/sys/bus/pci/slots',
  /** Devices of the buses that cannot be enumerated by their hardware, and the drivers of each. */
  platformBus: '/sys/bus/platform',
  ambaBus: '/sys/bus/amba',
  fslMcBus: '/sys/bus/fsl-mc',
  cdxBus: '/sys/bus/cdx',
  /** The device tree that the kernel works with, overlays and corrections of the boot program included. */
  deviceTree: '/sys/firmware/devicetree/base',
  /** Network interfaces, as links into the device tree. */
  netClass: '/sys/class/net',
  /** Disks and partitions, as links into the device tree. */
  blockClass: '/sys/class/block',
  /** IOMMU units. */
  iommuClass: '/sys/class/iommu',
  /** IOMMU groups with their domain type and reserved regions. */
  iommuGroups: '/sys/kernel/iommu_groups',
  /** Pools of huge pages. */
  hugePages: '/sys/kernel/mm/hugepages',
  /** Modules that are loaded or built in, with their parameters. */
  loadedModules: '/sys/module',
  /** What modprobe could load: modules.dep and modules.builtin of the running kernel. */
  moduleIndex: '/lib/modules',
  /** Group nodes and the container. */
  vfioNodes: '/dev/vfio',
  /** The iommufd node. */
  iommufdNode: '/dev/iommu',
  /** Kernel release. */
  release: '/proc/sys/kernel/osrelease',
  /** Machine name, as `uname -m` (since Linux 6.1). */
  machine: '/proc/sys/kernel/arch',
  /** The page size (AT_PAGESZ). */
  auxiliaryVector: '/proc/self/auxv',
  /** RLIMIT_MEMLOCK. */
  limits: '/proc/self/limits',
  memory: '/proc/meminfo',
  /** Effective capabilities. */
  status: '/proc/self/status',
  /** Names of interrupt chips, which show interrupt remapping. */
  interrupts: '/proc/interrupts',
  /** Mounted file systems. */
  mounts: '/proc/self/mountinfo',
  /** Swap areas. */
  swaps: '/proc/swaps',
  /** IPv4 routes. */
  routes: '/proc/net/route',
  /** IPv6 routes. */
  routes6: '/proc/net/ipv6_route',
  /** IPv6 addresses. */
  addresses6: '/proc/net/if_inet6',
  /** Open files of processes; looked at only while a group node exists. */
  processes: '/proc',
} as const;
