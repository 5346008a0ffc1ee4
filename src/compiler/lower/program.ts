import type { AskedDevice, Program } from '../plugins/asked.ts';
import {
  bytes,
  invariant,
  type Register,
  type RegisterAction,
  type RegisterCondition,
  type RegisterStep,
  type ResetAction,
  type ResolvedDevice,
  type Step,
  unreachable,
} from '../../model/index.ts';
import { deviceHandle } from './handles.ts';
import type { Details } from './steps.ts';

/** A step of a program before it has a place in the plan. */
export type ProgramStep = {
  [K in RegisterStep['kind'] | 'delay' | 'reset-device']: {
    readonly kind: K;
    /** Tells it from the others of its device: `quiesce/0`. */
    readonly subject: string;
    readonly cause: string;
    readonly details: Details<K>;
  };
}[RegisterStep['kind'] | 'delay' | 'reset-device'];

/** What the kernel itself does between silencing and resetting; null where it has nothing for the device. */
export interface KernelReset {
  readonly cause: string;
  readonly bestEffort: boolean;
}

/**
 * What is done to a device at one moment, in order: its plugin silences it, the kernel resets it, its plugin resets it. A
 * hot reset is about several devices, and stands elsewhere.
 */
export function programSteps(
  entry: ResolvedDevice,
  asked: AskedDevice | undefined,
  program: Program | undefined,
  kernel: KernelReset | null,
): ProgramStep[] {
  const steps: ProgramStep[] = [];
  const add = (part: 'quiesce' | 'reset', actions: readonly ResetAction[]): void => {
    if (!asked) return;
    actions.forEach((action, index) => {
      if (action.kind !== 'hot-reset') steps.push(stepOf(entry, asked.plugin, part, index, action));
    });
  };
  add('quiesce', program?.quiesce ?? []);
  if (kernel) steps.push(kernelReset(entry, 'kernel', kernel));
  add('reset', program?.reset ?? []);
  return steps;
}

function kernelReset(entry: ResolvedDevice, subject: string, { cause, bestEffort }: KernelReset): ProgramStep {
  return { kind: 'reset-device', subject, cause, details: { deviceHandle: deviceHandle(entry), bestEffort } };
}

function stepOf(
  entry: ResolvedDevice,
  plugin: string,
  part: 'quiesce' | 'reset',
  index: number,
  action: Exclude<ResetAction, { kind: 'hot-reset' }>,
): ProgramStep {
  const subject = `${part}/${index}`;
  const cause = action.why;
  const own = { plugin, part, deviceHandle: deviceHandle(entry) };
  switch (action.kind) {
    case 'kernel-reset':
      return kernelReset(entry, subject, { cause, bestEffort: entry.reset === 'preferred' });
    case 'delay':
      return { kind: 'delay', subject, cause, details: { ...own, microseconds: action.microseconds } };
    case 'write': {
      const details = { ...own, ...placeOf(action), value: bytes(action.value) };
      const named = action.action === undefined ? details : { ...details, action: action.action };
      return { kind: 'write-region', subject, cause, details: named };
    }
    case 'modify': {
      const { clear, set } = action;
      const details = { ...own, ...placeOf(action), clear: bytes(clear), set: bytes(set), action: action.action };
      return { kind: 'modify-region', subject, cause, details };
    }
    case 'expect': {
      const details = { ...own, ...placeOf(action), ...bitsOf(action), onMismatch: action.onMismatch };
      return { kind: 'expect-region', subject, cause, details };
    }
    case 'poll': {
      const { intervalMicroseconds, timeoutMilliseconds, onTimeout } = action;
      const patience = { intervalMicroseconds, timeoutMilliseconds, onTimeout };
      return {
        kind: 'poll-region',
        subject,
        cause,
        details: { ...own, ...placeOf(action), ...bitsOf(action), ...patience },
      };
    }
    default:
      return unreachable(action);
  }
}

const bitsOf = ({ mask, equals, action }: { mask: bigint; equals: bigint; action: string }) => ({
  mask: bytes(mask),
  equals: bytes(equals),
  action,
});

const placeOf = ({ register, when }: Exclude<RegisterAction, { kind: 'delay' }>) => ({
  ...registerPlace(register),
  ...(when ? { when: conditionOf(when) } : {}),
});

const conditionOf = ({ register, mask, equals }: RegisterCondition) => ({
  ...registerPlace(register),
  mask: bytes(mask),
  equals: bytes(equals),
});

/** Where a register is, in the words of a step. */
const registerPlace = ({ name, region, offset, width, order }: Register) => ({
  index: region,
  offset: bytes(offset),
  width,
  ...(order === undefined ? {} : { order }),
  register: name,
});

/** The regions that the steps reach into, in order. */
export function regionsOf(steps: readonly { readonly kind: Step['kind']; readonly details: object }[]): number[] {
  const found = new Set<number>();
  for (const { details } of steps) {
    const { index, when } = details as { index?: number; when?: { index: number } };
    if (index !== undefined) found.add(index);
    if (when) found.add(when.index);
  }
  return [...found].sort((a, b) => a - b);
}

/** What a plugin said of a device that it must have been asked about. */
export function askedOf(
  devices: ReadonlyMap<ResolvedDevice, AskedDevice>,
  entry: ResolvedDevice,
): AskedDevice | undefined {
  const asked = devices.get(entry);
  invariant(asked !== undefined || entry.resetBy === null, `the plugin of ${entry.device.address} was not asked`);
  return asked;
}
