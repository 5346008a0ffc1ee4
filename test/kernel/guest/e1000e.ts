import * as vfio from './vfio.ts';

/** The command register of any PCI function, and its bits (include/uapi/linux/pci_regs.h). */
export const COMMAND: vfio.RegisterPlace = { region: 7, offset: 4, width: 2 };
export const IO = 0x1;
export const MEMORY = 0x2;
export const MASTER = 0x4;
export const INTX_DISABLE = 0x400;

/** The first word of the multicast table, which a reset clears (Intel 82574 datasheet, 10.2.5.22). */
const MULTICAST: vfio.RegisterPlace = { region: 0, offset: 0x5200, width: 4 };
const MARK = 0x1234_5678;

/** Leaves a mark in the registers of open functions, which have to decode memory for that. */
export function mark(devices: readonly number[]): void {
  for (const fd of devices) {
    vfio.writeRegister(fd, COMMAND, vfio.readRegister(fd, COMMAND) | MEMORY);
    vfio.writeRegister(fd, MULTICAST, MARK);
  }
}

/** Whether the mark is still there, for each. Only a function that decodes memory can be asked. */
export const marked = (devices: readonly number[]): readonly boolean[] =>
  devices.map((fd) => vfio.readRegister(fd, MULTICAST) === MARK);
