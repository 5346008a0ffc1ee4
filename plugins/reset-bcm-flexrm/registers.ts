import { defineRegisters } from 'vfio-compose/plugin';

/** Each ring has this many bytes of the region. */
export const RING_SIZE = 0x10000;

/** What VER reads where there is a ring: "v001". */
export const RING_MAGIC = 0x7630_3031;

const registers = defineRegisters({
  VER: { offset: 0x00 },
  CONTROL: { offset: 0x34, bits: { FLUSH: 1 << 5, ACTIVE: 1 << 4 } },
  FLUSH_DONE: { offset: 0x38, bits: { DONE: 1 << 0 } },
  MSI_CONTROL: { offset: 0x48, bits: { ENABLE: 1 << 15 } },
});

/**
 * The registers of one ring, in region 0, 32 bits each. Names, offsets and bits are those of the native driver
 * (drivers/mailbox/bcm-flexrm-mailbox.c).
 */
export function ringRegisters(ring: number) {
  const place = (name: keyof typeof registers) => ({
    name: `RING${ring}_${name}`,
    offset: BigInt(ring * RING_SIZE) + registers[name].offset,
  });
  return {
    VER: registers.VER.at(place('VER')),
    CONTROL: registers.CONTROL.at(place('CONTROL')),
    FLUSH_DONE: registers.FLUSH_DONE.at(place('FLUSH_DONE')),
    MSI_CONTROL: registers.MSI_CONTROL.at(place('MSI_CONTROL')),
  };
}
