import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { contains, equal, holds } from './assert.ts';
import { start, VFIO_COMPOSE } from './command.ts';
import { cameBack, hostState, type HostState } from './host-state.ts';
import { findNics, groupOf, linkOf, PCI } from './pci.ts';
import { isThere, openFilesOf, vfioInterrupts } from './process.ts';
import { ended, project, type Project } from './project.ts';
import type { Scenario } from './scenario.ts';

/** PCI_COMMAND and its bit for bus mastering (include/uapi/linux/pci_regs.h). */
const PCI_COMMAND = 4;
const BUS_MASTER = 4;
/** The descriptors of the process of the tests, by what /proc says of them. */
const DEVICE_FD = 5;
/** Where vfio-pci has the configuration space in a device's file: region 7 (VFIO_PCI_CONFIG_REGION_INDEX), 2^40 apart. */
const CONFIG_OFFSET = 7 * 2 ** 40;

/** A process that uses the devices: what it gets, and what happens on a real kernel when it is killed. */
export const supervised: Scenario = ({ test, cleanup }) => {
  const { alone } = findNics();
  const made = (onExit: string): Project => project(`sup-${onExit}`, manifest(alone, onExit));
  const [restarted, held, released] = [made('restart'), made('hold'), made('release')] as const;
  let before: HostState;
  let first: number;

  test('up starts the process, with the descriptors of the plan at their numbers and by their names', async () => {
    before = hostState();
    ended(await restarted.up(), 0, 'up');
    first = pidOf('sup-restart');
    const files = [3, 4, 5, 6, 7, 8].map((fd) =>
      readlinkSync(`/proc/${first}/fd/${fd}`).replace(/^\/memfd:.*/, 'memfd'),
    );
    equal(
      files,
      ['/dev/vfio/vfio', `/dev/vfio/${groupOf(alone)}`, 'anon_inode:[vfio-device]', 'memfd', EVENTFD, EVENTFD],
      'its descriptors',
    );
    const address = alone.replaceAll(':', '-');
    const names = [
      'container#sup-restart',
      `group-${groupOf(alone)}`,
      `device-${address}`,
      'memfd#sup-restart/memfd/0',
      `eventfd#${address}/msix/0`,
      `eventfd#${address}/msix/1`,
    ];
    const own = readFileSync(`/proc/${first}/environ`, 'utf8').split('\0');
    contains(
      own.join('\n'),
      [`LISTEN_PID=${first}`, 'LISTEN_FDS=6', `LISTEN_FDNAMES=${names.join(':')}`],
      'its environment',
    );
  });
  test('exec gives a command the same descriptors: it turns bus mastering on through the device', async () => {
    const script = `const fd = process.env.LISTEN_FDNAMES.split(':').findIndex((name) => name.startsWith('device-')) + 3;
      if (Number(process.env.LISTEN_PID) !== process.pid) throw new Error('LISTEN_PID');
      if (fd !== ${DEVICE_FD}) throw new Error('descriptor ' + fd);
      require('fs').writeSync(fd, Buffer.from([${BUS_MASTER | 2}, 4]), 0, 2, ${CONFIG_OFFSET + PCI_COMMAND});
      process.exitCode = 42;`;
    const exec = await restarted.run('exec', ['sup-restart', '--', process.execPath, '-e', script]);
    ended(exec, 42, 'exec');
    equal(busMasters(alone), true, 'whether the device masters the bus');
    equal(vfioInterrupts(alone).length, 2, 'lines of VFIO in /proc/interrupts');
  });
  test('R-RESET-1: a killed process leaves a silent device, and onExit: restart starts a new one with its interrupts', async () => {
    process.kill(first, 'SIGKILL');
    await until(() => stateOf('sup-restart') === 'running' && pidOf('sup-restart') !== first, 'a new process');
    equal(isThere(first), false, 'that the first process is there');
    equal(busMasters(alone), false, 'whether the device masters the bus');
    equal(vfioInterrupts(alone).length, 2, 'lines of VFIO in /proc/interrupts');
    const events = await restarted.run('events', ['-o', 'json']);
    const kinds = events.stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { kind: string }).kind);
    equal(
      kinds,
      ['starting', 'up', 'process-started', 'joined', 'process-exited', 'silenced', 'restarting', 'process-started'],
      'its events',
    );
  });
  test('R-BACK-2: after SIGKILL of the supervisor its process is still there, and down ends it and brings the host back', async () => {
    const process2 = pidOf('sup-restart');
    const supervisor = (await restarted.ps())?.pid ?? 0;
    process.kill(supervisor, 'SIGKILL');
    await until(() => !isThere(supervisor), 'the end of the supervisor');
    equal(isThere(process2), true, 'that the process is there');
    ended(await restarted.down(), 0, 'down');
    equal(isThere(process2), false, 'that the process is there');
    cameBack(before);
  });
  test('onExit: hold keeps the devices, silent, and ps says how the process ended', async () => {
    ended(await held.up(), 0, 'up');
    process.kill(pidOf('sup-hold'), 'SIGSEGV');
    await until(() => stateOf('sup-hold') === 'exited', 'the end of the process');
    equal(linkOf(alone, 'driver'), 'vfio-pci', 'the driver');
    equal(vfioInterrupts(alone), [], 'lines of VFIO in /proc/interrupts');
    contains((await held.run('ps')).stdout, ['exited (SIGSEGV)'], 'what ps says');
  });
  test('down ends a command that has joined, since it has the device open', async () => {
    const args = ['-f', held.manifest, '--state-dir', held.stateDir, 'exec', 'sup-hold', '--', '/bin/sleep', '1000'];
    const joined = start(VFIO_COMPOSE, args);
    await until(() => onDisk('sup-hold').joined.length === 1, 'the command');
    await until(() => openFilesOf(joined.child.pid ?? 0).includes('anon_inode:[vfio-device]'), 'its descriptors');
    ended(await held.down(), 0, 'down');
    equal((await joined.finished).status, 'SIGTERM', 'how the command ended');
    cameBack(before);
  });
  test('onExit: release brings the host back by itself, and what the process said can still be read', async () => {
    ended(await released.up(), 0, 'up');
    process.kill(pidOf('sup-release'), 'SIGKILL');
    await until(() => !existsSync('/run/vfio-compose/sup-release'), 'the way back');
    cameBack(before);
    const logs = await released.run('logs');
    contains(logs.stdout, ['sup-release  | ready', 'ended: SIGKILL'], 'the log');
  });
  cleanup(async () => {
    for (const one of [restarted, held, released]) await one.down();
  });
};

