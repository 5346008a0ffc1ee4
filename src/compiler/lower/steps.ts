import { invariant, type Span, type Step, type StepKind, type StepOf } from '../../model/index.ts';

/** What every step has, apart from what its kind adds. */
type Common = 'kind' | 'id' | 'resource' | 'cause' | 'at' | 'dependsOn' | 'undoes';
/** What a kind of step adds to the common part. */
export type Details<K extends StepKind> = Omit<StepOf<K>, Common>;

export interface Reason {
  /** What of the host the step concerns: `device 0000:01:00.0`, `group 4`, `container of vm1`. */
  readonly resource: string;
  readonly cause: string;
  readonly at?: Span | undefined;
  readonly after?: readonly string[];
}

/**
 * Collects the steps of a plan in the order in which they are to run, with the way back beside them. A way-back step
 * names the step that it undoes: when a run stops half-way, exactly those whose step ran are carried out.
 */
export class StepList {
  readonly up: Step[] = [];
  private readonly back: Step[] = [];
  /** What silences devices whose holder is gone, in the order in which it runs. */
  readonly recovery: Step[] = [];
  private readonly ids = new Set<string>();

  /** Adds a step to `up` and returns its id: its kind and `subject`, which must be unlike that of any other step of the kind. */
  add<K extends StepKind>(kind: K, subject: string, reason: Reason, details: Details<K>): string {
    return this.push(this.up, `${kind}:${subject}`, kind, reason, details, undefined);
  }

  /**
   * Adds a step to the way back. The way back runs in the reverse of the order in which its steps are added, so that
   * adding each right after the step that it undoes is enough.
   */
  undo<K extends StepKind>(kind: K, undoes: string, subject: string, reason: Reason, details: Details<K>): string {
    return this.push(this.back, `back:${kind}:${subject}`, kind, reason, details, undoes);
  }

  /** Adds a step that silences a device whose holder is gone; it stands for the step of `up` that gave the device away. */
  recover<K extends StepKind>(kind: K, undoes: string, subject: string, reason: Reason, details: Details<K>): string {
    return this.push(this.recovery, `recover:${kind}:${subject}`, kind, reason, details, undoes);
  }

  /** Whether there is a step with this id. */
  has(id: string): boolean {
    return this.ids.has(id);
  }

  /** The way back, in the order in which it runs, each step depending on those of `undo`'s reasons. */
  get down(): Step[] {
    return [...this.back].reverse();
  }

  private push<K extends StepKind>(
    list: Step[],
    id: string,
    kind: K,
    reason: Reason,
    details: Details<K>,
    undoes: string | undefined,
  ): string {
    invariant(!this.ids.has(id), `two steps with the id ${id}`);
    this.ids.add(id);
    const { resource, cause, at, after = [] } = reason;
    const dependsOn = [...after];
    // Not a spread: V8 gives each object that comes of one a hidden class of its own, and all that read the steps of a
    // plan afterwards run ten times as long.
    const common = at
      ? { kind, id, resource, cause, at: { file: at.file, line: at.start.line }, dependsOn }
      : { kind, id, resource, cause, dependsOn };
    // The compiler cannot see that the two halves of a generic union member make that member.
    const step = Object.assign(common, undoes === undefined ? undefined : { undoes }, details) as unknown as Step;
    list.push(step);
    return id;
  }
}
