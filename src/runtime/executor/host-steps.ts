import { describeUsers, type DeviceRef, type DeviceUse, type StepOf } from '../../model/index.ts';
import type { Kernel } from '../kernel/port.ts';
import { DeviceHeld, TakenMeanwhile, UnexpectedAnswer } from './failure.ts';
import { boundDriver, driverOverride, groupOf, noiommuNode, sysfs } from './sysfs.ts';

/** What durable steps may use beside the kernel. */
export interface HostSide {
  readonly kernel: Kernel;
  /** What keeps a device busy: files that other processes have open or mapped. */
  holders(device: DeviceRef): readonly DeviceUse[];
  /** What the override of a step of the way back was made by `up`: what is found otherwise is somebody else's. */
  overrideOfUp?(step: StepOf<'set-driver-override'>): string | null | undefined;
}

/**
 * What is known of a step's past. `unknown`: it, or the step that it takes back, was begun before and no record says how that
 * ended. Most steps can tell from the host alone.
 */
export type Past = 'known' | 'unknown';

/**
 * Durable steps look first: a host that is already as the step would make it is left alone. So a plan can be run again
 * after a crash, whether or not the step's outcome was recorded.
 */
export async function loadModule({ kernel }: HostSide, step: StepOf<'load-module'>): Promise<void> {
  if (kernel.exists(sysfs.module(step.module))) return;
  const { status, stderr } = await kernel.spawn('modprobe', ['--', step.module]);
  if (status !== 0) throw new UnexpectedAnswer(`modprobe ${step.module} ended with status ${status}: ${stderr.trim()}`);
  if (!kernel.exists(sysfs.module(step.module))) {
    throw new UnexpectedAnswer(`modprobe ${step.module} succeeded, but the module is not there`);
  }
}

export async function setModuleParameter({ kernel }: HostSide, step: StepOf<'set-module-parameter'>): Promise<void> {
  const path = sysfs.parameter(step.module, step.parameter);
  if (kernel.readFile(path).trim() === step.value) return;
  await kernel.writeFile(path, step.value);
  const now = kernel.readFile(path).trim();
  if (now !== step.value) throw new UnexpectedAnswer(`${path} reads ${now} after ${step.value} was written`);
}

export async function setDriverOverride(side: HostSide, step: StepOf<'set-driver-override'>): Promise<void> {
  const { kernel } = side;
  const found = driverOverride(kernel, step.device);
  if (found === step.driver) return;
  const ours = side.overrideOfUp?.(step);
  if (ours !== undefined && found !== ours) {
    throw new TakenMeanwhile(
      `driver_override reads ${found ?? '(null)'} and not ${ours ?? '(null)'}: somebody else has set it since, and it is left alone.`,
    );
  }
  // An empty line clears it; an empty write would not reach the kernel at all.
  await kernel.writeFile(sysfs.driverOverride(step.device), `${step.driver ?? ''}\n`);
  const now = driverOverride(kernel, step.device);
  if (now !== step.driver) throw new UnexpectedAnswer(`driver_override reads ${now ?? '(null)'} after the write`);
}

export async function unbindDriver(host: HostSide, step: StepOf<'unbind-driver'>): Promise<void> {
  const { kernel } = host;
  if (boundDriver(kernel, step.device) !== step.driver) return;
  refuseWhileHeld(host, step);
  await kernel.writeFile(sysfs.unbind(step.device, step.driver), step.device.address);
  const now = boundDriver(kernel, step.device);
  if (now !== null) throw new UnexpectedAnswer(`the device is on ${now} after the unbind`);
}

/**
 * R-BIND-4: from VFIO the kernel would wait for whoever has the device open, for ever; from another driver it would take
 * the registers away under a program that uses them. So they are named instead. A process of which the kernel does not say
 * which device it has does not count: it is named where the call is really kept waiting.
 */
function refuseWhileHeld(host: HostSide, step: StepOf<'unbind-driver'>): void {
  const users = describeUsers(host.holders(step.device).filter(({ certain }) => certain));
  if (users.length === 0) return;
  throw new DeviceHeld(
    `${step.device.address} is in use, and was left on ${step.driver}: ${users.join('; ')}. End it, then run this again.`,
  );
}

/** R-BIND-2: through the driver's `bind`, which reports the probe's errno, and the driver link is read back. */
export async function bindDriver({ kernel }: HostSide, step: StepOf<'bind-driver'>): Promise<void> {
  if (boundDriver(kernel, step.device) === step.driver) return;
  await kernel.writeFile(sysfs.bind(step.device, step.driver), step.device.address);
  const now = boundDriver(kernel, step.device);
  if (now !== step.driver) {
    throw new UnexpectedAnswer(`the bind was accepted, but the device is on ${now ?? 'no driver'}`);
  }
}

/** How long a node may take to appear: devtmpfs makes it at once, udev may rename or replace it. */
const NODE_WAIT_MS = 5_000;
const NODE_POLL_MS = 20;

export const waitNode = ({ kernel }: HostSide, step: StepOf<'wait-node'>): Promise<void> =>
  waitUntil(kernel, step.path, () => kernel.exists(step.path));

export const waitNoiommuNode = ({ kernel }: HostSide, step: StepOf<'wait-noiommu-node'>): Promise<void> =>
  waitUntil(kernel, `the /dev/vfio/noiommu-N of ${step.device.address}`, () => {
    const group = groupOf(kernel, step.device);
    return group !== null && kernel.exists(noiommuNode(group));
  });

async function waitUntil(kernel: Kernel, what: string, isThere: () => boolean): Promise<void> {
  for (let waited = 0; !isThere(); waited += NODE_POLL_MS) {
    if (waited >= NODE_WAIT_MS) {
      throw new UnexpectedAnswer(`${what} did not appear within ${NODE_WAIT_MS / 1000} s of the binding`);
    }
    await kernel.sleep(NODE_POLL_MS);
  }
}

/** On the way back the node may be gone with the last device of its group: then nothing is left to give back. */
const goneOnWayBack = (kernel: Kernel, step: StepOf<'chown-node' | 'chmod-node'>): boolean =>
  step.undoes !== undefined && !kernel.exists(step.path);

export function chownNode({ kernel }: HostSide, step: StepOf<'chown-node'>): void {
  if (goneOnWayBack(kernel, step)) return;
  const { uid, gid } = kernel.stat(step.path);
  if (uid !== step.uid || gid !== step.gid) kernel.chown(step.path, step.uid, step.gid);
}

export function chmodNode({ kernel }: HostSide, step: StepOf<'chmod-node'>): void {
  if (goneOnWayBack(kernel, step)) return;
  if ((kernel.stat(step.path).mode & 0o777) !== step.mode) kernel.chmod(step.path, step.mode);
}
