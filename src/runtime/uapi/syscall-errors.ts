/** What an errno usually means for a system call on some kind of path. The first entry that matches counts. */
export interface SyscallErrors {
  readonly call: string;
  readonly target: RegExp;
  readonly errors: Readonly<Record<string, string>>;
}

/** Sources: drivers/base/{bus,dd,driver}.c, drivers/vfio/{group,vfio_main}.c, drivers/vfio/{pci,platform}/, Documentation/ABI/testing. */
export const SYSCALL_ERRORS: readonly SyscallErrors[] = [
  {
    call: 'open',
    target: /^\/dev\/vfio\/vfio$/,
    errors: {
      ENOENT: 'VFIO is not there: load the module vfio.',
      ENODEV: 'VFIO is not loaded and could not be: load the module vfio.',
      EACCES: 'This user may not use VFIO: the node is normally open to everybody (mode 0666).',
    },
  },
  {
    call: 'open',
    target: /^\/dev\/vfio\/(noiommu-)?\d+$/,
    errors: {
      ENOENT:
        'The group has no node: none of its devices is bound to a VFIO driver, or udev has not made the node yet.',
      EACCES: 'This user may not open the group: its node belongs to root unless it was given away.',
      EPERM: 'No-IOMMU mode needs CAP_SYS_RAWIO.',
      EBUSY: 'Somebody has the group open: a virtual machine, DPDK, or another project. One at a time may.',
      ENODEV: 'The last device of the group was just taken from its VFIO driver.',
    },
  },
  {
    call: 'write',
    target: /\/bind$/,
    errors: {
      ENOENT:
        'The kernel has no such driver, because its module is not loaded; or, for vfio-platform, no reset handler for the first "compatible" of the device, and vfio_platform.reset_required is on (6.1 and 6.2 insist even where it is off).',
      ENODEV: 'The driver does not take this device: driver_override does not name it, or there is no such device.',
      EBUSY:
        'The device has a driver already; or it is a physical function with virtual ones; or user space owns its group.',
      EINVAL:
        'The driver refused the device: it has no IOMMU group and no-IOMMU mode is off, it is a bridge, its DMA is not cache-coherent (on Arm: neither it nor its SMMU is "dma-coherent"), it is on the deny list of vfio-pci, or, for vfio-platform, it has no "compatible". The kernel log says which.',
      EAGAIN: 'The driver wants to be asked again later: something that it needs is not there yet.',
    },
  },
  {
    call: 'write',
    target: /\/unbind$/,
    errors: {
      ENODEV: 'The device is not on this driver.',
      ENOENT: 'The kernel has no such driver.',
      ETIMEDOUT: 'The kernel still waits for somebody to let go of the device.',
    },
  },
  {
    call: 'write',
    target: /\/driver_override$/,
    errors: { ENOENT: 'There is no such device (any more).', EINVAL: 'The name of the driver is too long.' },
  },
  {
    call: 'read',
    target: /^\/sys\/module\/[^/]+\/parameters\//,
    errors: { ENOENT: 'The module is not loaded, or this kernel was built without what the parameter is for.' },
  },
  {
    call: 'write',
    target: /^\/sys\/module\/[^/]+\/parameters\//,
    errors: {
      ENOENT: 'The module is not loaded, or has no such parameter.',
      EACCES: 'The parameter cannot be changed while the module is loaded.',
      EINVAL: 'The parameter does not take this value.',
    },
  },
  {
    call: 'write',
    target: /\/sriov_numvfs$/,
    errors: {
      ENOENT: 'The physical function has no driver, or one that makes no VFs.',
      EBUSY: 'It has another number of VFs already, which the kernel changes through 0 only; or its driver is busy.',
      ERANGE: 'It cannot have that many VFs (sriov_totalvfs).',
      ENOMEM: 'The firmware left no room for the registers or the bus numbers of the VFs.',
      EIO: 'The firmware left no room for the registers of the VFs.',
    },
  },
  {
    call: 'write',
    target: /\/nr_hugepages$/,
    errors: { EINVAL: 'The kernel makes pages of this size at boot only (hugepages= on its command line).' },
  },
  {
    call: 'setrlimit',
    target: /./,
    errors: { EPERM: 'Only CAP_SYS_RESOURCE raises a hard limit.' },
  },
  {
    call: 'mmap',
    target: /^device/,
    errors: {
      EINVAL: 'The kernel does not map this part of the device: pages must be whole, and inside one region.',
      ENODEV: 'Only regions of devices and memory can be mapped.',
    },
  },
  {
    call: 'mmap',
    target: /huge/,
    errors: {
      ENOMEM: 'Not enough free huge pages of this size: raise nr_hugepages.',
      EINVAL: 'The kernel has no huge pages of this size.',
    },
  },
  { call: 'mmap', target: /./, errors: { ENOMEM: 'Not enough memory, or too many mappings in this process.' } },
  { call: 'memfd_create', target: /./, errors: { ENODEV: 'The kernel has no huge pages of this size.' } },
  {
    call: 'ftruncate',
    target: /./,
    errors: {
      EINVAL: 'The size of a file of huge pages must be a multiple of their size.',
      ENOMEM: 'Not enough memory.',
    },
  },
  {
    call: 'spawn',
    target: /./,
    errors: { ENOENT: 'The program is not installed.', EACCES: 'The program may not be run.' },
  },
  {
    call: 'pread',
    target: /./,
    errors: {
      EIO: 'The device does not answer: its memory decode is off, or it sleeps.',
      EINVAL: 'Outside the region.',
    },
  },
  {
    call: 'pwrite',
    target: /./,
    errors: {
      EIO: 'The device does not answer: its memory decode is off, or it sleeps.',
      EINVAL: 'Outside the region.',
    },
  },
  {
    call: '',
    target: /./,
    errors: {
      EACCES: 'Permission denied: this needs root.',
      EPERM: 'Not permitted: this needs root.',
      ENOENT: 'It does not exist.',
      EROFS: 'The file system is read-only; inside a container /sys often is.',
    },
  },
];
