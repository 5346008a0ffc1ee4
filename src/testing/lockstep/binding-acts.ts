import {
  act,
  busPath,
  deviceFd,
  devicePath,
  NOT_ASKED,
  nodeOf,
  vfioDriver,
  writes,
  type Act,
  type LockstepDevice,
} from './act.ts';
import { pick, type Random } from './random.ts';

/** A name that no device of any bus has. */
const NO_DEVICE = '0000:fe:1f.7';

/** A call of the driver core about a device, or a look at what it did. */
export function bindingAct(random: Random, device: LockstepDevice): Act {
  const { address, driver, group } = device;
  const [path, bus, vfio] = [devicePath(device), busPath(device), vfioDriver(device)];
  const unbind = act('unbind', address, async (side) => {
    // A real kernel would wait for ever: only what is closed is unbound.
    if (side.fds.has(deviceFd(device))) return NOT_ASKED;
    side.written.add(path);
    await side.kernel.writeFile(`${path}/driver/unbind`, address);
    return undefined;
  });
  const native = driver === null ? [] : nativeActs(bus, driver, address);
  return pick(random, [
    writes(`${path}/driver_override`, `${vfio}\n`),
    writes(`${path}/driver_override`, vfio),
    writes(`${path}/driver_override`, '\n'),
    writes(`${bus}/drivers/${vfio}/bind`, address),
    writes(`${bus}/drivers/${vfio}/bind`, `${address}\n`),
    writes(`${bus}/drivers/nosuch/bind`, address),
    ...native,
    writes(`${bus}/drivers_probe`, address),
    writes(`${bus}/drivers_probe`, NO_DEVICE),
    ...(device.bus === undefined || device.bus === 'pci' ? [writes(`${path}/vendor`, '0x1')] : []),
    unbind,
    unbind,
    act('driver of', address, ({ kernel }) => kernel.readlink(`${path}/driver`).split('/').pop()),
    act('override of', address, ({ kernel }) => kernel.readFile(`${path}/driver_override`)),
    act('node of', `${group}`, (side) => side.kernel.stat(nodeOf(side, device))),
  ]);
}

const nativeActs = (bus: string, driver: string, address: string): readonly Act[] => [
  writes(`${bus}/drivers/${driver}/bind`, address),
  writes(`${bus}/drivers/${driver}/unbind`, NO_DEVICE),
];

/** Takes a device from whatever driver it is on to VFIO's. */
export function takes(device: LockstepDevice): readonly Act[] {
  const path = devicePath(device);
  return [
    writes(`${path}/driver_override`, `${vfioDriver(device)}\n`),
    ...(device.driver === null ? [] : [writes(`${path}/driver/unbind`, device.address)]),
    writes(`${busPath(device)}/drivers/${vfioDriver(device)}/bind`, device.address),
  ];
}
