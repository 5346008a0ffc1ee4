import { bytes, type Step } from '../model/index.ts';
import { step } from './plan-steps.ts';

/** A write of a register, then the same bits expected of it: whoever swaps the bytes once too often is found out. */
export function registerSteps(deviceHandle: string, index: number): Step[] {
  const values = { 1: 0x5an, 2: 0xa55an, 4: 0x1234_5678n, 8: 0x0123_4567_89ab_cdefn } as const;
  return ([1, 2, 4, 8] as const).flatMap((width) =>
    ([undefined, 'little', 'big'] as const).flatMap((order, k) => {
      const subject = `${deviceHandle}/${width}/${order ?? 'unsaid'}`;
      const at = {
        offset: bytes(BigInt(0x40 * width + 8 * k)),
        width,
        register: `R${width}`,
        ...(order ? { order } : {}),
      };
      const all = bytes((1n << BigInt(8 * width)) - 1n);
      const place = { plugin: 'reset-every', part: 'reset', deviceHandle, index, ...at } as const;
      return [
        step('write-region', subject, { ...place, value: bytes(values[width]) }),
        step('modify-region', subject, { ...place, clear: bytes(0xfn), set: bytes(1n), action: 'clear F, set 1' }),
        step('expect-region', subject, {
          ...place,
          mask: all,
          equals: bytes((values[width] & ~0xfn) | 1n),
          action: 'all of it',
          onMismatch: 'fail',
        }),
      ];
    }),
  );
}

const quiesce = { plugin: 'reset-every', part: 'quiesce', index: 0 } as const;
const counter = { offset: bytes(0x8n), width: 4, register: 'COUNTER', mask: bytes(0xffn) } as const;
const never = {
  index: 0,
  offset: bytes(0x8n),
  width: 4,
  register: 'COUNTER',
  mask: bytes(0xf00n),
  equals: bytes(0x100n),
} as const;
const always = { ...never, equals: bytes(0n), order: 'big' } as const;

/** What a condition and a look at a register that never comes right make of the steps. */
export const conditionSteps = (usbHandle: string): readonly Step[] => [
  step('write-region', 'left out', {
    ...quiesce,
    deviceHandle: usbHandle,
    offset: bytes(0x10n),
    width: 4,
    register: 'A',
    value: bytes(1n),
    when: never,
  }),
  step('write-region', 'done', {
    ...quiesce,
    deviceHandle: usbHandle,
    offset: bytes(0x14n),
    width: 4,
    register: 'B',
    value: bytes(1n),
    when: always,
  }),
  step('expect-region', 'warns', {
    ...quiesce,
    deviceHandle: usbHandle,
    ...counter,
    equals: bytes(0xffn),
    action: 'FF',
    onMismatch: 'warn',
  }),
  step('poll-region', 'comes', {
    ...quiesce,
    deviceHandle: usbHandle,
    ...counter,
    equals: bytes(8n),
    action: 'counts to 8',
    intervalMicroseconds: 500,
    timeoutMilliseconds: 100,
    onTimeout: 'fail',
  }),
  step('poll-region', 'warns', {
    ...quiesce,
    deviceHandle: usbHandle,
    ...counter,
    equals: bytes(0xffn),
    action: 'counts to 255',
    intervalMicroseconds: 400,
    timeoutMilliseconds: 1,
    onTimeout: 'warn',
  }),
  step('delay', 'settles', { plugin: 'reset-every', part: 'reset', deviceHandle: usbHandle, microseconds: 1500 }),
];
