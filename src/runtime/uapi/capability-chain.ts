import type { Abi } from './abi.ts';
import { defineStruct } from './struct.ts';

/** struct vfio_info_cap_header. `next` counts from the start of the info struct; 0 ends the chain. */
export const CAP_HEADER = defineStruct(8, { id: [0, 'u16'], version: [2, 'u16'], next: [4, 'u32'] });

/** Longest answer to an INFO call that is fetched: a kernel that asks for more is not believed. */
export const MAX_INFO_SIZE = 1 << 20;

/** Something that a kernel should never answer; the call itself succeeded. */
export class MalformedAnswer extends Error {
  override readonly name = 'MalformedAnswer';
}

/**
 * Visits the capabilities behind an info struct, in the order of the chain. `at` is the header's offset in `buffer`.
 * Throws {@link MalformedAnswer} for a chain that leaves the buffer or comes back to where it was.
 */
export function walkCapabilities(
  abi: Abi,
  buffer: Buffer,
  first: number,
  visit: (id: number, at: number) => void,
): void {
  const seen = new Set<number>();
  for (let at = first; at !== 0;) {
    if (at + CAP_HEADER.size > buffer.length)
      throw new MalformedAnswer(`a capability at ${at} lies outside the answer`);
    if (seen.has(at)) throw new MalformedAnswer(`the chain of capabilities comes back to ${at}`);
    seen.add(at);
    const header = CAP_HEADER.read(abi, buffer, at);
    visit(header.id, at);
    at = header.next;
  }
}

/**
 * Calls an INFO ioctl, and once more with as much room as the kernel asked for. It asks by raising `argsz` while still
 * answering 0 (drivers/vfio/vfio_main.c). `make` builds the argument for a size.
 */
export function withRoomForCapabilities(
  size: number,
  make: (argsz: number) => Buffer,
  call: (argument: Buffer) => void,
  argszOf: (argument: Buffer) => number,
): Buffer {
  let argument = make(size);
  call(argument);
  const wanted = argszOf(argument);
  if (wanted <= size) return argument;
  if (wanted > MAX_INFO_SIZE) throw new MalformedAnswer(`the kernel asks for ${wanted} bytes`);
  argument = make(wanted);
  call(argument);
  return argument;
}
