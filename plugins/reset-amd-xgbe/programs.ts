import { delay, type Patience, type RegisterAction, type RegisterProgram } from 'vfio-compose/plugin';
import { BANK, channel, CHANNELS, mac, pcs } from './registers.ts';

const select = (bank: keyof typeof BANK, what: string): RegisterAction =>
  pcs.PCS_SELECT.write(BANK[bank], 'the registers of the PCS are reached through a window', `select ${what}`);

const AN_INTERRUPTS_OFF: RegisterProgram = [
  select('anInterrupts', 'the interrupts of auto-negotiation'),
  pcs.AN_INTMASK.write(0, 'auto-negotiation raises no more interrupts', 'mask every interrupt'),
  pcs.AN_INTMASK.expect(0, 'the interrupts of auto-negotiation are off'),
];

const CHANNEL_INTERRUPTS_OFF: RegisterProgram = CHANNELS.map(channel).flatMap(({ IER }, number) => [
  IER.write(0, `channel ${number} raises no more interrupts`, 'mask every interrupt'),
  IER.expect(0, `the interrupts of channel ${number} are off`),
]);

const CHANNELS_OFF: RegisterProgram = CHANNELS.map(channel).flatMap(({ TCR, RCR }, number) => [
  TCR.clear(['ST'], `channel ${number} fetches no more frames`),
  RCR.clear(['SR'], `channel ${number} writes no more frames to memory`),
  TCR.expectClear(['ST'], `channel ${number} was told to stop sending`),
  RCR.expectClear(['SR'], `channel ${number} was told to stop receiving`),
]);

/**
 * Interrupts, DMA and MAC off, by the bits with which the native driver stops them (xgbe_disable_tx, xgbe_disable_rx). The
 * kernel's handler goes for the reset at once and only warns where that does not end; here what stops DMA is proven first.
 */
export const QUIESCE: RegisterProgram = [
  ...AN_INTERRUPTS_OFF,
  mac.MAC_IER.write(0, 'the MAC raises no more interrupts', 'mask every interrupt'),
  mac.MAC_IER.expect(0, 'the interrupts of the MAC are off'),
  ...CHANNEL_INTERRUPTS_OFF,
  ...CHANNELS_OFF,
  mac.MAC_TCR.clear(['TE'], 'nothing is sent'),
  mac.MAC_RCR.clear(['RE'], 'nothing is received that would want to be written'),
  mac.MAC_TCR.expectClear(['TE'], 'the transmitter is off'),
  mac.MAC_RCR.expectClear(['RE'], 'the receiver is off'),
];

/** 50 looks, 20 ms apart. */
const PHY_PATIENCE: Patience = { intervalMicroseconds: 20_000, timeoutMilliseconds: 1000, onTimeout: 'warn' };
/** 2000 looks, 500 to 600 microseconds apart. */
const MAC_PATIENCE: Patience = { intervalMicroseconds: 500, timeoutMilliseconds: 1000, onTimeout: 'warn' };

/**
 * The kernel's handler (drivers/vfio/platform/reset/vfio_platform_amdxgbe.c), step by step. Both resets need clocks that a
 * port without a link may lack; the handler warns then and goes on, and so does this: what matters was proven before.
 */
export const RESET: RegisterProgram = [
  select('pcs', 'the PCS'),
  pcs.PCS_CTRL1.set(['RESET'], 'the PHY starts anew'),
  pcs.PCS_CTRL1.pollClear(['RESET'], PHY_PATIENCE, 'the PHY says when it is done'),
  select('an', 'auto-negotiation'),
  pcs.AN_CTRL1.clear(['ENABLE'], 'the link is not negotiated until somebody uses the device'),
  ...AN_INTERRUPTS_OFF,
  pcs.AN_INT.write(0, 'no interrupt of auto-negotiation is left', 'acknowledge every interrupt'),
  mac.DMA_MR.set(['SWR'], 'rings, filters and counters of the last owner go'),
  delay(10, 'the reset has begun'),
  mac.DMA_MR.pollClear(['SWR'], MAC_PATIENCE, 'the MAC says when it is done'),
];
