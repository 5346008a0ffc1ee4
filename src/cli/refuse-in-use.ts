import { describeUsers, type Assignment, type DeviceRef } from '../model/index.ts';
import type { Machine } from '../runtime/project/machine.ts';
import { ExitStatus } from './exit-status.ts';
import type { Invocation } from './verb.ts';

/**
 * Looks, before the first step, whether a process uses one of the devices (R-BIND-4). Returns a status, after a message that
 * names each process, where one does. One of which the kernel does not say which device it has is not held against it.
 */
export function refuseInUse(
  { terminal }: Invocation,
  verb: string,
  machine: Pick<Machine, 'lookAtUses'>,
  devices: readonly Pick<Assignment, 'bus' | 'address'>[],
): number | undefined {
  const usesOf = machine.lookAtUses();
  const busy = devices.flatMap(({ bus, address }) => {
    const uses = usesOf({ bus, address } as DeviceRef).filter(({ certain }) => certain);
    return describeUsers(uses).map((user) => `vfio-compose ${verb}: ${address} is in use by ${user}\n`);
  });
  if (busy.length === 0) return undefined;
  terminal.err(`${busy.join('')}End it, then run this again. Nothing was changed.\n`);
  return ExitStatus.refusedForSafety;
}
