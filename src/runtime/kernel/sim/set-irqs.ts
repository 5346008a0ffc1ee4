import type { Abi } from '../../uapi/abi.ts';
import { IRQ_ACTION_MASK, IRQ_DATA_MASK, IRQ_SET, IRQ_SET_FLAG } from '../../uapi/device-set-irqs.ts';
import { viewOf } from '../../uapi/struct.ts';
import type { EventfdState } from './eventfds.ts';
import type { FileTable } from './file-table.ts';
import type { IrqRequest } from './interrupts.ts';
import { refuse } from './refusal.ts';

/** Bytes for each interrupt that the kind of data takes; EINVAL for none or several kinds. */
function dataWidth(flags: number): number {
  const data = flags & IRQ_DATA_MASK;
  if (data === IRQ_SET_FLAG.dataNone) return 0;
  if (data === IRQ_SET_FLAG.dataBool) return 1;
  return data === IRQ_SET_FLAG.dataEventfd ? 4 : refuse('EINVAL');
}

/**
 * The tests of `vfio_set_irqs_validate_and_prepare` in drivers/vfio/vfio_main.c, in its order. `indices` is how many kinds
 * of interrupts there are, `countOf` how many a kind has.
 */
export function irqRequest(
  files: FileTable,
  abi: Abi,
  argument: Buffer,
  indices: number,
  countOf: (index: number) => number,
): IrqRequest {
  const { argsz, flags, index, start, count } = IRQ_SET.read(abi, argument);
  if (argsz < IRQ_SET.size || index >= indices || count >= 0xffff_ffff - start) refuse('EINVAL');
  // `&` is signed in JavaScript: compare what is left of the known bits with 0 only.
  if ((flags & ~(IRQ_DATA_MASK | IRQ_ACTION_MASK)) !== 0) refuse('EINVAL');
  const limit = countOf(index);
  if (start >= limit || start + count > limit) refuse('EINVAL');
  const width = dataWidth(flags);
  if (width > 0 && argsz - IRQ_SET.size < count * width) refuse('EINVAL');
  if (argument.length < IRQ_SET.size + count * width) refuse('EFAULT');
  const view = viewOf(argument);
  return {
    flags,
    index,
    start,
    count,
    eventfd: (i) => eventfdOf(files, view.getInt32(IRQ_SET.size + i * 4, abi.littleEndian)),
    bool: (i) => view.getUint8(IRQ_SET.size + i) !== 0,
  };
}

/** The eventfd of a descriptor as an ioctl's data names it; null for a negative one, which disconnects. */
function eventfdOf(files: FileTable, fd: number): EventfdState | null {
  if (fd < 0) return null;
  const file = files.find(fd);
  if (!file) return refuse('EBADF');
  return file.kind === 'eventfd' ? file.eventfd : refuse('EINVAL');
}
