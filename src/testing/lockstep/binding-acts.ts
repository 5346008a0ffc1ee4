import { act, deviceFd, NOT_ASKED, writes, type Act, type LockstepDevice } from './act.ts';
import { pick, type Random } from './random.ts';

const NO_DEVICE = '0000:fe:1f.7';

/** A call of the driver core about a device, or a look at what it did. */
export function bindingAct(random: Random, device: LockstepDevice): Act {
  const { address, driver, group } = device;
  const path = `/sys/bus/pci/devices/${address}`;
  const unbind = act('unbind', address, async (side) => {
    // A real kernel would wait for ever: only what is closed is unbound.
    if (side.fds.has(deviceFd(device))) return NOT_ASKED;
    await side.kernel.writeFile(`${path}/driver/unbind`, address);
    return undefined;
  });
  return pick(random, [
    writes(`${path}/driver_override`, 'vfio-pci\n'),
    writes(`${path}/driver_override`, 'vfio-pci'),
    writes(`${path}/driver_override`, '\n'),
    writes('/sys/bus/pci/drivers/vfio-pci/bind', address),
    writes('/sys/bus/pci/drivers/vfio-pci/bind', `${address}\n`),
    writes('/sys/bus/pci/drivers/nosuch/bind', address),
    writes(`/sys/bus/pci/drivers/${driver}/bind`, address),
    writes(`/sys/bus/pci/drivers/${driver}/unbind`, NO_DEVICE),
    writes('/sys/bus/pci/drivers_probe', address),
    writes('/sys/bus/pci/drivers_probe', NO_DEVICE),
    writes(`${path}/vendor`, '0x1'),
    unbind,
    unbind,
    act('driver of', address, ({ kernel }) => kernel.readlink(`${path}/driver`).split('/').pop()),
    act('override of', address, ({ kernel }) => kernel.readFile(`${path}/driver_override`)),
    act('node of', `${group}`, ({ kernel }) => kernel.stat(`/dev/vfio/${group}`)),
  ]);
}

/** Takes a device from whatever driver it is on to vfio-pci. */
export function takes({ address }: LockstepDevice): readonly Act[] {
  const path = `/sys/bus/pci/devices/${address}`;
  return [
    writes(`${path}/driver_override`, 'vfio-pci\n'),
    writes(`${path}/driver/unbind`, address),
    writes('/sys/bus/pci/drivers/vfio-pci/bind', address),
  ];
}
