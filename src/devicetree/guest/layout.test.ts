import { expect, test } from 'vitest';
import { guestDevice } from '../../testing/guest-device.ts';
import { deviceTree } from '../../testing/index.ts';
import { layoutGuest, PLATFORM_BUS } from './layout.ts';
import { guestNeeds, guestUnits, type GuestDevice } from './needs.ts';

const TREE = deviceTree({
  '#address-cells': 1,
  '#size-cells': 1,
  'small@1000': { compatible: 'x', reg: [0x1000, 0x20] },
  'odd@2100': { compatible: 'x', reg: [0x2100, 0x1001, 0x8000, 0x10, 0x8004, 4] },
  'huge@10000000': { compatible: 'x', reg: [0x1000_0000, 0x200_0000] },
});
const device = (path: string, more: Partial<GuestDevice> = {}) => guestDevice(TREE, path, more);
const bases = (devices: readonly GuestDevice[], page = 0x1000n) =>
  layoutGuest(TREE, devices, page).units.map(({ base }) => base);

test('every region has pages of its own, and one that lies in another needs none', () => {
  const [unit] = guestUnits(TREE, [device('/odd@2100')]);
  expect(unit && guestNeeds(TREE, unit, 0x1000n)).toEqual({
    windows: [
      { start: 0x2100n, size: 0x1001n, offset: 0n },
      { start: 0x8000n, size: 0x10n, offset: 0x2000n },
    ],
    size: 0x3000n,
    interrupts: 0,
  });
});

test('of an AMBA device VFIO gives the first region', () => {
  const [unit] = guestUnits(TREE, [device('/odd@2100', { bus: 'amba' })]);
  expect(unit && guestNeeds(TREE, unit, 0x1000n).windows).toHaveLength(1);
});

test('the pages are those of the host', () => {
  expect(bases([device('/small@1000'), device('/odd@2100')], 0x1_0000n)).toEqual([0xc00_0000n, 0xc01_0000n]);
});

test('the next free run is taken, around what is placed', () => {
  const fixed = device('/small@1000', { base: PLATFORM_BUS.base });
  expect(bases([device('/odd@2100'), fixed])).toEqual([0xc00_1000n, 0xc00_0000n]);
});

test('says for whom there is no room', () => {
  const { units, noRoom } = layoutGuest(TREE, [device('/small@1000'), device('/huge@10000000')], 0x1000n);
  expect(units).toHaveLength(1);
  expect(noRoom).toMatchObject([{ device: { name: 'huge' }, what: 'addresses', needs: 0x200_0000n }]);
});
