import type { Verb } from '../verb.ts';

/** Every verb, in the order of the help. A verb is loaded when it is used. */
export const verbs: Readonly<Record<string, () => Promise<Verb>>> = {
  up: async () => (await import('./up.ts')).verb,
  down: async () => (await import('./down.ts')).verb,
  reset: async () => (await import('./reset.ts')).verb,
  plan: async () => (await import('./plan.ts')).verb,
  validate: async () => (await import('./validate.ts')).verb,
  config: async () => (await import('./config.ts')).verb,
  ps: async () => (await import('./ps.ts')).verb,
  logs: async () => (await import('./logs.ts')).verb,
  events: async () => (await import('./events.ts')).verb,
  exec: async () => (await import('./exec.ts')).verb,
  inspect: async () => (await import('./inspect.ts')).verb,
  capture: async () => (await import('./capture.ts')).verb,
  plugin: async () => (await import('./plugin.ts')).verb,
  schema: async () => (await import('./schema.ts')).verb,
  completion: async () => (await import('./completion.ts')).completionVerb(verbs),
};
