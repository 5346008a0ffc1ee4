import { LIMITS } from '../../model/index.ts';

/**
 * The flattened device tree: chapter 5 of the Devicetree Specification 0.4, as libfdt and the kernel's
 * drivers/of/fdt.c read it.
 */

/** The first four bytes, big-endian like every number of a blob. */
export const FDT_MAGIC = 0xd00d_feed;

/** The version that is written, and the newest `last_comp_version` that is read. */
export const FDT_VERSION = 17;
/** The oldest version that is read: before it, nodes had whole paths for names and long values another alignment. */
export const FDT_OLDEST_VERSION = 16;

/** Bytes of a header of version 17. */
export const FDT_HEADER_SIZE = 40;

/** The words that the structure block is made of. */
export const FDT_BEGIN_NODE = 1;
export const FDT_END_NODE = 2;
export const FDT_PROP = 3;
export const FDT_NOP = 4;
export const FDT_END = 9;

/** How much of a blob is read at all, so that a hostile one cannot ask for all memory. */
export interface FdtLimits {
  readonly bytes: number;
  readonly nodes: number;
  readonly properties: number;
  readonly reservations: number;
  readonly pathCharacters: number;
}

export const FDT_LIMITS: FdtLimits = LIMITS.deviceTree;

/** What is wrong with a blob, without the words. */
export type FdtProblemKind =
  /** It ends before its header, or before the size that its header states. */
  | 'truncated'
  | 'not-a-blob'
  | 'version'
  /** A block lies outside of the blob, or where it may not begin. */
  | 'block'
  | 'reservations'
  /** A word of the structure block that is none of the five. */
  | 'token'
  /** Nodes are not nested as they must be: no root or two, an end too many or too few. */
  | 'nesting'
  /** A value or a name leaves its block. */
  | 'overrun'
  | 'name'
  | 'duplicate'
  /** A property behind a child of its node. */
  | 'order'
  /** Deeper or larger than what is read. */
  | 'limit';

/** Why a blob is not read. */
export interface FdtProblem {
  readonly kind: FdtProblemKind;
  /** Bytes from the start of the blob to what is wrong; at most its length. */
  readonly offset: number;
  /** One clause in English, without the offset. */
  readonly what: string;
}

/** Memory that the boot program asks the kernel to leave alone. Both in bytes. */
export interface MemoryReservation {
  readonly address: bigint;
  readonly size: bigint;
}

/** `0x` and eight digits: an offset or a word of a blob as `dtc` and `fdtdump` print it. */
export const hex32 = (value: number): string => `0x${value.toString(16).padStart(8, '0')}`;
