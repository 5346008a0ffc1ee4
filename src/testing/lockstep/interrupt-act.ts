import * as uapi from '../../runtime/uapi/index.ts';
import { act, containerFd, eventFd, fdOf, type Act } from './act.ts';
import { pick, type Random } from './random.ts';

const HEADER = 20;
/** Behind the header, so that no count lets the kernel read what is not ours. In bytes. */
const ROOM = 64;
const HUGE = [0x40, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff];

/** What follows the header: nothing, a byte for each interrupt, a descriptor for each. Most calls connect something. */
const DATA = [
  { flag: uapi.IRQ_SET_FLAG.dataNone, width: 0 },
  { flag: uapi.IRQ_SET_FLAG.dataBool, width: 1 },
  { flag: uapi.IRQ_SET_FLAG.dataEventfd, width: 4 },
  { flag: uapi.IRQ_SET_FLAG.dataEventfd, width: 4 },
] as const;

/** SET_IRQS with any numbers. */
export function interruptAct(random: Random, device: string): Act {
  const index = random(3) === 0 ? random(8) : random(3);
  const wrong = random(5) === 0 ? random(5) : undefined;
  const start = wrong === 0 ? pick(random, HUGE) : random(4) === 0 ? random(6) : 0;
  const others = ['none', containerFd(0), device];
  const fds = Array.from({ length: random(4) }, () =>
    random(5) > 0 ? eventFd(random(3)) : random(3) > 0 ? undefined : pick(random, others),
  );
  const data = pick(random, DATA);
  const withFds = data.flag === uapi.IRQ_SET_FLAG.dataEventfd;
  const { mask, unmask, trigger } = uapi.IRQ_SET_FLAG;
  const action = random(4) === 0 ? pick(random, [mask, unmask, trigger]) : trigger;
  const enough = data.flag === uapi.IRQ_SET_FLAG.dataNone ? random(3) : fds.length;
  const count = wrong === 1 ? pick(random, HUGE) : enough;
  const flags = wrong === 2 ? random(256) : action | data.flag;
  const argsz =
    wrong === 3 ? pick(random, [0, HEADER - 4, HEADER - 1, HEADER, HEADER + 1]) : HEADER + enough * data.width;
  const names = withFds ? ` ${fds.map((name) => name ?? 'none').join(' ')}` : '';
  return act(
    'SET_IRQS',
    `${device} index ${index} start ${start} count ${count} flags ${flags} argsz ${argsz}${names}`,
    (s) => {
      const { architecture } = s.kernel;
      const header = { argsz, flags, index, start, count };
      const argument = uapi.IRQ_SET.encode(uapi.abiOf(architecture), header, ROOM);
      if (withFds)
        fds.forEach((name, i) => argument.writeInt32LE(name === undefined ? -1 : fdOf(s, name), HEADER + i * 4));
      return s.kernel.ioctl(fdOf(s, device), uapi.DEVICE_SET_IRQS.request(architecture), argument);
    },
  );
}
