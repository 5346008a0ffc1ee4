import * as uapi from '../../runtime/uapi/index.ts';
import { act, eventFd, fdOf, type Act } from './act.ts';
import { pick, type Random } from './random.ts';

const HEADER = 20;

/** What follows the header: nothing, a byte for each interrupt, a descriptor for each. Most calls connect something. */
const DATA = [
  { flag: uapi.IRQ_SET_FLAG.dataNone, width: 0 },
  { flag: uapi.IRQ_SET_FLAG.dataBool, width: 1 },
  { flag: uapi.IRQ_SET_FLAG.dataEventfd, width: 4 },
  { flag: uapi.IRQ_SET_FLAG.dataEventfd, width: 4 },
] as const;

/** SET_IRQS with any numbers. */
export function interruptAct(random: Random, device: string): Act {
  const index = random(3) === 0 ? random(6) : random(3);
  const start = random(4) === 0 ? random(6) : 0;
  const fds = Array.from({ length: random(4) }, () => (random(5) === 0 ? undefined : eventFd(random(3))));
  const data = pick(random, DATA);
  const withFds = data.flag === uapi.IRQ_SET_FLAG.dataEventfd;
  const { mask, unmask, trigger } = uapi.IRQ_SET_FLAG;
  const action = random(4) === 0 ? pick(random, [mask, unmask, trigger]) : trigger;
  const count = data.flag === uapi.IRQ_SET_FLAG.dataNone ? random(3) : fds.length;
  const flags = action | data.flag;
  const names = withFds ? ` ${fds.map((name) => name ?? 'none').join(' ')}` : '';
  return act('SET_IRQS', `${device} index ${index} start ${start} count ${count} flags ${flags}${names}`, (s) => {
    const length = count * data.width;
    const { architecture } = s.kernel;
    const header = { argsz: HEADER + length, flags, index, start, count };
    const argument = uapi.IRQ_SET.encode(uapi.abiOf(architecture), header, length);
    if (withFds)
      fds.forEach((name, i) => argument.writeInt32LE(name === undefined ? -1 : fdOf(s, name), HEADER + i * 4));
    return s.kernel.ioctl(fdOf(s, device), uapi.DEVICE_SET_IRQS.request(architecture), argument);
  });
}
