import { persistenceOf, type Step, type StepKind } from '../../model/index.ts';
import { describeStep } from '../step.ts';
import { CONTAINER_ARGUMENTS } from './container-steps.ts';
import { DEVICE_ARGUMENTS } from './device-steps.ts';
import { cComment, cString } from './escape.ts';
import { HOST_ARGUMENTS } from './host-steps.ts';
import type { ArgumentsOf, HandleOf } from './write.ts';

/** Exhaustive: a kind without a row does not compile. */
const ARGUMENTS: { readonly [K in StepKind]: ArgumentsOf<K> } = {
  ...HOST_ARGUMENTS,
  ...CONTAINER_ARGUMENTS,
  ...DEVICE_ARGUMENTS,
};

/** What a step is written with. */
export interface StepContext {
  readonly of: HandleOf;
  /** Where a step of `up` stands, by its id. */
  readonly places: ReadonlyMap<string, number>;
}

/** The constant of `enum step_kind` (templates/c/step.c). */
export const kindConstant = (kind: StepKind): string => `STEP_${kind.toUpperCase().replaceAll('-', '_')}`;

/** A step as an initializer of `struct step`, below a comment that says why it is there. */
export function cStep(step: Step, { of, places }: StepContext): string {
  const place = step.undoes === undefined ? undefined : places.get(step.undoes);
  const at = step.at ? ` (${step.at.file}:${step.at.line})` : '';
  const back = step.undoes === undefined ? '' : `; runs where ${step.undoes} ran`;
  // The table says which function takes which kind; the compiler cannot follow that through a computed key.
  const written = (ARGUMENTS[step.kind] as ArgumentsOf<StepKind>)(step, of);
  return [
    `    /* ${cComment(`${step.cause}${at}${back}`)} */`,
    `    { ${cString(step.id)},`,
    `      ${cString(step.resource)}, ${cString(describeStep(step))},`,
    `      ${kindConstant(step.kind)}, ${persistenceOf(step.kind) === 'durable'}, ${place ?? 'NOTHING'}, .${written} },`,
  ].join('\n');
}
