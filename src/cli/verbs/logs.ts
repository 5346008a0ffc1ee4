import { realClock } from '../../runtime/supervision/clock.ts';
import { followFile } from '../../runtime/supervision/follow-file.ts';
import { type LogLine, parseLogLine } from '../../runtime/supervision/project-log.ts';
import { ExitStatus } from '../exit-status.ts';
import { projectFiles } from '../project-files.ts';
import { Signals } from '../signals.ts';
import type { Verb } from '../verb.ts';

/** What the supervisor of a project and its processes have said. */
export const verb: Verb = {
  name: 'logs',
  summary: 'show what the processes of a project and its supervisor say',
  followsByF: true,
  configure: (command) => {
    command
      .argument('[vm]', 'only the process of this VM')
      .option('--follow', 'go on until the project is down (-f behind the verb)')
      .option('-t, --timestamps', 'with the time of each line');
  },
  run: async (invocation) => {
    const { options, args, terminal, global } = invocation;
    const files = await projectFiles(invocation, 'logs');
    if (typeof files === 'number') return files;
    const [vm] = args;
    if (!files.isUp && !global.quiet) {
      terminal.err(`Project ${files.name} is down; this is what it said in its last run.\n`);
    }
    const signals = new Signals();
    try {
      await followFile({
        path: files.directory.log(),
        clock: realClock,
        follow: options['follow'] === true && files.isUp,
        until: signals.signal,
        line: (text) => {
          const line = parseLogLine(text);
          if (vm === undefined || line.vm === vm) terminal.out(`${textOf(line, options['timestamps'] === true)}\n`);
        },
      });
    } finally {
      signals.dispose();
    }
    return ExitStatus.done;
  },
};

/** `router  | text`, as Docker Compose shows it; the supervisor's lines stand alone. */
function textOf({ time, vm, text }: LogLine, withTime: boolean): string {
  const at = withTime && time !== null ? `${time} ` : '';
  return vm === null ? `${at}${text}` : `${at}${vm}  | ${text}`;
}
