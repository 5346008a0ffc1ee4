import { defineRegisters } from 'vfio-compose/plugin';

/**
 * Registers of the MAC and of its DMA, in region 0, 32 bits each. Names, offsets and bits are those of the native driver
 * (drivers/net/ethernet/amd/xgbe/xgbe-common.h).
 */
export const mac = defineRegisters({
  MAC_TCR: { offset: 0x0000, bits: { TE: 1 << 0 } },
  MAC_RCR: { offset: 0x0004, bits: { RE: 1 << 0 } },
  MAC_IER: { offset: 0x00b4 },
  DMA_MR: { offset: 0x3000, bits: { SWR: 1 << 0 } },
});

const channelRegisters = defineRegisters({
  DMA_CH_TCR: { offset: 0x04, bits: { ST: 1 << 0 } },
  DMA_CH_RCR: { offset: 0x08, bits: { SR: 1 << 0 } },
  DMA_CH_IER: { offset: 0x38 },
});

/** DMA_CH_BASE and DMA_CH_INC. */
const [CHANNELS_AT, CHANNEL_SIZE] = [0x3100n, 0x80n];

/** The chip has four: its tree gives each an interrupt (amd-seattle-xgbe-b.dtsi, `amd,per-channel-interrupt`). */
export const CHANNELS: readonly number[] = [0, 1, 2, 3];

/** The registers of a DMA channel, with its number in their names. */
export function channel(number: number) {
  const base = CHANNELS_AT + BigInt(number) * CHANNEL_SIZE;
  const place = (name: keyof typeof channelRegisters) => ({
    name: `${name}${number}`,
    offset: base + channelRegisters[name].offset,
  });
  return {
    TCR: channelRegisters.DMA_CH_TCR.at(place('DMA_CH_TCR')),
    RCR: channelRegisters.DMA_CH_RCR.at(place('DMA_CH_RCR')),
    IER: channelRegisters.DMA_CH_IER.at(place('DMA_CH_IER')),
  };
}

/**
 * The window of region 1 on the registers of the PCS: the upper 16 bits of (MMD << 16 | register) are written to PCS_SELECT,
 * the lower 8 are the word of the window that is then that register (xmdio_read in
 * drivers/vfio/platform/reset/vfio_platform_amdxgbe.c). The numbers are those of IEEE 802.3 clause 45 (linux/mdio.h).
 */
export const pcs = defineRegisters({
  PCS_SELECT: { region: 1, offset: 0x3fc },
  PCS_CTRL1: { region: 1, offset: window(0x3_0000), bits: { RESET: 0x8000 } },
  AN_CTRL1: { region: 1, offset: window(0x7_0000), bits: { ENABLE: 0x1000 } },
  AN_INTMASK: { region: 1, offset: window(0x7_8001) },
  AN_INT: { region: 1, offset: window(0x7_8002) },
});

/** What PCS_SELECT holds while these registers are in the window. */
export const BANK = { pcs: 0x3_0000 >> 8, an: 0x7_0000 >> 8, anInterrupts: 0x7_8000 >> 8 } as const;

function window(address: number): number {
  return (address & 0xff) << 2;
}
