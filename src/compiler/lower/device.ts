import { bytes, type ResolvedDevice, type ResolvedPciDevice } from '../../model/index.ts';
import type { StepList } from './steps.ts';

/** Index of the configuration space among a PCI device's regions (VFIO_PCI_CONFIG_REGION_INDEX, linux/vfio.h). */
export const PCI_CONFIG_REGION = 7;
/**
 * What quiesces a PCI function: the command register (offset 4, PCI Local Bus Specification 3.0, 6.2.2) with bus
 * mastering and both decoders off and INTx disabled.
 */
const QUIESCED = { offset: bytes(4), width: 2, value: bytes(0x0400), register: 'PCI_COMMAND' } as const;

export const deviceHandle = (device: ResolvedDevice): string => `device:${device.device.address}`;

/**
 * Steps that open a device and make sure that it is silent before memory is mapped (R-ORDER-2): the kernel clears bus
 * mastering when it opens a PCI function, and a reset ends what was under way.
 *
 * @param methods what can reset it by itself; without any, no reset is planned.
 * @param groupHandle of the group that it is opened through.
 */
export function lowerDevice(
  device: ResolvedPciDevice,
  methods: readonly string[],
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
  const config = steps.add(
    'check-region-info',
    `${address}/${PCI_CONFIG_REGION}`,
    { resource, cause: 'where the configuration space is, to quiesce it on the way back', at, after: [info] },
    { deviceHandle: handle, index: PCI_CONFIG_REGION },
  );
  const irqs = device.irqs.map((one) =>
    steps.add(
      'check-irq-info',
      `${address}/${one.index}`,
      { resource, cause: `irqs of ${device.name}`, at: one.at, after: [info] },
      { deviceHandle: handle, index: one.index, count: one.count },
    ),
  );
  if (!canReset(device, methods)) return [config, ...irqs];
  const reset = steps.add(
    'reset-device',
    address,
    { resource, cause: resetCause(device, methods), at, after: [config] },
    { deviceHandle: handle, bestEffort: device.reset === 'preferred' },
  );
  return [config, ...irqs, reset];
}

const canReset = (device: ResolvedPciDevice, methods: readonly string[]): boolean =>
  device.reset !== 'none' && methods.length > 0;

const resetCause = (device: ResolvedPciDevice, methods: readonly string[]): string =>
  `reset: ${device.reset}; the kernel tries ${methods.join(', then ')}`;

/**
 * The way back of a device that DMA and interrupts may have run on: silent, then reset, before its memory goes
 * (R-ORDER-4). Added after the mappings, so that it runs before they are taken away.
 */
export function lowerQuiesce(device: ResolvedPciDevice, methods: readonly string[], steps: StepList): void {
  const address = device.device.address;
  const resource = `device ${address}`;
  const handle = deviceHandle(device);
  const open = `open-device:${address}`;
  if (canReset(device, methods)) {
    steps.undo(
      'reset-device',
      open,
      address,
      { resource, cause: resetCause(device, methods) },
      { deviceHandle: handle, bestEffort: device.reset === 'preferred' },
    );
  }
  steps.undo(
    'write-region',
    `check-region-info:${address}/${PCI_CONFIG_REGION}`,
    `${address}/${QUIESCED.register}`,
    { resource, cause: 'quiesce: bus mastering off before its memory goes' },
    { deviceHandle: handle, index: PCI_CONFIG_REGION, ...QUIESCED },
  );
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
