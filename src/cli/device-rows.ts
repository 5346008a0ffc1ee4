import type { Assignment, DeviceRef, DeviceUse } from '../model/index.ts';
import { HostFiles } from '../runtime/inventory/host-files.ts';
import { lookAtUses } from '../runtime/project/device-uses.ts';
import {
  type DeviceProblem,
  inventoryLook,
  liveLook,
  type Look,
  lookAtDevices,
} from '../runtime/project/look-at-devices.ts';
import { openMachine } from '../runtime/project/open-machine.ts';
import type { ProjectRecord } from '../runtime/project/record.ts';
import type { StateDirectory } from '../runtime/project/state-directory.ts';

/** A device of a project: what the record says, and what the host says now. */
export interface DeviceRow extends Assignment {
  /** Empty for a simulated host, whose devices no process has. */
  readonly heldBy: readonly DeviceUse[];
  /** Null also where the snapshot of a simulated host cannot be read. */
  readonly problem: DeviceProblem | null;
}

/** Looks at the devices of several projects, with one pass over the processes of this machine for all of them. */
export class DeviceRows {
  readonly #files = new HostFiles();
  #usesOfDevice: ReturnType<typeof lookAtUses> | undefined;

  constructor(private readonly state: StateDirectory) {}

  async of(record: ProjectRecord): Promise<DeviceRow[]> {
    const look = await this.#lookFor(record);
    const looked = look
      ? lookAtDevices(record, look)
      : record.assignments.map((assignment) => ({ assignment, problem: null }));
    return looked.map(({ assignment, problem }) => ({
      ...assignment,
      heldBy: record.hostFile === null ? this.#usesOf(assignment) : [],
      problem,
    }));
  }

  #usesOf({ bus, address }: Assignment): DeviceUse[] {
    this.#usesOfDevice ??= lookAtUses(this.#files);
    return this.#usesOfDevice({ bus, address } as DeviceRef);
  }

  async #lookFor({ hostFile, plugins }: ProjectRecord): Promise<Look | undefined> {
    if (hostFile === null) return liveLook(this.#files);
    const { value: machine } = await openMachine(hostFile, '/', this.state, { identifiers: false, plugins });
    return machine && inventoryLook(machine.inventory);
  }
}

/** The holders of a device in one cell: `guestd (41)`; with a question mark where the kernel does not say that it is this one. */
export function heldByText(uses: readonly DeviceUse[]): string {
  const names = uses.map(({ command, pid, certain }) => `${command} (${pid})${certain ? '' : '?'}`);
  return [...new Set(names)].join(', ') || '-';
}
