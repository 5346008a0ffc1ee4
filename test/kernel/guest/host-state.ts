import { existsSync, readdirSync, statSync } from 'node:fs';
import { PCI, attribute, linkOf, netdevsOf } from './pci.ts';
import { equal } from './assert.ts';
import { hugePages } from './memory.ts';

/** Everything about the host that a project may change and has to put back. */
export interface HostState {
  readonly devices: Readonly<Record<string, DeviceState>>;
  /** Nodes below /dev/vfio with owner and mode. */
  readonly nodes: readonly string[];
  readonly hugePages: number;
}

interface DeviceState {
  readonly driver: string | undefined;
  readonly override: string;
  readonly hasNetdev: boolean;
  /** Of a physical function: its VFs, and whether host drivers take them. */
  readonly vfs: string | undefined;
}

export function hostState(): HostState {
  const devices = Object.fromEntries(
    readdirSync(`${PCI}/devices`)
      .sort()
      .map((name) => [
        name,
        {
          driver: linkOf(name, 'driver'),
          override: attribute(name, 'driver_override'),
          hasNetdev: netdevsOf(name).length > 0,
          vfs: vfsOf(name),
        },
      ]),
  );
  return { devices, nodes: vfioNodes(), hugePages: hugePages() };
}

function vfsOf(name: string): string | undefined {
  if (!existsSync(`${PCI}/devices/${name}/sriov_numvfs`)) return undefined;
  return `${attribute(name, 'sriov_numvfs')}, probed: ${attribute(name, 'sriov_drivers_autoprobe')}`;
}

function vfioNodes(): readonly string[] {
  return readdirSync('/dev/vfio')
    .sort()
    .map((name) => {
      const { mode, uid, gid } = statSync(`/dev/vfio/${name}`);
      return `${name} ${(mode & 0o7777).toString(8)} ${uid}:${gid}`;
    });
}

/** The host is as it was; where not, only what differs is named. */
export function cameBack(before: HostState, after: HostState = hostState()): void {
  for (const [name, was] of Object.entries(before.devices)) equal(after.devices[name], was, name);
  equal(Object.keys(after.devices), Object.keys(before.devices), 'the list of devices');
  equal(after.nodes, before.nodes, '/dev/vfio');
  equal(after.hugePages, before.hugePages, 'the number of huge pages');
}
