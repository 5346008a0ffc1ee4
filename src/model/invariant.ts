/** Our own mistake, as opposed to the user's (a diagnostic) and the kernel's (an errno). */
export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation';
}

/** States something that holds unless vfio-compose itself has a bug. Throws {@link InvariantViolation} otherwise. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantViolation(message);
}

/** For the `default` of an exhaustive switch: does not compile while a variant is unhandled. */
export function unreachable(value: never): never {
  throw new InvariantViolation(`unhandled variant ${JSON.stringify(value)}`);
}
