import {
  guestNeeds,
  guestUnits,
  interruptsGiven,
  type GuestDevice,
  type GuestUnit,
  type NeededWindow,
} from './needs.ts';
import type { DeviceTree, DeviceTreeNode } from '../../model/index.ts';

/**
 * The platform bus of QEMU's `virt` machine, where what the manifest does not place goes: its addresses, and its shared
 * peripheral interrupts (VIRT_PLATFORM_BUS in hw/arm/virt.c, PLATFORM_BUS_NUM_IRQS in include/hw/arm/virt.h).
 */
export const PLATFORM_BUS = {
  base: 0xc00_0000n,
  size: 0x200_0000n,
  firstInterrupt: 112,
  interrupts: 64,
} as const;

/** A run of the host's addresses, and where the guest has it. */
export interface GuestWindow extends NeededWindow {
  readonly guest: bigint;
}

/** A unit with its place in the guest. */
export interface PlacedUnit extends GuestUnit {
  readonly base: bigint;
  readonly windows: readonly GuestWindow[];
  /** First number of the interrupts of each device of the unit. */
  readonly interrupts: ReadonlyMap<DeviceTreeNode, number>;
}

/** A device for which the layout has no room left. */
export interface NoRoom {
  readonly device: GuestDevice;
  readonly what: 'addresses' | 'interrupts';
  /** How much it needs: bytes, or interrupts. */
  readonly needs: bigint;
}

export interface GuestLayout {
  readonly units: readonly PlacedUnit[];
  readonly noRoom: readonly NoRoom[];
}

interface Taken {
  readonly start: bigint;
  readonly end: bigint;
}

/**
 * Gives every unit addresses and interrupts: first those that the manifest places, as it says, whether or not they
 * overlap (a law of its own looks at that); then the others in their order, each the first free run.
 */
export function layoutGuest(tree: DeviceTree, devices: readonly GuestDevice[], pageSize: bigint): GuestLayout {
  const needed = guestUnits(tree, devices).map((unit) => ({ unit, needs: guestNeeds(tree, unit, pageSize) }));
  const addresses: Taken[] = [];
  const numbers: Taken[] = [];
  for (const { unit, needs } of needed) {
    const { base, interrupt } = unit.device;
    if (base !== null) addresses.push({ start: base, end: base + needs.size });
    if (interrupt !== null) numbers.push({ start: BigInt(interrupt), end: BigInt(interrupt + needs.interrupts) });
  }
  const units: PlacedUnit[] = [];
  const noRoom: NoRoom[] = [];
  const { base: bus, size, firstInterrupt, interrupts } = PLATFORM_BUS;
  for (const { unit, needs } of needed) {
    const { device } = unit;
    const base = device.base ?? firstFree(addresses, bus, bus + size, needs.size, pageSize);
    const count = BigInt(needs.interrupts);
    const first = BigInt(firstInterrupt);
    const number =
      device.interrupt === null
        ? firstFree(numbers, first, first + BigInt(interrupts), count, 1n)
        : BigInt(device.interrupt);
    if (base === null) noRoom.push({ device, what: 'addresses', needs: needs.size });
    if (number === null) noRoom.push({ device, what: 'interrupts', needs: count });
    if (base === null || number === null) continue;
    if (device.base === null) addresses.push({ start: base, end: base + needs.size });
    if (device.interrupt === null) numbers.push({ start: number, end: number + count });
    const windows = needs.windows.map((window) => ({ ...window, guest: base + window.offset }));
    units.push({ ...unit, base, windows, interrupts: numbered(tree, unit, Number(number)) });
  }
  return { units, noRoom };
}

function firstFree(taken: readonly Taken[], from: bigint, to: bigint, size: bigint, step: bigint): bigint | null {
  let start = from;
  for (const { start: busy, end } of [...taken].sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0))) {
    if (busy < start + size && start < end) start = ((end + step - 1n) / step) * step;
  }
  return start + size <= to ? start : null;
}

function numbered(tree: DeviceTree, { device, inside }: GuestUnit, first: number): Map<DeviceTreeNode, number> {
  const numbers = new Map<DeviceTreeNode, number>();
  let next = first;
  for (const one of [device, ...inside]) {
    numbers.set(one.node, next);
    next += interruptsGiven(tree, one).length;
  }
  return numbers;
}
