import { Option } from 'commander';
import { realClock } from '../../runtime/supervision/clock.ts';
import { followFile } from '../../runtime/supervision/follow-file.ts';
import { ExitStatus } from '../exit-status.ts';
import { projectFiles } from '../project-files.ts';
import { Signals } from '../signals.ts';
import type { Verb } from '../verb.ts';

/** What has happened to a project, for programs. */
export const verb: Verb = {
  name: 'events',
  summary: 'show what happened to a project: up, its processes, their restarts, the way back',
  followsByF: true,
  configure: (command) => {
    command
      .addOption(
        new Option('-o, --output <format>', 'text, or json: a document a line')
          .choices(['text', 'json'])
          .default('text'),
      )
      .option('--follow', 'go on until the project is down (-f behind the verb)');
  },
  run: async (invocation) => {
    const { options, terminal } = invocation;
    const files = await projectFiles(invocation, 'events');
    if (typeof files === 'number') return files;
    const signals = new Signals();
    try {
      await followFile({
        path: files.directory.events(),
        clock: realClock,
        follow: options['follow'] === true && files.isUp,
        until: signals.signal,
        line: (text) => terminal.out(`${options['output'] === 'json' ? text : asText(text)}\n`),
      });
    } finally {
      signals.dispose();
    }
    return ExitStatus.done;
  },
};

/** `TIME PROJECT KIND key=value …`. */
function asText(line: string): string {
  const { time, project, kind, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const more = Object.entries(rest).flatMap(([key, value]) =>
    key === 'format_version' || value === null
      ? []
      : [`${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`],
  );
  return [time, project, kind, ...more].join(' ');
}
