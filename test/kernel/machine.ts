import type { PackageArchitecture } from './debian.ts';
import { ROOT_TAG, WORK_TAG } from './initramfs.ts';
import { withoutCoherence, withStreams, type TreeChange } from './machine-tree.ts';

/** A machine that QEMU plays, in what differs from the others. */
export interface Machine {
  readonly name: string;
  readonly architecture: PackageArchitecture;
  readonly program: string;
  readonly options: readonly string[];
  readonly commandLine: string;
  /** What is changed in the device tree that QEMU makes for the machine. */
  readonly tree?: TreeChange;
  /** What is plugged in, as QEMU options. */
  readonly devices: readonly string[];
  /** Drivers that the guest loads beside those that every guest has. */
  readonly modules: readonly string[];
  /** Debian's own, or one of `kernels/`: those have VFIO for platform devices, which Debian's leave out, and no modules. */
  readonly kernel: 'debian' | 'small-arm64' | 'small-midway';
  /** How the guest gets its files: shared over 9p, or carried in the initramfs by a board without a bus for a share. */
  readonly files: 'shared' | 'carried';
  /** Where the guest reports: on a virtio port, or on the console, between the kernel's lines. */
  readonly report: 'port' | 'console';
}

/**
 * Devices of the three machines of the tests: one NIC alone in its group, and a card with two ports that share one.
 * The card's functions lack ACS, so the kernel groups them on every IOMMU. A conventional PCI bridge would do the same on
 * x86 only: the SMMUv3 driver of this kernel refuses a second device with the same stream id.
 * Both say that they are of several, as those of real cards do: the second has to when it is found again by itself.
 * The port has the speed up to which the kernel does not ask it, after a reset of its bus, whether the link is back
 * (pci_bridge_wait_for_secondary_bus): without native hot-plug, as on x86, QEMU's ports never say that it is.
 */
const TEST_DEVICES: readonly string[] = [
  ...['-device', 'edu,addr=0x10'],
  ...['-netdev', 'user,id=alone,restrict=on', '-device', 'e1000e,netdev=alone,addr=0x11,romfile='],
  ...['-device', 'pcie-root-port,id=rp0,addr=0x12,chassis=1,x-speed=5'],
  ...['-netdev', 'user,id=one,restrict=on'],
  ...['-device', 'e1000e,netdev=one,bus=rp0,addr=0x00.0,multifunction=on,romfile='],
  ...[
    '-netdev',
    'user,id=two,restrict=on',
    '-device',
    'e1000e,netdev=two,bus=rp0,addr=0x00.1,multifunction=on,romfile=',
  ],
];

/** VFIO for devices without an IOMMU: the kernel wants it admitted that this isolates nothing. */
const NO_IOMMU = 'vfio.enable_unsafe_noiommu_mode=1';

/** The network card whose link the guest may ask the outside to cut. */
export const LINK = 'link';

/** Devices of the platform bus: a network card and a disk on virtio-mmio. The PrimeCells are there in any case. */
const VIRTIO_MMIO: readonly string[] = [
  ...['-netdev', 'user,id=net,restrict=on'],
  ...['-device', `virtio-net-device,id=${LINK},netdev=net,bus=virtio-mmio-bus.31`],
  ...['-drive', 'if=none,id=disk,driver=null-co,size=1M,read-zeroes=on'],
  ...['-device', 'virtio-blk-device,drive=disk,bus=virtio-mmio-bus.30'],
];

/** Platform devices behind an SMMUv3. */
const SMMU_PLATFORM = {
  architecture: 'arm64',
  program: 'qemu-system-aarch64',
  options: ['-machine', 'virt,iommu=smmuv3,gic-version=3', '-cpu', 'cortex-a57'],
  commandLine: 'console=ttyAMA0 vfio_platform.reset_required=0',
  devices: VIRTIO_MMIO,
  modules: [],
  kernel: 'small-arm64',
  files: 'shared',
  report: 'console',
} as const;

/**
 * The Calxeda ECX-2000. The board has two XGMACs, and QEMU makes them when it is given the first network; what one sends
 * the other receives.
 */
const MIDWAY = {
  architecture: 'armhf',
  program: 'qemu-system-arm',
  options: ['-machine', 'midway'],
  devices: ['-net', 'nic,model=xgmac', '-net', 'nic,model=xgmac'],
  modules: [],
  kernel: 'small-midway',
  files: 'carried',
  report: 'console',
} as const;

/** The handler is built in; without its registration the kernel has none, and takes devices without a reset. */
const NO_RESET_HANDLER =
  'vfio_platform.reset_required=0 initcall_blacklist=vfio_platform_calxedaxgmac_reset_module_init';

const DEBIAN = { kernel: 'debian', files: 'shared', report: 'port' } as const;

/**
 * A guest that sleeps is at the end of its sleep at once: its time is counted in instructions (QEMU's docs/devel/tcg-icount.rst).
 * The kernel sleeps through most of a device's reset.
 */
const NO_SLEEP: readonly string[] = ['-icount', 'shift=1,sleep=off'];

const SMMUV3 = {
  architecture: 'arm64',
  program: 'qemu-system-aarch64',
  options: ['-machine', 'virt,iommu=smmuv3,gic-version=3', '-cpu', 'cortex-a57'],
  commandLine: 'console=ttyAMA0',
  devices: TEST_DEVICES,
  modules: [],
  ...DEBIAN,
} as const;

const INTEL = {
  architecture: 'amd64',
  program: 'qemu-system-x86_64',
  options: [...q35(), '-device', 'intel-iommu,intremap=on,caching-mode=on'],
  commandLine: 'console=ttyS0 intel_iommu=on tsc=reliable no_timer_check',
  devices: TEST_DEVICES,
  modules: [],
  ...DEBIAN,
} as const;

