import type { Verb } from '../verb.ts';

/** Every verb, in the order of the help. A verb is loaded when it is used. */
export const verbs: Readonly<Record<string, () => Promise<Verb>>> = {};
