import { readdirSync, writeSync } from 'node:fs';
import { attribute, PCI } from './pci.ts';

/** QEMU's device for lessons: it does DMA when its registers are told to (docs/specs/edu.rst of QEMU). */
export function findEdu(): string {
  const found = readdirSync(`${PCI}/devices`).filter(
    (name) => `${attribute(name, 'vendor')}:${attribute(name, 'device')}` === '0x1234:0x11e8',
  );
  const [edu] = found;
  if (edu === undefined || found.length > 1) throw new Error(`${found.length} edu devices`);
  return edu;
}

/** Where VFIO has the regions of a PCI function: the region's index in the upper bits of an offset. */
const region = (index: number): number => index * 2 ** 40;
const BAR0 = region(0);
const COMMAND = region(7) + 4;
const MEMORY_AND_MASTER = 6;

/** Its own buffer, as its DMA names it. */
const BUFFER = 0x4_0000;
const START_TO_MEMORY = 3;

/** Lets the device write eight bytes to an address that it puts on the bus. It needs a tenth of a second. */
export function writeByDma(device: number, iova: number): void {
  const command = Buffer.alloc(2);
  command.writeUInt16LE(MEMORY_AND_MASTER);
  writeSync(device, command, 0, 2, COMMAND);
  for (const [register, value] of [
    [0x80, BUFFER],
    [0x88, iova],
    [0x90, 8],
    [0x98, START_TO_MEMORY],
  ] as const) {
    const word = Buffer.alloc(4);
    word.writeUInt32LE(value);
    writeSync(device, word, 0, 4, BAR0 + register);
  }
}