/**
 * In the order in which they are started: those that take longest first.
 *
 * The three IOMMUs that matter for VFIO on PCI, then two machines whose devices come from a device tree and have no IOMMU:
 * one with interrupts of both kinds, and a board that was sold with 32-bit processors. Two have such devices behind
 * an SMMU, which sees the CPU's caches or does not. Intel and the SMMUv3 come once more for what is done thousands of times,
 * and Intel for the kills, which sleep little and would only be slower. Everything is plain emulation: what is tested is the
 * kernel's behaviour, which does not depend on the speed of the processor, and CI machines have no hardware virtualisation
 * to offer.
 * x86 needs `-cpu max`, one processor and `tsc=reliable`: with the default model the kernel mistrusts the emulated clock.
 * And `no_timer_check`: early on the kernel waits for a few timer interrupts in a fixed time, and panics where a busy
 * outside lets the emulation come too late (timer_irq_works in arch/x86/kernel/apic/io_apic.c).
 */
export const MACHINES: readonly Machine[] = [
  { name: 'smmuv3-icount', ...SMMUV3, options: [...SMMUV3.options, ...NO_SLEEP] },
  { name: 'intel-icount', ...INTEL, options: [...INTEL.options, ...NO_SLEEP] },
  { name: 'intel-endurance', ...INTEL },
  { name: 'intel', ...INTEL },
  {
    name: 'amd',
    architecture: 'amd64',
    program: 'qemu-system-x86_64',
    options: [...q35(), '-device', 'amd-iommu,intremap=on'],
    commandLine: 'console=ttyS0 tsc=reliable no_timer_check',
    devices: TEST_DEVICES,
    modules: [],
    ...DEBIAN,
  },
  { name: 'smmuv3', ...SMMUV3 },
  {
    name: 'arm64-platform',
    architecture: 'arm64',
    program: 'qemu-system-aarch64',
    options: ['-machine', 'virt,gic-version=3', '-cpu', 'cortex-a57'],
    commandLine: `console=ttyAMA0 ${NO_IOMMU} vfio_platform.reset_required=0`,
    devices: VIRTIO_MMIO,
    modules: [],
    kernel: 'small-arm64',
    files: 'shared',
    report: 'console',
  },
  { name: 'midway', commandLine: `console=ttyAMA0 ${NO_IOMMU}`, ...MIDWAY },
  { name: 'midway-no-reset', commandLine: `console=ttyAMA0 ${NO_IOMMU} ${NO_RESET_HANDLER}`, ...MIDWAY },
  { name: 'arm64-smmu-platform', tree: withStreams, ...SMMU_PLATFORM },
  { name: 'arm64-smmu-not-coherent', tree: withoutCoherence, ...SMMU_PLATFORM },
];

function q35(): readonly string[] {
  return ['-machine', 'q35,kernel-irqchip=split', '-accel', 'tcg', '-cpu', 'max'];
}

/** What one boot of a machine is given. */
export interface Boot {
  readonly kernel: string;
  /** The device tree, where it is not the one that QEMU makes. */
  readonly board: string | undefined;
  readonly initramfs: string;
  /** The folder that becomes the guest's root, read-only. */
  readonly root: string;
  /** The folder with the guest's scripts, read-only. */
  readonly work: string;
  /** A Unix socket on which the guest reports. */
  readonly reportSocket: string;
  /** A Unix socket on which QEMU takes orders (QMP). */
  readonly monitorSocket: string;
}

const SIZE: readonly string[] = ['-smp', '1', '-m', '2G'];

/** A command line with which QEMU writes the device tree of a machine to a file, and ends. */
export const treeArguments = (machine: Machine, file: string): readonly string[] => [
  ...machine.options,
  ...SIZE,
  ...['-machine', `dumpdtb=${file}`, '-nodefaults', '-display', 'none'],
  ...machine.devices,
];

/** The whole QEMU command line. Reports travel on a port of their own, where no kernel message can fall into a line. */
export function qemuArguments(machine: Machine, boot: Boot): readonly string[] {
  return [
    ...machine.options,
    ...SIZE,
    ...['-nodefaults', '-display', 'none', '-monitor', 'none', '-serial', 'stdio', '-no-reboot'],
    ...['-qmp', `unix:${boot.monitorSocket},server=on,wait=off`],
    ...['-kernel', boot.kernel, '-initrd', boot.initramfs],
    ...(boot.board === undefined ? [] : ['-dtb', boot.board]),
    ...['-append', `${machine.commandLine} panic=-1 ${verbosity(machine)}`],
    ...(machine.files === 'shared' ? [...share(ROOT_TAG, boot.root), ...share(WORK_TAG, boot.work)] : []),
    ...(machine.report === 'port' ? reportPort(boot.reportSocket) : []),
    ...machine.devices,
  ];
}

/**
 * Where the report travels on the console, nothing may come between but what ends the run anyway: emergencies and alerts,
 * of which a panic and an oops are made.
 */
const verbosity = ({ report }: Machine): string => (report === 'console' ? 'loglevel=2' : 'quiet');

function reportPort(socket: string): readonly string[] {
  return [
    ...['-device', 'virtio-serial-pci', '-chardev', `socket,id=report,path=${socket}`],
    ...['-device', 'virtserialport,chardev=report,name=report'],
  ];
}

function share(tag: string, folder: string): readonly string[] {
  // `remap`: two file systems of the outside may use the same inode numbers.
  return ['-virtfs', `local,path=${folder},mount_tag=${tag},security_model=none,readonly=on,multidevs=remap`];
}
