import { defineResetPlugin, delay, type RegisterProgram } from 'vfio-compose/plugin';
import { addressIsKept } from './address.ts';
import { XgmacModel } from './model.ts';
import { EVERY_EVENT, reg } from './registers.ts';

/**
 * What the kernel's handler does (drivers/vfio/platform/reset/vfio_platform_calxedaxgmac.c), with a read-back after each
 * write. The registers end as the handler leaves them.
 */
const QUIESCE: RegisterProgram = [
  reg.DMA_INTR_ENA.write(0, 'no event raises the interrupt line any more', 'mask every interrupt'),
  reg.DMA_INTR_ENA.expect(0, 'the interrupts are off'),
  reg.DMA_CONTROL.clear(['ST', 'SR'], 'no more frames are fetched from memory or written to it'),
  reg.DMA_CONTROL.expectClear(['ST', 'SR'], 'the DMA was told to stop'),
  reg.CONTROL.clear(['TE', 'RE'], 'nothing is sent, and nothing received that would want to be written'),
  reg.CONTROL.expectClear(['TE', 'RE'], 'the MAC is off'),
  // The largest frame of the native driver (XGMAC_MAX_MTU) takes 72 microseconds at the lowest speed, 1 Gb/s.
  delay(100, 'a frame that was under way when its engine was told to stop is moved whole'),
];

/** How the native driver starts (xgmac_hw_init), up to where it configures. Its 15000 reads are a few milliseconds. */
const SOFT_RESET: RegisterProgram = [
  reg.DMA_BUS_MODE.set(['SFT_RESET'], 'rings, filters and counters of the last owner go'),
  reg.DMA_BUS_MODE.pollClear(
    ['SFT_RESET'],
    { intervalMicroseconds: 10, timeoutMilliseconds: 100 },
    'the device says when it is done',
  ),
  reg.DMA_INTR_ENA.write(0, 'whatever the reset left there', 'mask every interrupt'),
  reg.DMA_STATUS.write(EVERY_EVENT, 'no event of the last owner is left', 'acknowledge every event'),
  reg.DMA_INTR_ENA.expect(0, 'the interrupts are off'),
  reg.DMA_CONTROL.expectClear(['ST', 'SR'], 'the DMA is off'),
  reg.CONTROL.expectClear(['TE', 'RE'], 'the MAC is off'),
];

export default defineResetPlugin({
  name: 'calxeda-xgmac',
  version: '0.1.0',
  summary: 'Quiesces the 10 Gb/s Ethernet controller of Calxeda ECX-1000 and ECX-2000 as the kernel does.',
  matches: [{ compatible: 'calxeda,hb-xgmac' }],
  options: {
    type: 'object',
    properties: {
      softReset: {
        type: 'boolean',
        default: false,
        description: 'Reset the registers as well. The device forgets its MAC address and its speed.',
      },
    },
    additionalProperties: false,
  },
  laws: [addressIsKept],
  quiesce: () => QUIESCE,
  reset: (_target, { softReset }) => (softReset === true ? SOFT_RESET : []),
  model: () => new XgmacModel(),
});
