import { equal } from './assert.ts';
import { OpenDevice } from './no-iommu.ts';
import { bindPlatform, giveBackPlatform, platformLink, platformState } from './platform.ts';
import type { Scenario } from './scenario.ts';
import { withEventfds } from './vfio-irqs.ts';
import { CARD, interruptsByCable, isNetworkCard } from './virtio-link.ts';

/** That this machine's virtio-mmio card works through VFIO without an IOMMU: the product's scenario then tests the product. */
export const rawVirtioMmio: Scenario = ({ test, cleanup }) => {
  const before = platformState();
  let card: OpenDevice;

  test('the card moves from its driver to vfio-platform, and opens', async () => {
    equal(platformLink('platform', CARD, 'driver'), 'virtio-mmio', 'its driver');
    bindPlatform('platform', CARD, 'vfio-platform');
    card = await OpenDevice.open('platform', CARD);
    equal(
      {
        flags: card.info.flags,
        regions: card.info.regions.map(({ flags, size }) => ({ flags, size })),
        irqs: card.info.irqs,
      },
      { flags: 4, regions: [{ flags: 3, size: '0x200' }], irqs: [{ flags: 1, count: 1 }] },
      'what the device tells: PLATFORM, a region too small to be mapped, an edge interrupt',
    );
  });
  test('its registers are read in their width through the region', () => isNetworkCard(card));
  test('its edge interrupt comes once for each event, without unmasking', () =>
    withEventfds(card, 0, 'edge', ({ trigger }) => interruptsByCable(card, trigger)));
  test('the card goes back to its driver', () => {
    card.close();
    giveBackPlatform('platform', CARD);
    equal(platformState(), before, 'the host');
  });
  cleanup(() => giveBackPlatform('platform', CARD));
};
