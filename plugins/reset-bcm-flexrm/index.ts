import { defineResetPlugin, type Patience, type RegisterProgram, type ResetTarget, when } from 'vfio-compose/plugin';
import { FlexrmModel } from './model.ts';
import { RING_MAGIC, ringRegisters } from './registers.ts';
import { ringsAreKnown, ringsOf } from './rings.ts';

/** As long as the kernel waits: a look each millisecond, a thousand times. */
const PATIENCE: Patience = { intervalMicroseconds: 1000, timeoutMilliseconds: 1000 };

/** All interrupts of the device go off before the first ring is stopped (R-RESET-4). */
function maskInterrupts(ring: number): RegisterProgram {
  const { VER, MSI_CONTROL } = ringRegisters(ring);
  const exists = VER.reads(RING_MAGIC);
  return [
    when(exists, MSI_CONTROL.clear(['ENABLE'], `ring ${ring} sends no more interrupts`)),
    when(exists, MSI_CONTROL.expectClear(['ENABLE'], `the interrupts of ring ${ring} are off`)),
  ];
}

/** What the kernel's handler does to a ring (drivers/vfio/platform/reset/vfio_platform_bcmflexrm.c), and a last read-back. */
function stop(ring: number): RegisterProgram {
  const { VER, CONTROL, FLUSH_DONE } = ringRegisters(ring);
  const exists = VER.reads(RING_MAGIC);
  return [
    when(exists, CONTROL.write(0, `ring ${ring} fetches no more descriptors`, 'deactivate')),
    when(exists, CONTROL.write(CONTROL.bits.FLUSH, `what ring ${ring} has under way is dropped`, 'flush')),
    when(exists, FLUSH_DONE.pollSet(['DONE'], PATIENCE, `ring ${ring} has nothing under way`)),
    when(exists, CONTROL.write(0, `ring ${ring} leaves the flush`, 'end the flush')),
    when(exists, FLUSH_DONE.pollClear(['DONE'], PATIENCE, `ring ${ring} is at rest`)),
    when(exists, CONTROL.expectClear(['ACTIVE', 'FLUSH'], `ring ${ring} is off`)),
  ];
}

function quiesce(target: ResetTarget): RegisterProgram {
  const rings = Array.from({ length: ringsOf(target) }, (_, ring) => ring);
  return [...rings.flatMap(maskInterrupts), ...rings.flatMap(stop)];
}

export default defineResetPlugin({
  name: 'bcm-flexrm',
  version: '0.1.0',
  summary: "Quiesces the rings of Broadcom's FlexRM mailbox as the kernel does, and its interrupts.",
  matches: [{ compatible: 'brcm,iproc-flexrm-mbox' }],
  laws: [ringsAreKnown],
  quiesce,
  model: (target) => new FlexrmModel(ringsOf(target)),
});
