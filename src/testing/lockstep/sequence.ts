import { containerFd, eventFd, groupFd, opens, vfioDriver, type Act, type LockstepDevice } from './act.ts';
import { bindingAct, takes } from './binding-acts.ts';
import { containerAct, joins, opensContainer, opensGroup, setsIommu, usualType } from './container-acts.ts';
import { deviceAct, opensDevice } from './device-acts.ts';
import { getsMemory, mappingAct } from './mapping-acts.ts';
import { pick, seeded, type Random } from './random.ts';

/**
 * What is there before the first random call, so that the calls find something to disagree about: the host at rest; the
 * devices taken, their groups in a container with an IOMMU and memory to map; the devices and some eventfds open as well.
 */
export type Start = 'rest' | 'joined' | 'open';

export interface SequenceOptions {
  readonly seed: number;
  /** How many random calls. */
  readonly length: number;
  readonly start: Start;
  /** Whether devices are taken from their drivers and given back among the calls. */
  readonly binds: boolean;
}

const EVENTFDS = [0, 1, 2];

const opensEventfd = (n: number): Act => opens(eventFd(n), 'eventfd', '', ({ kernel }) => kernel.eventfd());

/** A sequence of calls about some devices: the same for the same seed. */
export function randomSequence(devices: readonly LockstepDevice[], options: SequenceOptions): readonly Act[] {
  const random = seeded(options.seed);
  const calls = Array.from({ length: options.length }, () => randomAct(random, devices, options.binds));
  return [...preparation(devices, options.start), ...calls];
}

function randomAct(random: Random, devices: readonly LockstepDevice[], binds: boolean): Act {
  const device = pick(random, devices);
  const kind = binds ? random(12) : 2 + random(10);
  if (kind < 2) return bindingAct(random, device);
  if (kind < 5) return containerAct(random, device);
  if (kind < 8)
    return mappingAct(
      random,
      devices.every(({ group }) => group === device.group),
    );
  if (kind < 11) return deviceAct(random, device);
  return opensEventfd(pick(random, EVENTFDS));
}

function preparation(devices: readonly LockstepDevice[], start: Start): readonly Act[] {
  if (start === 'rest') return [];
  const container = containerFd(0);
  const oneOfEach = devices.filter(
    (device, i) => devices.findIndex((other) => groupFd(other) === groupFd(device)) === i,
  );
  const [first] = devices;
  const joined = [
    ...devices.filter((device) => device.rest !== vfioDriver(device)).flatMap(takes),
    opensContainer(container),
    ...oneOfEach.flatMap((device) => [opensGroup(device), joins(groupFd(device), container)]),
    ...(first ? [setsIommu(container, usualType(first))] : []),
    getsMemory,
  ];
  if (start === 'joined') return joined;
  return [...joined, ...devices.map((device) => opensDevice(device)), ...EVENTFDS.map(opensEventfd)];
}
