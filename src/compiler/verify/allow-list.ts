import { isDeviceName, isDriverName, isVfioDriver, type Plan, type Step, type StepOf } from '../../model/index.ts';
import type { Law } from './law.ts';

/** Module parameters that a plan may set, with the values that they may take. */
const PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  'vfio.enable_unsafe_noiommu_mode': ['Y', 'N'],
  'vfio_iommu_type1.allow_unsafe_interrupts': ['Y', 'N'],
};

/**
 * A plan touches nothing but what it is about: on `up`, devices go to VFIO drivers and from whatever they have; on the
 * way back, to the driver that `up` took them from. Modules and parameters are on lists; registers have laws of their own.
 */
export const checkAllowList: Law = function* (plan) {
  const takenFrom = new Map<string, string>();
  for (const step of plan.up) {
    if (step.kind === 'unbind-driver') takenFrom.set(step.device.address, step.driver);
  }
  for (const step of plan.up) yield* checkUp(step, takenFrom);
  yield* checkOverrides(plan);
  for (const step of plan.down) yield* checkDown(step, takenFrom);
  yield* checkSubjects(plan);
  yield* checkNames(plan);
};

/** A path has a device's and a driver's name as one part of it: `..` would lead out of the directory that it is made in. */
function* checkNames(plan: Plan): Generator<string> {
  for (const step of [...plan.up, ...plan.down, ...(plan.recover ?? [])]) {
    if ('device' in step && !isDeviceName(step.device.address)) {
      yield `${step.id} goes to ${step.device.address}, which is no name of a device.`;
    }
    if ('driver' in step && step.driver !== null && !isDriverName(step.driver)) {
      yield `${step.id} goes to ${step.driver}, which is no name of a driver.`;
    }
  }
}

function* checkUp(step: Step, takenFrom: ReadonlyMap<string, string>): Generator<string> {
  yield* checkEither(step);
  yield* checkReserving(step, true);
  if (step.kind === 'bind-driver' && !isVfioDriver(step.driver)) {
    yield `${step.id} binds ${step.driver}, which is no VFIO driver.`;
  }
  if ((step.kind === 'bind-driver' || step.kind === 'set-driver-override') && !fitsBus(step.driver, step.device.bus)) {
    yield `${step.id} gives a device of bus ${step.device.bus} to ${step.driver}, a driver of another bus.`;
  }
  if (step.kind === 'set-driver-override' && !isOverrideOfUp(step, takenFrom)) {
    yield `${step.id} sets the override to ${step.driver ?? 'nothing'}, which is no VFIO driver.`;
  }
}

/** A VFIO driver, or the one that the device is taken from, which is to find it again. */
const isOverrideOfUp = (
  { driver, device }: StepOf<'set-driver-override'>,
  takenFrom: ReadonlyMap<string, string>,
): boolean => driver !== null && (isVfioDriver(driver) || takenFrom.get(device.address) === driver);

/** R-BIND-1: a device is bound under the override of the driver that it is to get, so that no other can win it. */
function* checkOverrides({ up }: Plan): Generator<string> {
  const overrides = new Map<string, string | null>();
  for (const step of up) {
    if (step.kind === 'set-driver-override') overrides.set(step.device.address, step.driver);
    if (step.kind !== 'bind-driver') continue;
    const override = overrides.get(step.device.address);
    if (override !== undefined && override !== step.driver) {
      yield `${step.id} binds ${step.driver} under the override ${override ?? '(null)'}.`;
    }
  }
}

function* checkDown(step: Step, takenFrom: ReadonlyMap<string, string>): Generator<string> {
  yield* checkEither(step);
  yield* checkReserving(step, false);
  if (step.kind === 'bind-driver' && takenFrom.get(step.device.address) !== step.driver) {
    yield `${step.id} binds ${step.driver}, which is not the driver that up takes the device from.`;
  }
  if (step.kind === 'unbind-driver' && !isVfioDriver(step.driver)) {
    yield `${step.id} takes the device from ${step.driver}, which is no VFIO driver.`;
  }
  if (step.kind === 'set-module-parameter' && step.value === 'Y') yield `${step.id} leaves ${step.parameter} on.`;
}

/** What a plan reserves, it adds, and takes away again; host drivers are kept from VFs, and let at them again. */
function* checkReserving(step: Step, up: boolean): Generator<string> {
  if (step.kind === 'set-huge-pages' && step.pages > step.before !== up) {
    yield `${step.id} changes the pool from ${step.before} to ${step.pages} pages, which is the wrong way.`;
  }
  if (step.kind === 'set-vf-count' && step.count > 0 !== up)
    yield `${step.id} sets the number of VFs to ${step.count}.`;
  if (step.kind === 'set-vf-autoprobe' && step.on === up) {
    yield `${step.id} ${step.on ? 'lets host drivers at' : 'leaves host drivers away from'} the VFs of ${step.device.address}.`;
  }
}

function* checkEither(step: Step): Generator<string> {
  if (step.kind === 'load-module' && !isVfioDriver(step.module)) {
    yield `${step.id} loads ${step.module}, which is no module of VFIO.`;
  }
  if (step.kind === 'set-module-parameter') {
    const name = `${step.module}.${step.parameter}`;
    if (!Object.hasOwn(PARAMETERS, name)) yield `${step.id} sets ${name}, which is not on the list of parameters.`;
    else if (!PARAMETERS[name]?.includes(step.value)) yield `${step.id} sets ${name} to ${step.value}.`;
  }
}

/**
 * Host devices and groups may be touched only where the plan says that it relies on them: a fact that only a host which
 * has them can fulfil guards them. Others would hold of any name, `..` among them: what is not there has no driver.
 */
function* checkSubjects(plan: Plan): Generator<string> {
  const relied = new Set(
    plan.facts.filter((fact) => fact.value !== null && GUARDS.has(fact.property)).map((fact) => fact.subject),
  );
  for (const step of [...plan.up, ...plan.down, ...(plan.recover ?? [])]) {
    const subject = subjectOf(step);
    if (subject !== undefined && !relied.has(subject)) {
      yield `${step.id} touches ${subject}, of which the plan states no fact.`;
    }
  }
}

/** Of a device that it is there, of a group that it has members, of a pool of huge pages that the kernel has it. */
const GUARDS: ReadonlySet<string> = new Set(['identity', 'members', 'pages']);

function subjectOf(step: Step): string | undefined {
  switch (step.kind) {
    case 'set-vf-count':
    case 'set-vf-autoprobe':
      return `pf ${step.device.address}`;
    case 'set-huge-pages':
      return `pool ${step.pageSize}`;
    case 'set-driver-override':
    case 'unbind-driver':
    case 'bind-driver':
    case 'wait-noiommu-node':
    case 'open-noiommu-group':
    case 'open-device':
      return `device ${step.device.address}`;
    case 'open-group':
      return `group ${step.group}`;
    case 'wait-node':
    case 'chown-node':
    case 'chmod-node':
      return `group ${step.path.slice('/dev/vfio/'.length)}`;
    default:
      return undefined;
  }
}

const BUS_OF_DRIVER = /(?:^|[-_])vfio[-_](pci|platform|amba|fsl[-_]mc|cdx|ap|ccw)(?:[-_]|$)/;

/** Whether a VFIO driver is of a device's bus, which its name tells: vfio-amba, mlx5_vfio_pci. One that tells none may be of any. */
function fitsBus(driver: string | null, bus: string): boolean {
  const own = BUS_OF_DRIVER.exec(driver ?? '')?.[1];
  return own === undefined || own === bus;
}
