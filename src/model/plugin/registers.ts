/** Width of a register in bytes. */
export type RegisterWidth = 1 | 2 | 4 | 8;

/** Where a register is, and what its data sheet calls it. */
export interface Register {
  readonly name: string;
  /** Number of the region that VFIO exposes: `vfio_index`, for a PCI function 0-5 are its BARs and 7 its configuration space. */
  readonly region: number;
  /** In bytes, from the start of the region. */
  readonly offset: bigint;
  readonly width: RegisterWidth;
  /** Byte order of the register itself; little where it is left out. */
  readonly order?: 'little' | 'big';
}

/** A step is left out where this register does not read so. */
export interface RegisterCondition {
  readonly register: Register;
  readonly mask: bigint;
  readonly equals: bigint;
}

interface OnRegister {
  readonly register: Register;
  /** Why it is done, for the reviewer of a plan: a part of a sentence. */
  readonly why: string;
  readonly when?: RegisterCondition;
}

/** One access of a program: what a plan has a step for. The texts in the names of bits are what a reviewer reads. */
export type RegisterAction =
  | (OnRegister & { readonly kind: 'write'; readonly value: bigint; readonly action?: string })
  | (OnRegister & { readonly kind: 'modify'; readonly clear: bigint; readonly set: bigint; readonly action: string })
  /** The masked bits must have this value: the read-back that proves what came before. */
  | (OnRegister & {
      readonly kind: 'expect';
      readonly mask: bigint;
      readonly equals: bigint;
      readonly action: string;
      readonly onMismatch: 'fail' | 'warn';
    })
  | (OnRegister & {
      readonly kind: 'poll';
      readonly mask: bigint;
      readonly equals: bigint;
      readonly action: string;
      readonly intervalMicroseconds: number;
      readonly timeoutMilliseconds: number;
      readonly onTimeout: 'fail' | 'warn';
    })
  | { readonly kind: 'delay'; readonly microseconds: number; readonly why: string };

/** Accesses in the order in which they are made. */
export type RegisterProgram = readonly RegisterAction[];
