import type { Registers } from './no-iommu.ts';

/** The second XGMAC of the Midway, which the tests assign; the first stays with the host, and can send it frames. */
export const XGMAC = 'fff51000.ethernet';
export const HOST_XGMAC = 'fff50000.ethernet';
export const XGMAC_DRIVER = 'calxedaxgmac';

/** Registers of the XGMAC, with what turns reception, transmission and interrupts on (drivers/net/ethernet/calxeda/xgmac.c). */
export const RUNNING: readonly (readonly [register: number, value: number])[] = [
  [0x000, 0xc],
  [0xf18, 0x2002],
  [0xf1c, 0x1ffff],
];

const FRAME_FILTER = 0x004;
const RX_BASE = 0xf0c;
const TX_BASE = 0xf10;

/** Lets every frame in. */
const RECEIVE_ALL = 0x8000_0001;

/**
 * Starts the device as a network driver does, and leaves it: rings, reception, transmission, interrupts. Frames that come
 * are written where the descriptor at the physical address `ring` says.
 */
export function startXgmac(device: Registers, ring: number): void {
  device.write(FRAME_FILTER, RECEIVE_ALL);
  device.write(RX_BASE, ring);
  device.write(TX_BASE, ring);
  for (const [register, value] of RUNNING) device.write(register, value);
}

/** What turns the device on, as it reads now. */
export const running = (device: Registers): readonly number[] => RUNNING.map(([register]) => device.read(register));

export const ON: readonly number[] = RUNNING.map(([, value]) => value);
export const OFF: readonly number[] = RUNNING.map(() => 0);

/** Every register of the region, by offset; those that read 0 are left out. */
export function allRegisters(device: Registers): Readonly<Record<string, string>> {
  const values: Record<string, string> = {};
  for (let register = 0; register < 0x1000; register += 4) {
    const value = device.read(register);
    if (value !== 0) values[`0x${register.toString(16)}`] = `0x${value.toString(16)}`;
  }
  return values;
}
