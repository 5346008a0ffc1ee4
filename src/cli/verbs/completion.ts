import { Argument } from 'commander';
import { ExitStatus } from '../exit-status.ts';
import { UsageError, type Verb } from '../verb.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

/**
 * The verb `completion`: prints a script that a shell loads to complete our command line. It is handed the table of
 * verbs, which it is part of.
 */
export function completionVerb(verbs: Readonly<Record<string, () => Promise<Verb>>>): Verb {
  return {
    name: 'completion',
    summary: 'a completion script for bash, zsh or fish',
    configure: (command) =>
      void command.addArgument(new Argument('<shell>', 'whose language to speak').choices(SHELLS)),
    run: async ({ args, terminal }) => {
      const shell = SHELLS.find((name) => name === args[0]);
      if (shell === undefined) throw new UsageError(`say one of ${SHELLS.join(', ')}.`);
      const [{ describeCommandLine }, { renderCompletion }] = await Promise.all([
        import('../completion/describe.ts'),
        import('../completion/render.ts'),
      ]);
      terminal.out(renderCompletion(shell, await describeCommandLine('vfio-compose', verbs)));
      return ExitStatus.done;
    },
  };
}
