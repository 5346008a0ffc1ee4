import { hex, invariant, type Register, type RegisterAction, type RegisterCondition } from '../model/index.ts';

/** A register as its data sheet has it: where it is, and which of its bits have a name. */
export interface RegisterDefinition<Bits extends Readonly<Record<string, number | bigint>>> {
  /** `vfio_index` of the region; 0 where it is left out. */
  readonly region?: number;
  /** In bytes, from the start of the region. */
  readonly offset: number | bigint;
  /** In bytes; 4 where it is left out. */
  readonly width?: 1 | 2 | 4 | 8;
  /** Byte order of the register itself; little where it is left out. */
  readonly order?: 'little' | 'big';
  /** Masks by name: `{ ST: 1 << 13 }`. */
  readonly bits?: Bits;
}

/** How long something is waited for, and what happens where it does not come. */
export interface Patience {
  /** Between two looks, in microseconds. */
  readonly intervalMicroseconds: number;
  /** In milliseconds. */
  readonly timeoutMilliseconds: number;
  /** `fail` where it is left out. */
  readonly onTimeout?: 'fail' | 'warn';
}

/**
 * A register by name, and what can be done with it. Every method gives one action of a program; `why` is what the reviewer
 * of a plan reads beside it.
 */
export interface NamedRegister<Bit extends string> extends Register {
  readonly bits: Readonly<Record<Bit, bigint>>;
  /** The same register at another place: of another ring, in another region. */
  at(place: { readonly region?: number; readonly offset?: bigint; readonly name?: string }): NamedRegister<Bit>;
  write(value: bigint | number, why: string, action?: string): RegisterAction;
  /** Reads, clears these bits, writes. */
  clear(bits: readonly Bit[], why: string): RegisterAction;
  /** Reads, sets these bits, writes. */
  set(bits: readonly Bit[], why: string): RegisterAction;
  /** The whole register must read so. */
  expect(value: bigint | number, why: string, onMismatch?: 'fail' | 'warn'): RegisterAction;
  expectClear(bits: readonly Bit[], why: string, onMismatch?: 'fail' | 'warn'): RegisterAction;
  expectSet(bits: readonly Bit[], why: string, onMismatch?: 'fail' | 'warn'): RegisterAction;
  /** Reads until these bits are clear. */
  pollClear(bits: readonly Bit[], patience: Patience, why: string): RegisterAction;
  /** Reads until these bits are set. */
  pollSet(bits: readonly Bit[], patience: Patience, why: string): RegisterAction;
  /** A condition for other actions: that the whole register reads so. */
  reads(value: bigint | number): RegisterCondition;
}

type Definitions = Readonly<Record<string, RegisterDefinition<Readonly<Record<string, number | bigint>>>>>;

/** The registers of a device by the names of its data sheet. */
export type NamedRegisters<D extends Definitions> = {
  readonly [N in keyof D]: NamedRegister<D[N] extends RegisterDefinition<infer B> ? Extract<keyof B, string> : never>;
};

/**
 * Names registers and their bits, so that a program and its plan speak as the data sheet does.
 *
 * ```ts
 * const reg = defineRegisters({ DMA_CONTROL: { offset: 0xf18, bits: { ST: 1 << 13, SR: 1 << 1 } } });
 * reg.DMA_CONTROL.clear(['ST', 'SR'], 'no more DMA');
 * ```
 */
export function defineRegisters<const D extends Definitions>(definitions: D): NamedRegisters<D> {
  const entries = Object.entries(definitions).map(([name, definition]) => [name, namedRegister(name, definition)]);
  return Object.freeze(Object.fromEntries(entries)) as NamedRegisters<D>;
}

function namedRegister(name: string, definition: Definitions[string]): NamedRegister<string> {
  const { region = 0, offset, width = 4, order } = definition;
  // `1 << 31` is negative in JavaScript, and the top bit is meant.
  const bits = Object.fromEntries(
    Object.entries(definition.bits ?? {}).map(([bit, mask]) => [bit, BigInt.asUintN(8 * width, BigInt(mask))]),
  );
  const register: Register = { name, region, offset: BigInt(offset), width, ...(order ? { order } : {}) };
  return Object.freeze({ ...register, ...actionsOf(register, bits), bits, at: moved(register, definition) });
}

