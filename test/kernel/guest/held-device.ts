import { closeSync, readdirSync } from 'node:fs';
import { LinuxKernel } from '../../../src/runtime/kernel/linux/index.ts';
import { holds } from './assert.ts';
import { duplicateOf } from './libc.ts';
import { noIommuNode, OpenDevice, Registers } from './no-iommu.ts';
import { isThere, openFileOf, openFilesOf } from './process.ts';
import type { Project } from './project.ts';
import { openError } from './vfio.ts';
import { XGMAC } from './xgmac.ts';

/** The process that holds a project. */
export async function supervisorOf(of: Project): Promise<number> {
  const pid = (await of.ps())?.pid;
  holds(typeof pid === 'number', 'no supervisor holds it');
  return pid;
}

/** What /proc calls an open device. */
const DEVICE = 'anon_inode:[vfio-device]';

/** The one process that has a device open. Quicker than asking the command, whose start takes this board ten seconds. */
export function holder(): number {
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  const holders = pids.filter((pid) => pid !== process.pid && hasOpen(pid, DEVICE));
  const [pid] = holders;
  holds(pid !== undefined && holders.length === 1, `the processes ${holders.join(', ') || 'none'} have a device open`);
  return pid;
}

function hasOpen(pid: number, target: string): boolean {
  try {
    return openFilesOf(pid).includes(target);
  } catch {
    // Ended since /proc was read.
    return false;
  }
}

/** Uses the device that a process holds, as its VM would: through the same open file. */
export async function withDeviceOf<T>(pid: number, use: (device: Registers) => T): Promise<T> {
  const fd = duplicateOf(pid, openFileOf(pid, DEVICE));
  try {
    return use(new Registers(await LinuxKernel.load(), fd));
  } finally {
    closeSync(fd);
  }
}

/** Uses the XGMAC, bound to VFIO and held by nobody, through an opening of its own. */
export async function withXgmac<T>(use: (device: OpenDevice) => T): Promise<T> {
  const device = await OpenDevice.open('platform', XGMAC);
  try {
    return use(device);
  } finally {
    device.close();
  }
}

/** Kills a process that holds the XGMAC, and waits until the kernel has closed what it had open. */
export async function killHolder(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  for (let waited = 0; isThere(pid) || openError(noIommuNode('platform', XGMAC)) !== undefined; waited += 50) {
    holds(waited < 10_000, `process ${pid} has the device 10 s after SIGKILL`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
