import type { Step, StepKind, StepOf } from '../model/index.ts';

/** What a step has besides what every step has. */
type Details<K extends StepKind> = Omit<
  StepOf<K>,
  'kind' | 'id' | 'resource' | 'cause' | 'at' | 'dependsOn' | 'undoes'
>;

/** What a step is about, as the compiler calls it: a device where it names one. */
function resourceOf(details: object): string {
  if ('device' in details) return `device ${(details.device as { address: string }).address}`;
  return 'deviceHandle' in details ? String(details.deviceHandle).replace(':', ' ') : 'everything';
}

/** A step of `up`. */
export function step<K extends StepKind>(kind: K, subject: string, details: Details<K>): Step {
  return {
    kind,
    id: `${kind}:${subject}`,
    resource: resourceOf(details),
    cause: `of ${subject}`,
    dependsOn: [],
    ...details,
  } as unknown as Step;
}

/** A step of the way back of another. */
export function back<K extends StepKind>(undoes: string, kind: K, subject: string, details: Details<K>): Step {
  return { ...step(kind, subject, details), id: `back:${kind}:${subject}`, undoes };
}

/** A step of `recover`. */
export function recovering<K extends StepKind>(undoes: string, kind: K, subject: string, details: Details<K>): Step {
  return { ...step(kind, subject, details), id: `recover:${kind}:${subject}`, undoes };
}