const moved =
  (register: Register, definition: Definitions[string]): NamedRegister<string>['at'] =>
  ({ region = register.region, offset = register.offset, name = register.name }) =>
    namedRegister(name, { ...definition, region, offset });

/** Bits as bits of a value, and as words. */
function maskOf(register: Register, bits: Readonly<Record<string, bigint>>, names: readonly string[]): bigint {
  return names.reduce((mask, name) => {
    const bit = bits[name];
    invariant(bit !== undefined, `register ${register.name} has no bit ${name}`);
    return mask | bit;
  }, 0n);
}

function actionsOf(register: Register, bits: Readonly<Record<string, bigint>>) {
  const mask = (names: readonly string[]) => maskOf(register, bits, names);
  const list = (names: readonly string[]) => names.join(', ');
  return {
    write: (value: bigint | number, why: string, action?: string): RegisterAction => ({
      kind: 'write',
      register,
      value: BigInt(value),
      why,
      ...(action === undefined ? {} : { action }),
    }),
    clear: (names: readonly string[], why: string): RegisterAction => ({
      kind: 'modify',
      register,
      clear: mask(names),
      set: 0n,
      action: `clear ${list(names)}`,
      why,
    }),
    set: (names: readonly string[], why: string): RegisterAction => ({
      kind: 'modify',
      register,
      clear: 0n,
      set: mask(names),
      action: `set ${list(names)}`,
      why,
    }),
    ...looksAt(register, bits),
  };
}

/** What only reads the register. */
function looksAt(register: Register, bits: Readonly<Record<string, bigint>>) {
  const whole = (value: bigint | number) => ({
    mask: (1n << BigInt(8 * register.width)) - 1n,
    equals: BigInt(value),
    action: `is ${hex(BigInt(value))}`,
  });
  const clear = (names: readonly string[]) => ({
    mask: maskOf(register, bits, names),
    equals: 0n,
    action: `${names.join(', ')} clear`,
  });
  const set = (names: readonly string[]) => {
    const mask = maskOf(register, bits, names);
    return { mask, equals: mask, action: `${names.join(', ')} set` };
  };
  type Wanted = ReturnType<typeof whole>;
  const expect = (wanted: Wanted, why: string, onMismatch: 'fail' | 'warn' = 'fail'): RegisterAction => ({
    kind: 'expect',
    register,
    ...wanted,
    onMismatch,
    why,
  });
  const poll = (wanted: Wanted, patience: Patience, why: string): RegisterAction => ({
    kind: 'poll',
    register,
    ...wanted,
    ...waiting(patience),
    why,
  });
  return {
    expect: (value: bigint | number, why: string, onMismatch?: 'fail' | 'warn') =>
      expect(whole(value), why, onMismatch),
    expectClear: (names: readonly string[], why: string, onMismatch?: 'fail' | 'warn') =>
      expect(clear(names), why, onMismatch),
    expectSet: (names: readonly string[], why: string, onMismatch?: 'fail' | 'warn') =>
      expect(set(names), why, onMismatch),
    pollClear: (names: readonly string[], patience: Patience, why: string) => poll(clear(names), patience, why),
    pollSet: (names: readonly string[], patience: Patience, why: string) => poll(set(names), patience, why),
    reads: (value: bigint | number): RegisterCondition => {
      const { mask, equals } = whole(value);
      return { register, mask, equals };
    },
  };
}

const waiting = ({ intervalMicroseconds, timeoutMilliseconds, onTimeout = 'fail' }: Patience) => ({
  intervalMicroseconds,
  timeoutMilliseconds,
  onTimeout,
});

/** Lets time pass that the device needs. */
export const delay = (microseconds: number, why: string): RegisterAction => ({ kind: 'delay', microseconds, why });

/** An action that is left out where a condition does not hold. */
export const when = (condition: RegisterCondition, action: RegisterAction): RegisterAction =>
  action.kind === 'delay' ? action : { ...action, when: condition };
