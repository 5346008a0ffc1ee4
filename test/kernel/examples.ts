import { MACHINES, type Machine } from './machine.ts';

/** What the guest has to know of an example. */
export interface ExampleFacts {
  /** Its folder below `examples/`. */
  readonly name: string;
  /** Drivers that must hold a device before the snapshot is taken: loading a module does not wait for its probes. */
  readonly drivers: readonly string[];
  /** How many VFs to switch on, on every PF. */
  readonly virtualFunctions: number;
}

/** The machine that an example is about: one of those of the tests, with other devices. */
interface ExampleHost extends ExampleFacts {
  readonly machine: 'intel' | 'amd' | 'smmuv3' | 'midway';
  /** What is plugged in, in the place of the machine's own; a board has what it has. */
  readonly devices?: readonly string[];
  readonly modules: readonly string[];
  /** What the kernel's command line has beside the machine's own. */
  readonly commandLine?: string;
}

export interface ExampleMachine extends Machine {
  readonly example: ExampleFacts;
}

const device = (...parts: readonly string[]): readonly string[] => ['-device', parts.join(',')];
const rootPort = (id: string, address: string, chassis: number): readonly string[] =>
  device('pcie-root-port', `id=${id}`, `addr=${address}`, `chassis=${chassis}`);
const nic = (id: string, ...where: readonly string[]): readonly string[] => [
  ...['-netdev', `user,id=${id},restrict=on`],
  ...device('e1000e', `netdev=${id}`, 'romfile=', ...where),
];

/** A null disk: what is on it does not matter. */
const disk = (id: string): readonly string[] => ['-drive', `if=none,id=${id},driver=null-co,size=1G,read-zeroes=on`];

/** SR-IOV as QEMU's NVMe controller has it: each VF needs queues and interrupts of its own out of the PF's. */
const SRIOV = ['sriov_max_vfs=4', 'sriov_vq_flexible=8', 'sriov_vi_flexible=4', 'max_ioqpairs=18', 'msix_qsize=18'];

export const EXAMPLES: readonly ExampleHost[] = [
  {
    name: 'one-nic',
    machine: 'intel',
    devices: [...rootPort('rp0', '0x1c', 1), ...nic('wan', 'bus=rp0')],
    modules: [],
    drivers: ['e1000e'],
    virtualFunctions: 0,
  },
  {
    name: 'gpu-with-audio',
    machine: 'amd',
    // The display of the host stays: the card is a second one, with a sound controller as its other function. The port is
    // slow enough for the kernel not to ask whether the link is back after a reset of the bus, which QEMU's never say here.
    devices: [
      ...device('VGA', 'addr=0xf'),
      ...rootPort('rp0', '0x1c,x-speed=5', 1),
      ...device('secondary-vga', 'bus=rp0', 'addr=0x0.0', 'multifunction=on'),
      ...device('intel-hda', 'id=sound', 'bus=rp0', 'addr=0x0.1', 'multifunction=on'),
      ...device('hda-output', 'bus=sound.0'),
    ],
    modules: ['bochs', 'snd-hda-codec-generic', 'snd-hda-intel'],
    drivers: ['bochs-drm', 'snd_hda_intel'],
    virtualFunctions: 0,
  },
  {
    name: 'two-vms',
    machine: 'intel',
    devices: [
      ...rootPort('rp0', '0x1c.0,multifunction=on', 1),
      ...nic('lan0', 'bus=rp0', 'addr=0x0.0', 'multifunction=on'),
      ...nic('lan1', 'bus=rp0', 'addr=0x0.1'),
      ...rootPort('rp1', '0x1c.1', 2),
      ...nic('san', 'bus=rp1'),
      ...rootPort('rp2', '0x1c.2', 3),
      ...disk('store'),
      ...device('nvme', 'serial=STORE', 'drive=store', 'bus=rp2'),
    ],
    modules: ['nvme'],
    drivers: ['e1000e', 'nvme'],
    virtualFunctions: 0,
    commandLine: 'hugepages=128',
  },
  {
    name: 'sriov-vfs',
    machine: 'intel',
    devices: [
      ...rootPort('rp0', '0x1c', 1),
      ...disk('store'),
      ...device('nvme-subsys', 'id=subsystem'),
      ...device('nvme', 'serial=STORE', 'id=store-controller', 'bus=rp0', 'subsys=subsystem', ...SRIOV),
      ...device('nvme-ns', 'drive=store', 'bus=store-controller'),
    ],
    modules: ['nvme'],
    drivers: ['nvme'],
    virtualFunctions: 4,
  },
  {
    name: 'hugepages-and-vfs',
    machine: 'intel',
    devices: [
      ...rootPort('rp0', '0x1c.0,multifunction=on', 1),
      ...nic('lan', 'bus=rp0'),
      ...rootPort('rp1', '0x1c.1', 2),
      ...disk('store'),
      ...device('nvme-subsys', 'id=subsystem'),
      ...device('nvme', 'serial=STORE', 'id=store-controller', 'bus=rp1', 'subsys=subsystem', ...SRIOV),
      ...device('nvme-ns', 'drive=store', 'bus=store-controller'),
    ],
    modules: ['nvme'],
    drivers: ['e1000e', 'nvme'],
    virtualFunctions: 0,
    commandLine: 'hugepages=8',
  },
  {
    name: 'bind-for-dpdk',
    machine: 'smmuv3',
    devices: [
      ...rootPort('rp0', '0x8', 1),
      ...nic('port0', 'bus=rp0'),
      ...rootPort('rp1', '0x9', 2),
      ...nic('port1', 'bus=rp1'),
    ],
    modules: [],
    drivers: ['e1000e'],
    virtualFunctions: 0,
  },
  { name: 'calxeda-midway', machine: 'midway', modules: [], drivers: ['calxedaxgmac'], virtualFunctions: 0 },
];

/** The machine on which an example's snapshot is taken. */
export function exampleMachine({ machine, devices, modules, commandLine, ...example }: ExampleHost): ExampleMachine {
  const base = MACHINES.find(({ name }) => name === machine);
  if (!base) throw new Error(`no machine is called ${machine}`);
  return {
    ...base,
    name: example.name,
    commandLine: [base.commandLine, commandLine].filter(Boolean).join(' '),
    devices: devices ?? base.devices,
    modules,
    example,
  };
}
