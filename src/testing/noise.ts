import { invariant, type Plan, type RegisterModel, type StepOf } from '../model/index.ts';

type Condition = StepOf<'expect-region' | 'poll-region'>;

/**
 * What a plan's own read-backs say of the registers of its devices: whether a device is silent, and how it is made loud. A
 * loud device does DMA or raises interrupts; what silences it is the `quiesce` part of its reset plugin.
 */
export class Noise {
  /** The conditions of silence, by the address of the device. */
  readonly #conditions: ReadonlyMap<string, readonly Condition[]>;

  constructor(
    plan: Plan,
    private readonly models: ReadonlyMap<string, { readonly registers?: RegisterModel }>,
  ) {
    const addresses = new Map(
      plan.up.flatMap((step) => ('device' in step ? [[step.resource, step.device.address]] : [])),
    );
    const conditions = new Map<string, Condition[]>();
    for (const step of readBacks(plan)) {
      const address = addresses.get(step.resource);
      invariant(address !== undefined && step.order !== 'big', 'a read-back is of a little-endian device of the plan');
      if (models.get(address)?.registers) conditions.set(address, [...(conditions.get(address) ?? []), step]);
    }
    this.#conditions = conditions;
  }

  /** The devices that can be loud. */
  get devices(): readonly string[] {
    return [...this.#conditions.keys()];
  }

  /** Makes a device as loud as it can be: no condition of its silence holds, as far as its registers can be written. */
  make(address: string): void {
    const registers = this.#registers(address);
    // Backwards: what is read back last is often a reset, and writing its bit undoes what was written before.
    for (const { index, offset, width, mask, equals } of [...(this.#conditions.get(address) ?? [])].reverse()) {
      const now = registers.read(index, offset, width);
      registers.write(index, offset, width, (now & ~mask) | (~equals & mask));
    }
  }

  isLoud(address: string): boolean {
    const conditions = this.#conditions.get(address) ?? [];
    if (conditions.length === 0) return false;
    const registers = this.#registers(address);
    const holds = ({
      index,
      offset,
      width,
      mask,
      equals,
    }: Pick<Condition, 'index' | 'offset' | 'width' | 'mask' | 'equals'>) =>
      (registers.read(index, offset, width) & mask) === equals;
    return conditions.some((step) => (!step.when || holds(step.when)) && !holds(step));
  }

  #registers(address: string): RegisterModel {
    const registers = this.models.get(address)?.registers;
    invariant(registers, `${address} has no registers`);
    return registers;
  }
}

/**
 * What a plan reads back of its devices when it silences them. Registers behind a window are left out: what has to be
 * selected there to read them, a condition does not say. A window is what is written and never read back.
 */
function readBacks(plan: Plan): Condition[] {
  const quiesce = plan.down.filter((step) => 'part' in step && step.part === 'quiesce');
  const conditions = quiesce.filter((step) => step.kind === 'expect-region' || step.kind === 'poll-region');
  const windows = quiesce.filter(
    (step) =>
      step.kind === 'write-region' &&
      !conditions.some(
        (one) => one.resource === step.resource && one.index === step.index && one.offset === step.offset,
      ),
  );
  return conditions.filter(
    (one) => !windows.some((step) => step.resource === one.resource && 'index' in step && step.index === one.index),
  );
}
