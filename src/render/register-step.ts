import { hex, type RegisterStep, unreachable } from '../model/index.ts';

/** `device:fff51000.ethernet reg0+0xf18 DMA_CONTROL`: the register that a step is about. */
export const registerOf = (step: RegisterStep): string =>
  `${step.deviceHandle} reg${step.index}+${hex(step.offset)} ${step.register}`;

/**
 * An access in the names of the data sheet, with the bits in digits behind them: names are for reading, digits are what
 * is done.
 */
export function describeRegisterStep(step: RegisterStep): string {
  const condition = step.when
    ? ` if reg${step.when.index}+${hex(step.when.offset)} ${step.when.register} & ${hex(step.when.mask)} is ${hex(step.when.equals)}`
    : '';
  return `${accessOf(step)}${condition}`;
}

function accessOf(step: RegisterStep): string {
  const register = registerOf(step);
  switch (step.kind) {
    case 'write-region':
      return `pwrite ${register} = ${hex(step.value)}${step.action === undefined ? '' : ` (${step.action})`}`;
    case 'modify-region':
      return `pread, pwrite ${register}: ${step.action} (${changed(step.clear, step.set)})`;
    case 'expect-region':
      return `pread ${register}: ${step.action} (& ${hex(step.mask)} is ${hex(step.equals)})`;
    case 'poll-region':
      return `pread ${register} until ${step.action} (& ${hex(step.mask)} is ${hex(step.equals)}), at most ${step.timeoutMilliseconds} ms`;
    default:
      return unreachable(step);
  }
}

function changed(clear: bigint, set: bigint): string {
  return [...(clear === 0n ? [] : [`~${hex(clear)}`]), ...(set === 0n ? [] : [`|${hex(set)}`])].join(' ');
}
