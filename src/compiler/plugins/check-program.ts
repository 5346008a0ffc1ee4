import {
  hex,
  type Register,
  type RegisterAction,
  type RegisterCondition,
  type ResetAction,
  type ResetTarget,
} from '../../model/index.ts';

/** PCI Express has 4 KiB of configuration space at most. */
const LARGEST_CONFIGURATION_SPACE = 4096n;
const PCI_CONFIGURATION_SPACE = 7;

const WIDTHS: readonly unknown[] = [1, 2, 4, 8];
const isText = (value: unknown): boolean => typeof value === 'string' && value.length > 0 && value.length <= 1024;
const isCount = (value: unknown, most: number): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most;

/** More than any device needs, and few enough to review. */
const MOST_ACTIONS = 10_000;

/**
 * What is wrong with what a hook of a reset plugin returned, in words; undefined where nothing is. Its types say what it
 * should be, and a plugin is written by somebody else, maybe in JavaScript.
 */
export function faultOfProgram(program: unknown, target: ResetTarget): string | undefined {
  if (!Array.isArray(program)) return 'it is no list of actions';
  if (program.length > MOST_ACTIONS) return `it has ${program.length} actions, more than ${MOST_ACTIONS}`;
  for (const [index, action] of (program as readonly ResetAction[]).entries()) {
    const fault = faultOfAction(action, target);
    if (fault !== undefined) return `action ${index + 1} ${fault}`;
  }
  return undefined;
}

function faultOfAction(action: ResetAction, target: ResetTarget): string | undefined {
  if (typeof action !== 'object' || action === null) return 'is no action';
  if (!isText(action.why)) return 'does not say why';
  switch (action.kind) {
    case 'kernel-reset':
      return undefined;
    case 'hot-reset':
      return target.pci ? undefined : 'is a hot reset, which only PCI functions have';
    case 'delay':
      return isCount(action.microseconds, 10_000_000) ? undefined : 'waits for no time, or for more than ten seconds';
    case 'write':
    case 'modify':
    case 'expect':
    case 'poll':
      return faultOfAccess(action, target);
    default:
      return `is of the kind ${JSON.stringify((action as { kind?: unknown }).kind)}, which there is not`;
  }
}

function faultOfAccess(action: Exclude<RegisterAction, { kind: 'delay' }>, target: ResetTarget): string | undefined {
  return (
    faultOfRegister(action.register, target) ??
    (action.when === undefined ? undefined : faultOfCondition(action.when, target)) ??
    faultOfValues(action)
  );
}

function faultOfCondition(when: RegisterCondition, target: ResetTarget): string | undefined {
  if (typeof when !== 'object' || when === null) return 'has a condition that is none';
  const { register, mask, equals } = when;
  return faultOfRegister(register, target) ?? fits(register, { mask, equals }) ?? canHold(when);
}

function faultOfValues(action: Exclude<RegisterAction, { kind: 'delay' }>): string | undefined {
  const { register } = action;
  if ((action.kind !== 'write' || action.action !== undefined) && !isText(action.action))
    return `says nothing of what it does to ${register.name}`;
  switch (action.kind) {
    case 'write':
      return fits(register, { value: action.value });
    case 'modify':
      return fits(register, { clear: action.clear, set: action.set });
    case 'expect':
      return (
        fits(register, { mask: action.mask, equals: action.equals }) ??
        canHold(action) ??
        saysWhatThen(register, action.onMismatch)
      );
    case 'poll':
      return (
        fits(register, { mask: action.mask, equals: action.equals }) ??
        canHold(action) ??
        saysWhatThen(register, action.onTimeout) ??
        (isCount(action.intervalMicroseconds, 1_000_000) && isCount(action.timeoutMilliseconds, 60_000)
          ? undefined
          : `waits for ${register.name} without a limit of at most a minute and a pause of at most a second`)
      );
  }
}

const saysWhatThen = ({ name }: Register, then: unknown): string | undefined =>
  then === 'fail' || then === 'warn' ? undefined : `does not say what comes of it where ${name} reads otherwise`;

const canHold = ({ register, mask, equals }: RegisterCondition): string | undefined =>
  (equals & ~mask) === 0n ? undefined : `waits for bits of ${register.name} that its mask leaves out`;

function fits({ name, width }: Register, values: object): string | undefined {
  for (const value of Object.values(values) as unknown[]) {
    if (typeof value !== 'bigint') return `has a value for ${name} that is no bigint`;
    if (value < 0n || value >> BigInt(8 * width) !== 0n)
      return `has ${hex(value)} for ${name}, which has ${width} bytes`;
  }
  return undefined;
}

/** A register is in a region that the device has, inside it, aligned, of a width that VFIO reads and writes as one. */
function faultOfRegister(register: Register, target: ResetTarget): string | undefined {
  if (typeof register !== 'object' || register === null || !isText(register.name)) return 'names no register';
  const { name, region, offset, width, order = 'little' } = register;
  if (order !== 'little' && order !== 'big') return `has no byte order for ${name}`;
  if (typeof offset !== 'bigint' || !WIDTHS.includes(width)) return `has no offset or width for ${name}`;
  const found = target.regions.find(({ index }) => index === region);
  if (!found) {
    const has = target.regions.map(({ index }) => index).join(', ');
    return `reaches for ${name} in region ${region}; ${target.device.address} has ${has === '' ? 'none' : has}`;
  }
  const size = found.size ?? (target.pci && region === PCI_CONFIGURATION_SPACE ? LARGEST_CONFIGURATION_SPACE : null);
  if (offset < 0n || (size !== null && offset + BigInt(width) > size)) {
    return `reaches for ${name} at ${hex(offset < 0n ? -offset : offset)}, outside the ${size === null ? '' : `${hex(size)} bytes of `}region ${region}`;
  }
  return offset % BigInt(width) === 0n
    ? undefined
    : `reaches for ${name} at ${hex(offset)}, which is not aligned to its ${width} bytes`;
}
