import { writeSync } from 'node:fs';
import { equal } from './assert.ts';
import type { Registers } from './no-iommu.ts';
import { act, signalled, silent, type Eventfds } from './vfio-irqs.ts';
import { succeed } from './vfio.ts';

/** The real-time clock of QEMU's `virt`, an ARM PrimeCell PL031 with one level interrupt and no DMA. */
export const CLOCK = '9010000.pl031';

/** Registers of the PL031 (ARM DDI 0224). */
const REGISTER = { data: 0x00, match: 0x04, mask: 0x10, rawStatus: 0x14, maskedStatus: 0x18, clear: 0x1c };

/**
 * The whole life of a level interrupt. The kernel masks it with each delivery, since its line stays up until the device is
 * told; unmasked while the line is up, it comes again at once; cleared in the device, it does not.
 */
export async function interruptsByAlarm(clock: Registers, { trigger, unmask }: Eventfds): Promise<void> {
  const unmaskByCall = (): unknown => succeed('SET_IRQS', act(clock.fd, 0, 'unmask'));
  const once = async (what: string): Promise<void> => equal(await signalled(trigger, what), 1, `interrupts: ${what}`);
  try {
    clock.write(REGISTER.match, clock.read(REGISTER.data) + 1);
    clock.write(REGISTER.mask, 1);
    await once('the alarm');
    equal([clock.read(REGISTER.rawStatus), clock.read(REGISTER.maskedStatus)], [1, 1], 'the status of the interrupt');
    await silent(trigger, 'masked by its delivery');

    unmaskByCall();
    await once('unmasked by a call while the line is up');
    await silent(trigger, 'masked again');

    writeSync(unmask, Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]));
    await once('unmasked by an eventfd while the line is up');

    clock.write(REGISTER.clear, 1);
    equal(clock.read(REGISTER.rawStatus), 0, 'the status after it was cleared in the device');
    unmaskByCall();
    await silent(trigger, 'unmasked after it was cleared');
  } finally {
    clock.write(REGISTER.mask, 0);
    clock.write(REGISTER.clear, 1);
  }
}
