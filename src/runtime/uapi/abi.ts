/** What of the binary interface differs between architectures, for the calls that VFIO has. */
export interface Abi {
  readonly littleEndian: boolean;
  /** What `_IO()` adds to a number: on some architectures "no data" is 1 in a three-bit direction field, elsewhere 0. */
  readonly noDataBits: number;
}

const BIG_ENDIAN = /^(ppc|ppc64|powerpc|sparc|sparc64|s390|s390x|parisc|parisc64|mips|mips64|armeb|aarch64_be)$/;
const THREE_BIT_DIRECTION = /^(ppc|powerpc|mips|sparc|alpha)/;

const known = new Map<string, Abi>();
let last: { readonly architecture: string; readonly abi: Abi } | undefined;

/**
 * The interface of an architecture as `uname -m` prints it.
 *
 * Direction bits: arch/{powerpc,mips,sparc,alpha}/include/uapi/asm/ioctl.h against include/uapi/asm-generic/ioctl.h.
 * `mips` is read as big-endian: its little-endian machines print the same name, and Node no longer runs on either.
 */
export function abiOf(architecture: string): Abi {
  // A run asks for one architecture, tens of thousands of times.
  if (last?.architecture === architecture) return last.abi;
  let abi = known.get(architecture);
  if (!abi) {
    abi = {
      littleEndian: !BIG_ENDIAN.test(architecture),
      noDataBits: THREE_BIT_DIRECTION.test(architecture) ? 0x2000_0000 : 0,
    };
    known.set(architecture, abi);
  }
  last = { architecture, abi };
  return abi;
}
