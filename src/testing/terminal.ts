import type { Terminal } from '../cli/verb.ts';

/** A terminal that keeps what is written to it. */
export interface RecordingTerminal extends Terminal {
  readonly output: { out: string; err: string };
}

/** A terminal for tests of verbs: nobody sits at it, and a question that is asked all the same fails the test. */
export function recordingTerminal(
  options: Partial<Pick<Terminal, 'env' | 'cwd' | 'interactive' | 'confirm' | 'ask' | 'readStdin'>> = {},
): RecordingTerminal {
  const output = { out: '', err: '' };
  return {
    output,
    out: (text) => void (output.out += text),
    err: (text) => void (output.err += text),
    env: {},
    cwd: '/',
    interactive: false,
    colour: () => false,
    confirm: () => Promise.reject(new Error('a test was asked a question')),
    ask: () => Promise.reject(new Error('a test was asked a question')),
    readStdin: () => Promise.reject(new Error('a test has no stdin')),
    ...options,
  };
}