const EVENTFD = 'anon_inode:[eventfd]';

const manifest = (nic: string, onExit: string): string => `devices:
  nic0: { pci: '${nic}', irqs: [{ index: msix, count: 2 }] }
memory:
  - { iova: 0x40000000, size: 2MiB, backing: memfd }
run:
  command: [/bin/sh, -c, 'echo ready; exec sleep 1000']
onExit: ${onExit}
`;

interface OnDisk {
  readonly joined: readonly unknown[];
  readonly processes: readonly { readonly state: string; readonly leader: { readonly pid: number } | null }[];
}

/** The process of a project, as its directory has it: asking the command takes seconds here. */
const onDisk = (name: string): OnDisk =>
  JSON.parse(readFileSync(`/run/vfio-compose/${name}/processes.json`, 'utf8')) as OnDisk;

function processOf(name: string): OnDisk['processes'][number] {
  const [found] = onDisk(name).processes;
  holds(found !== undefined, `no process of ${name}`);
  return found;
}

const stateOf = (name: string): string => processOf(name).state;

function pidOf(name: string): number {
  const { leader } = processOf(name);
  holds(leader !== null, `the process of ${name} has no pid`);
  return leader.pid;
}

/** What the device itself has, past all that vfio-pci makes of it. */
const busMasters = (device: string): boolean =>
  ((readFileSync(`${PCI}/devices/${device}/config`)[PCI_COMMAND] ?? 0) & BUS_MASTER) !== 0;

async function until(holdsNow: () => boolean, what: string, limitSeconds = 60): Promise<void> {
  const end = performance.now() + limitSeconds * 1000;
  while (!holdsNow()) {
    if (performance.now() > end) throw new Error(`${what} did not come within ${limitSeconds} s`);
    await wait(50);
  }
}
