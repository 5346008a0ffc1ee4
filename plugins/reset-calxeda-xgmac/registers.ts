import { defineRegisters } from 'vfio-compose/plugin';

/**
 * Registers of the XGMAC, in region 0 of 0x1000 bytes, 32 bits each. Names, offsets and bits are those of the native driver
 * (drivers/net/ethernet/calxeda/xgmac.c), without its prefix.
 */
export const reg = defineRegisters({
  CONTROL: { offset: 0x000, bits: { TE: 0x8, RE: 0x4 } },
  VERSION: { offset: 0x020 },
  DMA_BUS_MODE: { offset: 0xf00, bits: { SFT_RESET: 0x1 } },
  DMA_STATUS: { offset: 0xf14 },
  DMA_CONTROL: { offset: 0xf18, bits: { ST: 0x2000, SR: 0x2 } },
  DMA_INTR_ENA: { offset: 0xf1c },
});

/** Every event of DMA_STATUS that has an enable bit: 0-10 and 13-16. Writing 1 acknowledges. */
export const EVERY_EVENT = 0x1e7ff;
