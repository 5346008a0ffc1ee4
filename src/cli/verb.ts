import type { Command } from 'commander';

/** What a verb may use of the process it runs in. Tests hand in their own. */
export interface Terminal {
  /** Results. */
  out(text: string): void;
  /** Progress and diagnostics. */
  err(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Whether stdin and stderr are a terminal, so that a question would reach a person. */
  readonly interactive: boolean;
  /** Whether what goes to this stream may be coloured (NO_COLOR, TERM=dumb, --ansi and being a terminal decide). */
  colour(stream: 'out' | 'err'): boolean;
  /** Asks a yes-or-no question on stderr. */
  confirm(question: string): Promise<boolean>;
  /** Asks a question on stderr; the answer without the space around it. */
  ask(question: string): Promise<string>;
  /** Reads stdin, for `-f -`: whole, or where it has more than `limit` bytes, at least one byte more. */
  readStdin(limit: number): Promise<Buffer>;
}

/** Options that every verb takes. */
export interface GlobalOptions {
  /** `-f`: manifests, later ones override earlier ones; `-` is stdin. */
  readonly file: readonly string[];
  /** `--host`: a snapshot in the place of the live machine. */
  readonly host?: string;
  /** `--dtb` and `--dtbo`: a device-tree blob with overlays in the place of any machine. Never together with `host`. */
  readonly tree?: { readonly dtb: string; readonly dtbo: readonly string[] };
  /** `-p`: the project's name. */
  readonly projectName?: string;
  readonly projectDirectory?: string;
  /** Files of NAME=value lines for interpolation; the environment beats them. */
  readonly envFile: readonly string[];
  readonly stateDir?: string;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/** One word of the command line. A verb's file is loaded only when it runs, or for help. */
export interface Verb {
  readonly name: string;
  readonly summary: string;
  /** Behind the verb `-f` is `--follow`, as in Docker Compose; before it, and elsewhere, it names a manifest. */
  readonly followsByF?: true;
  /** Declares arguments and options beyond the global ones. */
  configure(command: Command): void;
  /** Does the work; the result is the exit status. Throws {@link UsageError} for what only the verb can see is wrong. */
  run(invocation: Invocation): Promise<number>;
}

export interface Invocation {
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly global: GlobalOptions;
  readonly terminal: Terminal;
}

/** The command line is wrong: status 64. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
