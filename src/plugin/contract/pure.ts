import { equal } from './equal.ts';

/** What a pure function has no use for: each makes it give another answer another time, or changes something. */
const IMPURE = [
  'Date',
  'process',
  'performance',
  'fetch',
  'crypto',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
];

/** What came of asking a hook twice. */
export interface PureCall<T> {
  readonly value: T;
  /** How it was not pure, in words. */
  readonly failures: readonly string[];
}

/**
 * Calls something twice, where neither time nor chance nor the process can be had, and compares. What it is given must have
 * been frozen. Throws what it throws.
 */
export function callTwice<T>(run: () => T): PureCall<T> {
  const before = Reflect.ownKeys(globalThis).length;
  const { value, used } = withoutImpurity(run);
  const again = withoutImpurity(run);
  const failures = [...new Set([...used, ...again.used])].map((name) => `it uses ${name}`);
  if (!equal(value, again.value)) failures.push('a second call with the same arguments gives something else');
  if (Reflect.ownKeys(globalThis).length !== before) failures.push('it changes globalThis');
  return { value, failures };
}

function withoutImpurity<T>(run: () => T): { value: T; used: ReadonlySet<string> } {
  const used = new Set<string>();
  const restore = IMPURE.flatMap((name) => {
    const kept = Object.getOwnPropertyDescriptor(globalThis, name);
    if (!kept?.configurable) return [];
    // What is asked for is noted and given all the same: an error here would be taken for one of the plugin's own.
    Object.defineProperty(globalThis, name, {
      configurable: true,
      get: () => {
        used.add(name);
        return kept.get ? (kept.get.call(globalThis) as unknown) : (kept.value as unknown);
      },
    });
    return [() => Object.defineProperty(globalThis, name, kept)];
  });
  const { random } = Math;
  Math.random = () => {
    used.add('Math.random');
    return random();
  };
  try {
    return { value: run(), used };
  } finally {
    Math.random = random;
    for (const each of restore) each();
  }
}
