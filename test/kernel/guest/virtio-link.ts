import { equal } from './assert.ts';
import type { Registers } from './no-iommu.ts';
import { ask } from './report-port.ts';
import { signalled } from './vfio-irqs.ts';

/** The network card on virtio-mmio whose cable the outside pulls: `LINK` of the harness's machine table, in its slot. */
export const CARD = 'a003e00.virtio_mmio';
const LINK = 'link';

/** Registers of virtio-mmio in the version before 1.0, which QEMU plays (virtio 1.2, 4.2.4). */
const REGISTER = {
  magic: 0x00,
  deviceId: 0x08,
  driverFeatures: 0x20,
  driverFeaturesSelect: 0x24,
  interruptStatus: 0x60,
  interruptAck: 0x64,
  status: 0x70,
  config: 0x100,
  configLinkStatus: 0x106,
};
const MAGIC = 0x74726976;
const NETWORK_CARD = 1;
const FEATURE_STATUS = 1 << 16;
/** QEMU sets the other reason, a used buffer, with it (hw/virtio/virtio.c, virtio_notify_config). */
const CONFIG_CHANGED = 2;
const BOTH = 3;

/** The registers are those of a virtio network card. */
export function isNetworkCard(card: Registers): void {
  equal(card.read(REGISTER.magic), MAGIC, 'the magic value');
  equal(card.read(REGISTER.deviceId), NETWORK_CARD, 'the kind of device');
  // Its own registers answer to 32 bits only; its configuration, which begins with the address of the card, to any width.
  equal([card.read(REGISTER.config, 1), card.read(REGISTER.config, 2)], [0x52, 0x5452], "the beginning of QEMU's MAC");
}

/**
 * Lets the card interrupt without DMA: it has no queues, but tells when its cable is pulled and plugged in again. An edge
 * interrupt comes once each time, and nobody has to unmask it.
 */
export async function interruptsByCable(card: Registers, trigger: number): Promise<void> {
  try {
    for (const status of [0, 1, 3]) card.write(REGISTER.status, status);
    card.write(REGISTER.driverFeaturesSelect, 0);
    card.write(REGISTER.driverFeatures, FEATURE_STATUS);
    card.write(REGISTER.status, 7);
    equal(card.read(REGISTER.configLinkStatus, 2) & 1, 1, 'the link to begin with');
    for (const [state, link] of [
      ['off', 0],
      ['on', 1],
      ['off', 0],
      ['on', 1],
    ] as const) {
      ask(`link ${LINK} ${state}`);
      equal(await signalled(trigger, `cable ${state}`), 1, 'the number of interrupts');
      equal(card.read(REGISTER.interruptStatus) & CONFIG_CHANGED, CONFIG_CHANGED, 'the reason of the interrupt');
      equal(card.read(REGISTER.configLinkStatus, 2) & 1, link, `the link with its cable ${state}`);
      card.write(REGISTER.interruptAck, BOTH);
    }
  } finally {
    card.write(REGISTER.status, 0);
  }
}
