import type { ResolvedPlatformDevice } from '../../model/index.ts';
import { deviceHandle } from './handles.ts';
import type { Reason, StepList } from './steps.ts';

/**
 * Steps that connect a platform device's interrupts, once the mappings exist (R-ORDER-3). On the way back the unmasking
 * ends before the interrupt goes, so that nothing turns a line on again that is being taken down.
 */
export function lowerPlatformInterrupts(
  device: ResolvedPlatformDevice,
  steps: StepList,
  after: readonly string[],
): void {
  const { address } = device.device;
  const resource = `device ${address}`;
  const handle = deviceHandle(device);
  for (const { index, unmask, at } of device.irqs) {
    const subject = `${address}/${index}`;
    const details = { deviceHandle: handle, index };
    const trigger = createEventfd(subject, { resource, cause: `interrupt ${index} of ${device.name}`, at }, steps);
    const why = { resource, cause: `irqs of ${device.name}`, at, after: [trigger.id, ...after] };
    const set = steps.add('set-irqs', subject, why, { ...details, eventfds: [trigger.handle] });
    steps.undo('clear-irqs', set, subject, { resource, cause: 'interrupts go before the mappings' }, details);
    if (unmask === 'explicit') continue;
    const resample = createEventfd(
      `${subject}/unmask`,
      { resource, cause: `ends the mask of interrupt ${index}`, at },
      steps,
    );
    const cause = `unmask: eventfd; the kernel masks interrupt ${index} each time that it delivers it`;
    const unmasking = steps.add(
      'set-irq-unmask',
      subject,
      { resource, cause, at, after: [resample.id, set] },
      { ...details, eventfd: resample.handle },
    );
    const undo = { resource, cause: 'nothing unmasks it any more' };
    steps.undo('clear-irq-unmask', unmasking, subject, undo, details);
  }
}

function createEventfd(
  subject: string,
  reason: Reason,
  steps: StepList,
): { readonly handle: string; readonly id: string } {
  const handle = `eventfd#${subject}`;
  const id = steps.add('create-eventfd', subject, reason, { handle });
  steps.undo('close', id, handle, { resource: reason.resource, cause: reason.cause }, { handle });
  return { handle, id };
}
