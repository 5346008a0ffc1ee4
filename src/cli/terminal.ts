import type { Terminal } from './verb.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Whether to colour a stream: `--ansi always` and `never` decide; else a non-empty NO_COLOR or TERM=dumb forbids it,
 * FORCE_COLOR or CLICOLOR_FORCE asks for it, and a terminal gets it.
 */
export function wantsColour(ansi: string, env: Environment, isTerminal: boolean): boolean {
  if (ansi === 'always') return true;
  if (ansi === 'never' || env['NO_COLOR'] || env['TERM'] === 'dumb') return false;
  const forced = env['FORCE_COLOR'] ?? env['CLICOLOR_FORCE'];
  return forced ? forced !== '0' : isTerminal;
}

/** The process's own terminal. */
export function processTerminal(ansi: string): Terminal {
  const { stdout, stderr, env } = process;
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    env,
    cwd: process.cwd(),
    // Node makes a stream of stdin when it is first looked at, which takes longer than reading a manifest.
    get interactive() {
      return Boolean(process.stdin.isTTY && stderr.isTTY);
    },
    colour: (stream) => wantsColour(ansi, env, Boolean(stream === 'out' ? stdout.isTTY : stderr.isTTY)),
    confirm: async (question) => /^y(es)?$/i.test(await ask(`${question} [y/N] `)),
    ask,
    readStdin: async (limit) => {
      const chunks: Buffer[] = [];
      let length = 0;
      for await (const chunk of process.stdin) {
        chunks.push(chunk as Buffer);
        length += (chunk as Buffer).length;
        if (length > limit) break;
      }
      return Buffer.concat(chunks);
    },
  };
}

async function ask(question: string): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await reader.question(question)).trim();
  } finally {
    reader.close();
  }
}
