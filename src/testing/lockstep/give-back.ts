import { busPath, devicePath, type LockstepDevice, type Side } from './act.ts';
import { AREA_BYTES } from './mapping-acts.ts';

/** Closes every file, and puts every device on the driver on which it rests. */
export async function giveBack(side: Side, devices: readonly LockstepDevice[]): Promise<void> {
  const { kernel, fds, memory, written } = side;
  for (const fd of fds.values()) kernel.close(fd);
  for (const address of memory.values()) kernel.munmap(address, AREA_BYTES);
  // Where nothing was written the drivers are as they were; looking at them all takes longer than the sequence.
  if (written.size > 0) for (const device of devices) await rests(side, device);
}

async function rests({ kernel }: Side, device: LockstepDevice): Promise<void> {
  const { address, driver, rest } = device;
  const path = devicePath(device);
  const link = `${path}/driver`;
  const now = kernel.exists(link) ? kernel.readlink(link).split('/').pop() : undefined;
  await kernel.writeFile(`${path}/driver_override`, rest === null || rest === driver ? '\n' : rest);
  if (now === (rest ?? undefined)) return;
  if (now !== undefined) await kernel.writeFile(`${link}/unbind`, address);
  if (rest !== null) await kernel.writeFile(`${busPath(device)}/drivers/${rest}/bind`, address);
}
