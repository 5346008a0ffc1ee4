import type { Register, RegisterCondition, RegisterModel, ResetAction } from '../../model/index.ts';

/** The registers that a program touches, each once; those of its conditions are not among them. */
export function registersOf(program: readonly ResetAction[]): Register[] {
  const found = new Map<string, Register>();
  for (const action of program) {
    if ('register' in action) found.set(placeOf(action.register), action.register);
  }
  return [...found.values()];
}

const conditionsOf = (program: readonly ResetAction[]): RegisterCondition[] =>
  program.flatMap((action) => ('when' in action && action.when ? [action.when] : []));

const placeOf = ({ region, offset }: Register): string => `${region}:${offset}`;

const allOf = ({ width }: Register): bigint => (1n << BigInt(8 * width)) - 1n;

/** Sets every bit of every register that a program touches, as a device under full load would have it. */
export function setRunning(model: RegisterModel, program: readonly ResetAction[]): void {
  for (const register of registersOf(program)) {
    model.write(register.region, register.offset, register.width, allOf(register));
  }
  // What a step depends on is so: a ring that is not there could not be running.
  for (const { register, mask, equals } of conditionsOf(program)) {
    const others = allOf(register) & ~mask;
    model.write(register.region, register.offset, register.width, others | equals);
  }
}

/** What the registers of a program hold. */
export const valuesOf = (program: readonly ResetAction[], model: RegisterModel): ReadonlyMap<string, bigint> =>
  new Map(
    registersOf(program).map((register) => [
      placeOf(register),
      model.read(register.region, register.offset, register.width),
    ]),
  );

/** The same device, of which no write has any effect any more. */
export const obeysNothing = (model: RegisterModel): RegisterModel => ({
  read: (region, offset, width) => model.read(region, offset, width),
  write: () => {},
  reset: () => {},
});
