/** What the harness has to know of a scenario before it boots a guest for it. */
export interface ScenarioFacts {
  readonly name: string;
  /** Uses the installed command; the others talk to the kernel themselves. */
  readonly needsCommand: boolean;
  /** Runs only when asked for by name: it measures, or needs a machine of its own. */
  readonly onRequest: boolean;
}

/** Every scenario, in the order in which a guest runs them. */
export const SCENARIOS: readonly ScenarioFacts[] = [
  { name: 'raw-smoke', needsCommand: false, onRequest: false },
  { name: 'raw-testpmd', needsCommand: false, onRequest: false },
  { name: 'lockstep', needsCommand: false, onRequest: false },
  { name: 'up-and-down', needsCommand: true, onRequest: false },
  { name: 'kernel-errors', needsCommand: true, onRequest: false },
  { name: 'handoff-bind-testpmd', needsCommand: true, onRequest: false },
  { name: 'plan-equals-capture', needsCommand: true, onRequest: false },
  { name: 'everything-held', needsCommand: true, onRequest: false },
  { name: 'foreground', needsCommand: true, onRequest: false },
  { name: 'without-root', needsCommand: true, onRequest: false },
  { name: 'inspect-agrees', needsCommand: true, onRequest: false },
  { name: 'saved-plan', needsCommand: true, onRequest: false },
  { name: 'load-modules', needsCommand: true, onRequest: false },
  { name: 'map-bench', needsCommand: false, onRequest: true },
  { name: 'example', needsCommand: true, onRequest: true },
];
