import { hex } from '../../../model/index.ts';
import { UsageError } from '../../verb.ts';

/** A register as the command line names it, for a template. */
export interface WrittenRegister {
  readonly name: string;
  /** As a JavaScript literal. */
  readonly offset: string;
  readonly bits: readonly { readonly name: string; readonly position: number }[];
}

const REGISTER = /^([A-Za-z_]\w*)=(0x[0-9a-fA-F]+|\d+)(?::(.+))?$/;
const BIT = /^([A-Za-z_]\w*)(?:@(\d+))?$/;

/** Reads `NAME=OFFSET[:BIT@POSITION,...]`; a bit without a position is the one above the last. Throws {@link UsageError}. */
export function parseRegister(text: string): WrittenRegister {
  const [, name, offset, bits] = REGISTER.exec(text.trim()) ?? [];
  if (name === undefined || offset === undefined) {
    throw new UsageError(
      `a register is NAME=OFFSET[:BIT@POSITION,...], such as DMA_CONTROL=0x04:RUN@0,BUSY@1; this is "${text}"`,
    );
  }
  if (BigInt(offset) % 4n !== 0n) throw new UsageError(`${name} is at ${offset}, which no register of four bytes is`);
  let next = 0;
  const parsed = (bits?.split(',') ?? []).map((bit) => {
    const [, bitName, position = String(next)] = BIT.exec(bit.trim()) ?? [];
    if (bitName === undefined || Number(position) > 31) {
      throw new UsageError(`a bit of ${name} is NAME@POSITION with a position from 0 to 31; this is "${bit}"`);
    }
    next = Number(position) + 1;
    return { name: bitName, position: Number(position) };
  });
  return { name, offset: hex(BigInt(offset)), bits: parsed };
}
