import type { ResolvedPciDevice } from '../../model/index.ts';
import { deviceHandle } from './handles.ts';
import type { ProgramStep } from './program.ts';
import { checkRegions, lowerProgram } from './programs.ts';
import type { StepList } from './steps.ts';

/**
 * Steps that open a PCI function and make sure that it is silent before memory is mapped (R-ORDER-2): the kernel clears bus
 * mastering when it opens one, and what its plugin wants comes after.
 *
 * @param before what its plugin wants before it is used.
 * @param regions those that its programs reach into.
 * @param groupHandle of the group that it is opened through.
 */
export function lowerDevice(
  device: ResolvedPciDevice,
  before: readonly ProgramStep[],
  regions: readonly number[],
  groupHandle: string,
  steps: StepList,
  after: readonly string[],
): string[] {
  const { device: pci, at } = device;
  const handle = deviceHandle(device);
  const resource = `device ${pci.address}`;
  const address = pci.address;
  const open = steps.add(
    'open-device',
    address,
    {
      resource,
      cause: `${device.name} of ${device.vm}; the kernel turns bus mastering off and tries a reset`,
      at,
      after,
    },
    { handle, groupHandle, device: { bus: 'pci', address } },
  );
  steps.undo(
    'close',
    open,
    handle,
    { resource, cause: 'the kernel tries a reset again and restores its configuration' },
    { handle },
  );
  const info = steps.add(
    'check-device-info',
    address,
    { resource, cause: 'must answer as a PCI device', at, after: [open] },
    { deviceHandle: handle, bus: 'pci' },
  );
  const known = checkRegions(device, regions, steps, info);
  const irqs = device.irqs.map((one) =>
    steps.add(
      'check-irq-info',
      `${address}/${one.index}`,
      { resource, cause: `irqs of ${device.name}`, at: one.at, after: [info] },
      { deviceHandle: handle, index: one.index, count: one.count },
    ),
  );
  const ready = [...(known.length > 0 ? known : [info]), ...irqs];
  return lowerProgram(device, before, steps, ready);
}

/** Steps that connect a device's interrupts, once the mappings exist (R-ORDER-3). */
export function lowerInterrupts(device: ResolvedPciDevice, steps: StepList, after: readonly string[]): void {
  const address = device.device.address;
  const resource = `device ${address}`;
  for (const irqs of device.irqs) {
    const eventfds: string[] = [];
    const created: string[] = [];
    for (let vector = 0; vector < irqs.count; vector++) {
      const handle = `eventfd#${address}/${irqs.index}/${vector}`;
      const cause = `vector ${vector} of ${irqs.index}`;
      const subject = `${address}/${irqs.index}/${vector}`;
      const create = steps.add('create-eventfd', subject, { resource, cause, at: irqs.at }, { handle });
      steps.undo('close', create, handle, { resource, cause }, { handle });
      eventfds.push(handle);
      created.push(create);
    }
    const details = { deviceHandle: deviceHandle(device), index: irqs.index };
    const set = steps.add(
      'set-irqs',
      `${address}/${irqs.index}`,
      { resource, cause: `irqs of ${device.name}`, at: irqs.at, after: [...created, ...after] },
      { ...details, eventfds },
    );
    steps.undo(
      'clear-irqs',
      set,
      `${address}/${irqs.index}`,
      { resource, cause: 'interrupts go before the mappings' },
      details,
    );
  }
}
