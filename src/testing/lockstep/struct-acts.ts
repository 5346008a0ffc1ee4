import { KernelError } from '../../runtime/kernel/port.ts';
import * as uapi from '../../runtime/uapi/index.ts';
import { act, containerFd, deviceFd, eventFd, fdOf, groupFd, type Act, type LockstepDevice } from './act.ts';
import { pick, type Random } from './random.ts';

/** Longer than any answer here, so that no `argsz` lets the kernel write behind it. In bytes. */
const ROOM = 256;

interface Question {
  readonly name: string;
  /** The descriptor, by name. */
  readonly fd: string;
  readonly ioctl: uapi.Ioctl;
  /** What stands in its 32-bit words, from the first on; what follows is filled. */
  readonly words: readonly number[];
  readonly fill: number;
}

/** An ioctl whose struct is compared afterwards as it is, byte for byte, however the call ended. */
function asks({ name, fd, ioctl, words, fill }: Question): Act {
  const about = `${fd} ${ioctl.name} ${words.map((word) => `0x${word.toString(16)}`).join(' ')} fill ${fill}`;
  return act(name, about, (side) => {
    const { architecture } = side.kernel;
    const argument = Buffer.alloc(ROOM, fill);
    const view = new DataView(argument.buffer, argument.byteOffset);
    words.forEach((word, i) => view.setUint32(i * 4, word, uapi.abiOf(architecture).littleEndian));
    const kept = (said: string | number): string => `${said} ${shortened(argument, fill)}`;
    try {
      return kept(side.kernel.ioctl(fdOf(side, fd), ioctl.request(architecture), argument));
    } catch (error) {
      if (error instanceof KernelError) return kept(error.code);
      throw error;
    }
  });
}

/** In hex, without what is left of the filling at the end. */
function shortened(bytes: Buffer, fill: number): string {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === fill) end -= 1;
  return bytes.toString('hex', 0, end);
}

/** The calls that only ask, with how long their structs are. */
const INFOS = [
  { ioctl: uapi.GROUP_GET_STATUS, size: uapi.GROUP_STATUS.size, on: 'group' },
  { ioctl: uapi.IOMMU_GET_INFO, size: uapi.TYPE1_INFO.size, on: 'container' },
  { ioctl: uapi.DEVICE_GET_INFO, size: uapi.DEVICE_INFO.size, on: 'device' },
  { ioctl: uapi.DEVICE_GET_REGION_INFO, size: uapi.REGION_INFO.size, on: 'device' },
  { ioctl: uapi.DEVICE_GET_REGION_INFO, size: uapi.REGION_INFO.size, on: 'device' },
  { ioctl: uapi.DEVICE_GET_IRQ_INFO, size: uapi.IRQ_INFO.size, on: 'device' },
  { ioctl: uapi.DEVICE_GET_PCI_HOT_RESET_INFO, size: uapi.HOT_RESET_INFO.size, on: 'device' },
] as const;

/** A question with any `argsz`, and any number where an index belongs. */
export function infoAct(random: Random, device: LockstepDevice): Act {
  const { ioctl, size, on } = pick(random, INFOS);
  const fd = { group: groupFd(device), container: containerFd(random(5) === 0 ? 1 : 0), device: deviceFd(device) }[on];
  const argsz = pick(random, [0, 4, size - 4, size - 1, size, size, size + 8, size + 16, 96, ROOM]);
  const index = random(8) === 0 ? pick(random, [0xff, 0x8000_0000, 0xffff_ffff]) : random(11);
  const fill = pick(random, [0, 0xa5]);
  return asks({ name: `${ioctl.name} argsz`, fd, ioctl, words: [argsz, 0, index], fill });
}

const BASE = 0x3b64;
/** Above the last ioctl of VFIO. */
const NUMBERS = 25;
/**
 * What the simulation leaves out on purpose (docs/simulation.md): ioeventfds and device features, iommufd, dirty page tracking.
 * And SET_CONTAINER, which would take the struct's first word for a descriptor of this process.
 */
const LEFT_OUT: Readonly<Record<'container' | 'group' | 'device' | 'eventfd', readonly number[]>> = {
  container: [17],
  group: [4],
  device: [16, 17, 18, 19, 20],
  eventfd: [],
};

/** Any of VFIO's ioctls, on any kind of descriptor: most do not belong together. */
export function strangerAct(random: Random, device: LockstepDevice): Act {
  const kind = pick(random, ['container', 'group', 'device', 'eventfd'] as const);
  const names = { container: containerFd(0), group: groupFd(device), device: deviceFd(device), eventfd: eventFd(0) };
  const n = random(NUMBERS);
  const number = LEFT_OUT[kind].includes(n) ? NUMBERS : n;
  const ioctl = rawIoctl(`_IO(';', 100 + ${number})`, number, kind === 'eventfd' ? 'container' : kind);
  return asks({ name: `any ioctl on ${kind}`, fd: names[kind], ioctl, words: [64], fill: 0 });
}

/** Numbers are the same on all architectures that are compared: x86-64 and arm64 (`_IOC_NONE` is 0). */
const rawIoctl = (name: string, number: number, fdKind: uapi.Ioctl['fdKind']): uapi.Ioctl => ({
  name,
  fdKind,
  errors: {},
  request: () => ({ name, fdKind, number: BASE + number }),
});

/** VFIO_DEVICE_PCI_HOT_RESET with any header, and descriptors of any kind. */
export function hotResetAct(random: Random, device: LockstepDevice): Act {
  const [fd, group] = [deviceFd(device), groupFd(device)];
  const names = Array.from({ length: 1 + random(3) }, () =>
    random(3) > 0 ? group : pick(random, [containerFd(0), fd, eventFd(0), 'none']),
  );
  const argsz = pick(random, [0, 8, 11, 12, 12 + 4 * names.length, ROOM]);
  const flags = random(6) === 0 ? 1 : 0;
  const count = random(4) === 0 ? pick(random, [0, 0xffff_ffff, 40]) : names.length;
  const about = `${fd} argsz ${argsz} flags ${flags} count ${count} ${names.join(' ')}`;
  return act('HOT_RESET any', about, (side) => {
    const { architecture } = side.kernel;
    const abi = uapi.abiOf(architecture);
    const argument = uapi.HOT_RESET.encode(abi, { argsz, flags, count }, ROOM);
    const view = new DataView(argument.buffer, argument.byteOffset);
    names.forEach((name, i) => view.setInt32(uapi.HOT_RESET.size + i * 4, fdOf(side, name), abi.littleEndian));
    return side.kernel.ioctl(fdOf(side, fd), uapi.DEVICE_PCI_HOT_RESET.request(architecture), argument);
  });
}
