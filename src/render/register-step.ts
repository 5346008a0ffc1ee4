import { hex, type RegisterStep, unreachable } from '../model/index.ts';

/** `reg0+0xf18 DMA_CONTROL`: a register by its place and its name. */
const placeOf = ({
  index,
  offset,
  register,
  order,
}: Pick<RegisterStep, 'index' | 'offset' | 'register' | 'order'>): string =>
  `reg${index}+${hex(offset)} ${register}${order === 'big' ? ' (big-endian)' : ''}`;

/**
 * An access in the names of the data sheet, with the bits in digits behind them: names are for reading, digits are what
 * is done.
 */
export function describeRegisterStep(step: RegisterStep): string {
  const condition = step.when ? ` if ${placeOf(step.when)} & ${hex(step.when.mask)} is ${hex(step.when.equals)}` : '';
  return `${accessOf(step)}${condition}`;
}

function accessOf(step: RegisterStep): string {
  const register = `${step.deviceHandle} ${placeOf(step)}`;
  switch (step.kind) {
    case 'write-region':
      return `pwrite ${register} = ${hex(step.value)}${step.action === undefined ? '' : ` (${step.action})`}`;
    case 'modify-region':
      return `pread, pwrite ${register}: ${step.action} (${changed(step.clear, step.set)})`;
    case 'expect-region':
      return `pread ${register}: ${step.action} ${bitsOf(step)}${orElse(step.onMismatch)}`;
    case 'poll-region':
      return `pread ${register} until ${step.action} ${bitsOf(step)}, at most ${step.timeoutMilliseconds} ms${orElse(step.onTimeout)}`;
    default:
      return unreachable(step);
  }
}

const bitsOf = ({ mask, equals }: { readonly mask: bigint; readonly equals: bigint }): string =>
  `(& ${hex(mask)} is ${hex(equals)})`;

/** What comes of it where the register reads otherwise; said only where that does not stop the run. */
const orElse = (how: 'fail' | 'warn'): string => (how === 'warn' ? ', or a warning' : '');

function changed(clear: bigint, set: bigint): string {
  return [...(clear === 0n ? [] : [`~${hex(clear)}`]), ...(set === 0n ? [] : [`|${hex(set)}`])].join(' ');
}
