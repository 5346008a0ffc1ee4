import type { Assignment, DeviceRef, HostInventory } from '../../model/index.ts';
import { noiommuNode, sysfs } from '../executor/sysfs.ts';
import type { HostFiles } from '../inventory/host-files.ts';
import type { ProjectRecord } from './record.ts';

/** A device as the host has it now. */
export interface DeviceNow {
  readonly driver: string | null;
  readonly group: number | null;
  /** The node through which it is opened; null where that is not there. */
  readonly node: string | null;
}

/** Looks one device up; null where it is not on its bus any more. */
export type Look = (device: Pick<Assignment, 'bus' | 'address' | 'group'>) => DeviceNow | null;

/** What is otherwise than the record of a running project has it. */
export type DeviceProblem =
  /** Unplugged, or removed by hand. */
  | { readonly kind: 'gone' }
  /** Its VFIO driver was taken away, or has let go of it; perhaps another one has it. */
  | { readonly kind: 'driver'; readonly driver: string | null; readonly expected: string }
  /** It came back in another group: unplugged and plugged in again. */
  | { readonly kind: 'group'; readonly group: number | null; readonly expected: number }
  | { readonly kind: 'node' };

export interface LookedAt {
  readonly assignment: Assignment;
  readonly problem: DeviceProblem | null;
}

/**
 * Compares the devices of a project with the host (R-BACK-2). Only while the project is up: on its way there and back its
 * devices are where the steps have brought them. Cheap enough for every few seconds: three links and a file for a device.
 */
export const lookAtDevices = (
  { phase, assignments }: Pick<ProjectRecord, 'phase' | 'assignments'>,
  look: Look,
): LookedAt[] =>
  assignments.map((assignment) => ({ assignment, problem: phase === 'up' ? problemOf(assignment, look) : null }));

function problemOf(assignment: Assignment, look: Look): DeviceProblem | null {
  const now = look(assignment);
  if (!now) return { kind: 'gone' };
  const { driver, group } = assignment;
  if (now.driver !== driver) return { kind: 'driver', driver: now.driver, expected: driver };
  // Without an IOMMU the group is made up when the device is bound, and its number is not planned.
  if (group !== null && now.group !== group) return { kind: 'group', group: now.group, expected: group };
  return now.node === null ? { kind: 'node' } : null;
}

/** Looks at this machine. */
export const liveLook =
  (files: HostFiles): Look =>
  ({ bus, address, group }) => {
    const device = { bus, address } as DeviceRef;
    // Every device of a bus whose drivers can be overridden has this file, and only while it is there.
    if (!files.exists(sysfs.driverOverride(device))) return null;
    const number = files.linkName(sysfs.groupLink(device));
    const node = number === null ? null : group === null ? noiommuNode(Number(number)) : `/dev/vfio/${number}`;
    return {
      driver: files.linkName(sysfs.driverLink(device)),
      group: number === null ? null : Number(number),
      node: node !== null && files.exists(node) ? node : null,
    };
  };

/** Looks at a simulated host, which makes up no group where there is no IOMMU. */
export const inventoryLook =
  ({ devices, groups }: HostInventory): Look =>
  ({ bus, address }) => {
    const device = devices.find((one) => one.bus === bus && one.address === address);
    if (!device) return null;
    const { driver, group } = device;
    if (group === null) return { driver, group, node: '/dev/vfio' };
    const hasNode = groups.some(({ id, node }) => id === group && node !== null);
    return { driver, group, node: hasNode ? `/dev/vfio/${group}` : null };
  };

/** What is wrong with a device, for a column of a table. */
export function problemText(problem: DeviceProblem): string {
  switch (problem.kind) {
    case 'gone':
      return 'not on its bus any more';
    case 'driver':
      return `on ${problem.driver ?? 'no driver'}, not on ${problem.expected}`;
    case 'group':
      return `in ${problem.group === null ? 'no group' : `group ${problem.group}`}, not in ${problem.expected}`;
    case 'node':
      return 'its node is not there';
  }
}
