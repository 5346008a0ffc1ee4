import { writeFileSync } from 'node:fs';
import { equal } from './assert.ts';
import { findMethodsAnew, makeBusOnly, methodsOf, portsWork } from './bus-only.ts';
import { COMMAND, INTX_DISABLE, IO, MASTER, MEMORY, mark, marked } from './e1000e.ts';
import { cameBack, hostState, type HostState } from './host-state.ts';
import { PCI, bindTo, findNics, giveBack, groupOf, linkOf } from './pci.ts';
import type { Scenario } from './scenario.ts';
import * as vfio from './vfio.ts';

const IO_MEMORY_MASTER = IO | MEMORY | MASTER;

/** What the kernel says of the reset of a bus with two functions, and to whom it gives it: the ground of reset-pci. */
export const rawHotReset: Scenario = ({ test, cleanup, machine }) => {
  const { shared } = findNics();
  const [first, second] = shared;
  const found = shared.map(methodsOf);
  let before: HostState;
  const held: number[] = [];
  let group: number;
  let one: number;
  let two: number;

  const keep = (fd: number): number => {
    held.push(fd);
    return fd;
  };
  const open = (devices: readonly string[]): readonly number[] => {
    const container = keep(vfio.openContainer());
    group = keep(vfio.openGroup(groupOf(first)));
    vfio.succeed('SET_CONTAINER', vfio.setContainer(group, container));
    vfio.succeed('SET_IOMMU', vfio.setIommu(container, vfio.TYPE1V2));
    return devices.map((name) => keep(vfio.succeed(`GET_DEVICE_FD ${name}`, vfio.deviceFd(group, name))));
  };
  const close = (): void => {
    for (const fd of held.splice(0).reverse()) vfio.close(fd);
  };

  test('both ports work before anything is reset', () => portsWork(machine, shared));
  test('R-RESET-5: only the first function of a card lists the bus: the others were not there when the kernel looked', () => {
    equal(found, ['pm bus', 'pm'], 'the methods');
  });
  test('R-RESET-5: the kernel takes "bus" for no function that has others beside it', () => {
    let errno: unknown;
    try {
      writeFileSync(`${PCI}/devices/${first}/reset_method`, 'bus\n');
    } catch (error) {
      errno = (error as NodeJS.ErrnoException).code;
    }
    equal(errno, 'EINVAL', 'what writing it fails with');
  });
  test('the card is left with the reset of its bus alone', async () => {
    await makeBusOnly(first, second);
    equal(shared.map(methodsOf), ['bus', ''], 'the methods');
    equal(groupOf(second), groupOf(first), 'the group of the second function');
    before = hostState();
  });
  test('R-RESET-5: with both functions on VFIO, VFIO_DEVICE_RESET fails, and the hot reset names both', () => {
    for (const name of shared) bindTo(name, 'vfio-pci');
    [one = -1, two = -1] = open(shared);
    equal(
      [one, two].map((fd) => vfio.resetDevice(fd).errno),
      ['EINVAL', 'EINVAL'],
      'VFIO_DEVICE_RESET',
    );
    const hit = shared.map((address) => ({ address, group: Number(groupOf(first)) }));
    equal(vfio.hotResetInfo(one), hit, 'what a reset through the first one hits');
    equal(vfio.hotResetInfo(two), hit, 'what a reset through the second one hits');
  });
  test('R-RESET-4: PCI_COMMAND reads back what the function has, and INTX_DISABLE what was written', () => {
    for (const fd of [one, two]) {
      equal(vfio.readRegister(fd, COMMAND) & MASTER, 0, 'bus mastering when it was opened');
      vfio.writeRegister(fd, COMMAND, IO_MEMORY_MASTER);
      equal(vfio.readRegister(fd, COMMAND) & (IO_MEMORY_MASTER | INTX_DISABLE), IO_MEMORY_MASTER, 'when switched on');
      vfio.writeRegister(fd, COMMAND, INTX_DISABLE);
      equal(vfio.readRegister(fd, COMMAND) & (IO_MEMORY_MASTER | INTX_DISABLE), INTX_DISABLE, 'when switched off');
    }
  });
  test('R-RESET-5: the hot reset through one function resets both, and leaves PCI_COMMAND as it was', () => {
    for (const fd of [one, two]) vfio.writeRegister(fd, COMMAND, IO_MEMORY_MASTER);
    mark([one, two]);
    equal(marked([one, two]), [true, true], 'the marks in the registers');
    vfio.succeed('PCI_HOT_RESET', vfio.hotReset(one, [group]));
    equal(marked([one, two]), [false, false], 'the marks after the reset');
    for (const fd of [one, two]) {
      equal(vfio.readRegister(fd, COMMAND) & IO_MEMORY_MASTER, IO_MEMORY_MASTER, 'PCI_COMMAND after the reset');
    }
  });
  test('R-RESET-5: without a group it is refused', () => {
    equal(vfio.hotReset(one, []).errno, 'EINVAL', 'PCI_HOT_RESET');
  });
  test('R-RESET-1: when the last of them is closed, however that comes, the kernel resets the bus by itself', () => {
    mark([one, two]);
    equal(marked([one, two]), [true, true], 'the marks in the registers');
    close();
    const again = open(shared);
    for (const fd of again) {
      equal(vfio.readRegister(fd, COMMAND) & MASTER, 0, 'bus mastering');
      vfio.writeRegister(fd, COMMAND, MEMORY);
    }
    equal(marked(again), [false, false], 'the marks after that');
    close();
  });
  test('R-RESET-5: a neighbour without a driver leaves the group viable and the hot reset refused', () => {
    writeFileSync(`${PCI}/devices/${second}/driver/unbind`, second);
    [one = -1] = open([first]);
    equal(vfio.groupStatus(group) & 1, 1, 'that the group is viable');
    equal(vfio.hotReset(one, [group]).errno, 'EINVAL', 'PCI_HOT_RESET');
    close();
  });
  test('R-RESET-5: a neighbour on VFIO that nobody has open is no hindrance where its group is given', () => {
    bindTo(second, 'vfio-pci');
    [one = -1] = open([first]);
    vfio.succeed('PCI_HOT_RESET', vfio.hotReset(one, [group]));
    close();
  });
  test('the card works with its host driver after that', async () => {
    for (const name of shared) giveBack(name);
    cameBack(before);
    await portsWork(machine, shared);
  });
  test('the card has its methods back', async () => {
    await findMethodsAnew(first, second);
    equal(shared.map(methodsOf), found, 'the methods');
  });
  cleanup(() => {
    close();
    for (const name of shared) if (linkOf(name, 'driver') !== 'e1000e') giveBack(name);
  });
};
