import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import path from 'node:path';
import { runProgram, WORK } from './command.ts';
import { mapAnonymous, unmapMemory } from './libc.ts';
import { platformNetdevs } from './platform.ts';
import { ended } from './project.ts';
import { HOST_XGMAC } from './xgmac.ts';

const PAGE = 4096;
/** Where in the page the descriptor says that a frame goes. */
const BUFFER_AT = 2048;
const OWNED_BY_DEVICE = 0x8000_0000;
const END_OF_RING = 0x8000;

/**
 * A page of memory of this process, and its address for the device: a ring of one descriptor, and the buffer that it gives
 * for a frame (struct xgmac_dma_desc of the native driver). What appears in it was written by the device, past every
 * process and without an IOMMU to ask.
 */
export class FrameTrap {
  readonly #page = mapAnonymous(PAGE);
  /** The physical address of the page. */
  readonly physical: number = physicalOf(this.#page);

  /** Gives the descriptor to the device, and empties the buffer. */
  arm(): void {
    const page = Buffer.alloc(PAGE);
    page.writeUInt32LE(OWNED_BY_DEVICE, 0);
    page.writeUInt32LE(END_OF_RING | 1600, 4);
    page.writeUInt32LE(this.physical + BUFFER_AT, 8);
    onMemory('r+', (fd) => writeSync(fd, page, 0, PAGE, Number(this.#page)));
  }

  /** Whether the device has written a frame since. */
  get sprung(): boolean {
    const page = Buffer.alloc(PAGE);
    onMemory('r', (fd) => readSync(fd, page, 0, PAGE, this.#page));
    const given = (page.readUInt32LE(0) & OWNED_BY_DEVICE) === 0;
    const filled = page.subarray(BUFFER_AT).some((byte) => byte !== 0);
    if (given !== filled) throw new Error('the device wrote half of what it has to');
    return filled;
  }

  free(): void {
    unmapMemory(this.#page, PAGE);
  }
}

function onMemory(flags: 'r' | 'r+', use: (fd: number) => void): void {
  const fd = openSync('/proc/self/mem', flags);
  try {
    use(fd);
  } finally {
    closeSync(fd);
  }
}

/** Bits 0-54 of an entry are the number of the page's frame, bit 63 that it is there (Documentation/admin-guide/mm/pagemap.rst). */
function physicalOf(virtual: bigint): number {
  const entry = Buffer.alloc(8);
  const fd = openSync('/proc/self/pagemap', 'r');
  try {
    readSync(fd, entry, 0, 8, (virtual / BigInt(PAGE)) * 8n);
  } finally {
    closeSync(fd);
  }
  const value = entry.readBigUInt64LE();
  const physical = (value & ((1n << 55n) - 1n)) * BigInt(PAGE);
  if (value >> 63n !== 1n || physical === 0n || physical > 0xffff_ffffn) {
    throw new Error(`no address that the device can reach: 0x${value.toString(16)}`);
  }
  return Number(physical);
}

/** The XGMAC that stays with the host sends a few frames to everybody. */
export async function sendFrames(): Promise<void> {
  const [name] = platformNetdevs(HOST_XGMAC);
  if (name === undefined) throw new Error(`${HOST_XGMAC} has no network interface`);
  const busybox = (args: readonly string[]) => runProgram(path.join(WORK, 'bin', 'busybox'), args);
  ended(await busybox(['ip', 'link', 'set', name, 'up']), 0, `setting ${name} up`);
  try {
    ended(await busybox(['ip', 'addr', 'add', '10.0.2.15/24', 'dev', name]), 0, `giving ${name} an address`);
    // Nobody answers, which is a failure for arping: what counts is that it has asked.
    await busybox(['arping', '-c', '2', '-w', '3', '-I', name, '10.0.2.77']);
  } finally {
    await busybox(['ip', 'addr', 'flush', 'dev', name]);
    await busybox(['ip', 'link', 'set', name, 'down']);
  }
}
