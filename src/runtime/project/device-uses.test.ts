import { expect, it } from 'vitest';
import { describeUsers, type DeviceRef } from '../../model/index.ts';
import { bdf } from '../../testing/index.ts';
import { directoryWith } from '../../testing/directory.ts';
import { Tree } from '../../testing/tree.ts';
import { HostFiles } from '../inventory/host-files.ts';
import { lookAtUses } from './device-uses.ts';

const NIC: DeviceRef = { bus: 'pci', address: bdf('0000:0b:00.0') };
const BRIDGE: DeviceRef = { bus: 'pci', address: bdf('0000:00:1c.5') };
const MAC: DeviceRef = { bus: 'platform', address: 'fff51000.ethernet' };
const ANONYMOUS = 'anon_inode:[vfio-device]';
const NIC_PATH = '/sys/devices/pci0000:00/0000:00:1c.5/0000:0b:00.0';

/** A process: what it has open, what is in its fdinfo, and what it has mapped. */
interface Process {
  readonly name?: string;
  readonly open?: readonly string[];
  readonly info?: readonly string[];
  readonly mapped?: readonly string[];
}

/** A host with the NIC in group 31 behind a bridge, a platform device in group 3 of no-IOMMU mode, and these processes. */
function hostWith(processes: Readonly<Record<number, Process>>): HostFiles {
  const tree = new Tree(directoryWith({ 'etc/passwd': 'root:x:0:0::/:/bin/sh\n' }));
  tree.link(`/sys/bus/pci/devices/${NIC.address}`, NIC_PATH);
  tree.link(`/sys/bus/pci/devices/${BRIDGE.address}`, '/sys/devices/pci0000:00/0000:00:1c.5');
  tree.link(`${NIC_PATH}/iommu_group`, '/sys/kernel/iommu_groups/31');
  tree.folder(`${NIC_PATH}/vfio-dev/vfio6`);
  tree.folder(`${NIC_PATH}/uio/uio2`);
  tree.link(`/sys/bus/platform/devices/${MAC.address}`, `/sys/devices/platform/${MAC.address}`);
  tree.link(`/sys/devices/platform/${MAC.address}/iommu_group`, '/sys/kernel/iommu_groups/3');
  for (const [pid, { name = 'guestd', open = [], info = [], mapped = [] }] of Object.entries(processes)) {
    open.forEach((file, fd) => tree.absoluteLink(`/proc/${pid}/fd/${fd}`, file));
    info.forEach((text, fd) => tree.file(`/proc/${pid}/fdinfo/${fd}`, `pos:\t0\nflags:\t02\n${text}\n`));
    const lines = mapped.map(
      (file, at) => `7f${at}000000000-7f${at}000004000 rw-s 20000000000 00:0e 3097       ${file}`,
    );
    tree.file(`/proc/${pid}/maps`, ['7ffd1000-7ffd3000 rw-p 00000000 00:00 0     [stack]', ...lines, ''].join('\n'));
    tree.file(`/proc/${pid}/comm`, `${name}\n`);
    tree.file(`/proc/${pid}/cmdline`, `/usr/bin/${name}\0--ram\x004G\0`);
  }
  return new HostFiles(tree.root);
}

const uses = (device: DeviceRef, processes: Readonly<Record<number, Process>>) =>
  lookAtUses(hostWith(processes))(device).map(({ pid, how, file, certain }) => [pid, how, file, certain]);

it.each([
  ['the node of its IOMMU group', NIC, '/dev/vfio/31'],
  ['the node of a group that no-IOMMU mode made up', MAC, '/dev/vfio/noiommu-3'],
  ['its own VFIO node', NIC, '/dev/vfio/devices/vfio6'],
  ['its UIO node', NIC, '/dev/uio2'],
  ['its registers in sysfs', NIC, `${NIC_PATH}/resource0`],
  ['its write-combined registers in sysfs', NIC, `${NIC_PATH}/resource2_wc`],
])('R-BIND-4: finds who has %s open, and who only has it mapped', (_, device, file) => {
  expect(uses(device, { 31: { open: ['/dev/null', file] } })).toEqual([[31, 'open', file, true]]);
  // A mapping stays when its descriptor is closed.
  expect(uses(device, { 32: { mapped: [file] } })).toEqual([[32, 'mapped', file, true]]);
});

it.each([
  '/dev/vfio/3',
  '/dev/vfio/310',
  '/dev/vfio/noiommu-7',
  '/dev/vfio/vfio',
  '/dev/vfio/devices/vfio60',
  '/dev/uio21',
])('R-BIND-4: takes %s for no use of the device', (file) =>
  expect(uses(NIC, { 31: { open: [file], mapped: [file] } })).toEqual([]),
);

it('R-BIND-4: takes the registers of a device for no use of the bridge that it is behind', () => {
  const file = `${NIC_PATH}/resource0`;
  expect(uses(BRIDGE, { 31: { open: [file], mapped: [file] } })).toEqual([]);
});

it('R-BIND-4: leaves out who only reads configuration space, and names who may write it', () => {
  const open = [`${NIC_PATH}/config`];
  const files = (flags: string) => {
    const host = hostWith({ 31: { open } });
    new Tree(host.root).file('/proc/31/fdinfo/0', `pos:\t0\nflags:\t${flags}\n`);
    return lookAtUses(host)(NIC).map(({ file }) => file);
  };
  expect(files('02000000')).toEqual([]);
  expect(files('02000002')).toEqual(open);
});

it('R-BIND-4: tells open devices apart where the kernel says which they are', () => {
  const open = [ANONYMOUS];
  const processes = {
    31: { open, info: [`vfio-device-syspath: ${NIC_PATH}`] },
    32: { open, info: ['vfio-device-syspath: /sys/devices/pci0000:00/0000:00:09.0'] },
  };
  expect(uses(NIC, processes)).toEqual([[31, 'open', ANONYMOUS, true]]);
});

it('R-BIND-4: takes a device without a name for one of the group that its process has open', () => {
  const processes = {
    31: { open: ['/dev/vfio/31', ANONYMOUS], mapped: [ANONYMOUS] },
    32: { open: ['/dev/vfio/77', ANONYMOUS], mapped: [ANONYMOUS] },
  };
  expect(uses(NIC, processes)).toEqual([
    [31, 'open', '/dev/vfio/31', true],
    [31, 'open', ANONYMOUS, true],
    [31, 'mapped', ANONYMOUS, true],
  ]);
});

it('R-BIND-4: does not claim to know which device it is where nothing says it', () => {
  expect(uses(NIC, { 31: { mapped: [ANONYMOUS] } })).toEqual([[31, 'mapped', ANONYMOUS, false]]);
});

it('R-BIND-4: names a process by its number, its user, its files and its command line', () => {
  const files = hostWith({ 31: { name: 'vmm', open: ['/dev/vfio/31'], mapped: [ANONYMOUS] } });
  const { uid } = files.owner('/proc/31/comm') ?? {};
  expect(describeUsers(lookAtUses(files)(NIC))).toEqual([
    `vmm (pid 31, user ${uid === 0 ? 'root' : uid}): /dev/vfio/31 open, ${ANONYMOUS} mapped; started as "/usr/bin/vmm --ram 4G"`,
  ]);
});

it('R-BIND-4: leaves this process out', () => {
  const files = hostWith({ 31: { open: ['/dev/vfio/31'] }, 32: { open: ['/dev/vfio/31'] } });
  expect(lookAtUses(files, 31)(NIC).map(({ pid }) => pid)).toEqual([32]);
});
