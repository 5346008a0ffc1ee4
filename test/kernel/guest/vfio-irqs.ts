import { readFileSync, readSync } from 'node:fs';
import { ioctl, type Called } from './libc.ts';
import type { Registers } from './no-iommu.ts';
import { succeed } from './vfio.ts';

/** Interrupts of a device fd, as the tests speak of them themselves: written apart from the product's, like `vfio.ts`. */
const SET_IRQS = 0x3b6e;
const DATA = { none: 1, eventfd: 4 } as const;
const ACTION = { mask: 8, unmask: 16, trigger: 32 } as const;

/** Connects an eventfd to what an action does: `trigger` signals it, `unmask` is done when it is signalled. */
function connect(device: number, index: number, action: 'trigger' | 'unmask', eventfd: number): Called {
  const set = header(index, DATA.eventfd | ACTION[action], 1, 4);
  set.writeInt32LE(eventfd, 20);
  return ioctl(device, SET_IRQS, set);
}

/** Does an action at once: masks or unmasks the interrupt, or raises it as if the device had. */
export const act = (device: number, index: number, action: keyof typeof ACTION): Called =>
  ioctl(device, SET_IRQS, header(index, DATA.none | ACTION[action], 1, 0));

/** Takes everything away that is connected to an interrupt. */
const disconnect = (device: number, index: number): Called =>
  ioctl(device, SET_IRQS, header(index, DATA.none | ACTION.trigger, 0, 0));

/** The eventfds that are connected to an interrupt: the one that it signals, and the one that ends its mask. */
export interface Eventfds {
  readonly trigger: number;
  readonly unmask: number;
}

/** Connects eventfds of the test's own to an interrupt, for as long as `body` takes; an edge interrupt has no mask to end. */
export async function withEventfds(
  { kernel, fd }: Registers,
  index: number,
  kind: 'edge' | 'level',
  body: (eventfds: Eventfds) => Promise<void>,
): Promise<void> {
  const eventfds = { trigger: kernel.eventfd(), unmask: kernel.eventfd() };
  try {
    succeed('SET_IRQS', connect(fd, index, 'trigger', eventfds.trigger));
    if (kind === 'level') succeed('SET_IRQS', connect(fd, index, 'unmask', eventfds.unmask));
    await body(eventfds);
  } finally {
    disconnect(fd, index);
    kernel.close(eventfds.trigger);
    kernel.close(eventfds.unmask);
  }
}

function header(index: number, flags: number, count: number, dataLength: number): Buffer {
  const set = Buffer.alloc(20 + dataLength);
  [set.length, flags, index, 0, count].forEach((value, at) => set.writeUInt32LE(value, 4 * at));
  return set;
}

/** How often an eventfd was signalled since it was last read, without waiting (`eventfd-count` in proc(5)). */
export function signals(eventfd: number): number {
  const count = /^eventfd-count:\s+(\w+)$/m.exec(readFileSync(`/proc/self/fdinfo/${eventfd}`, 'utf8'))?.[1];
  if (count === undefined) throw new Error(`${eventfd} is no eventfd`);
  return Number.parseInt(count, 16);
}

/** Waits for a signal, and takes it: how many there were. Fails where none comes. */
export async function signalled(eventfd: number, what: string): Promise<number> {
  for (let tries = 0; signals(eventfd) === 0; tries += 1) {
    if (tries === 400) throw new Error(`${what}: no interrupt in 20 s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const count = Buffer.alloc(8);
  readSync(eventfd, count);
  return Number(count.readBigUInt64LE());
}

/** Stays silent for a while: long enough for an interrupt that is on its way. */
export async function silent(eventfd: number, what: string): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const count = signals(eventfd);
  if (count > 0) throw new Error(`${what}: ${count} interrupts`);
}
