import { act, deviceFd, fdOf, type Act, type LockstepDevice } from './act.ts';
import { pick, type Random } from './random.ts';

/** Configuration space: region 7 of a PCI device (`VFIO_PCI_OFFSET_SHIFT`, drivers/vfio/pci/vfio_pci_core.h). */
const CONFIG = 7n << 40n;
const COMMAND = 0x04;
/** Whose content is known: vendor and device, the subsystem. */
const IDENTITY = [0x00, 0x01, 0x02, 0x03, 0x2c, 0x2d, 0x2e, 0x2f];
const PLACES = [0x00, 0x01, 0x0a, 0x3c, 0x3f, 0xfd, 0xff, 0x100, 0xffb, 0xffd, 0xfff, 0x1000, 0x2000];

/** I/O, memory, bus master, interrupts off. Whether errors are reported is what the firmware has made of it. */
const COMPARED = 0x0407;
/** Bits of the command register that a driver sets. */
const COMMANDS = [0x0000, 0x0002, 0x0006, 0x0007, 0x0402, 0x0404];

/** pread and pwrite of configuration space, at any place and of any length. */
export function configAct(random: Random, device: LockstepDevice): Act {
  const name = deviceFd(device);
  const length = 1 + random(9);
  const at = pick(random, PLACES);
  const command = pick(random, COMMANDS);
  const known = pick(random, IDENTITY);
  const hex = (offset: number): string => `${name} config 0x${offset.toString(16)}`;
  return pick(random, [
    act(
      'pread config',
      `${hex(at)} ${length} bytes`,
      (s) => s.kernel.pread(fdOf(s, name), length, CONFIG + BigInt(at)).length,
    ),
    act('pread identity', hex(known), (s) => s.kernel.pread(fdOf(s, name), 1, CONFIG + BigInt(known)).toString('hex')),
    act(
      'pread command',
      hex(COMMAND),
      (s) => s.kernel.pread(fdOf(s, name), 2, CONFIG + BigInt(COMMAND)).readUInt16LE() & COMPARED,
    ),
    act('pwrite command', `${hex(COMMAND)} 0x${command.toString(16)}`, (s) => {
      const data = Buffer.alloc(2);
      data.writeUInt16LE(command);
      s.kernel.pwrite(fdOf(s, name), data, CONFIG + BigInt(COMMAND));
    }),
    // Identity and what lies behind the end cannot be written; what is tried is no register that does anything.
    act('pwrite identity', hex(known), (s) => s.kernel.pwrite(fdOf(s, name), Buffer.alloc(1), CONFIG + BigInt(known))),
    act('pwrite behind', `${hex(0x1000)} ${length} bytes`, (s) =>
      s.kernel.pwrite(fdOf(s, name), Buffer.alloc(length), CONFIG + 0x1000n),
    ),
  ]);
}
