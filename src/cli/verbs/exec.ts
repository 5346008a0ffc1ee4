import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';
import type { Become } from '../../runtime/kernel/linux/become.ts';
import type { RefusalReason } from '../../runtime/supervision/control-protocol.ts';
import { ExitStatus } from '../exit-status.ts';
import { projectName } from '../project-name.ts';
import { stateDirectoryOf } from '../state-of.ts';
import { type Invocation, UsageError, type Verb } from '../verb.ts';

/** Becomes a command that has the descriptors of a VM: its status, its terminal and its signals are the command's own. */
export const verb: Verb = {
  name: 'exec',
  summary: 'run a command with the descriptors of a VM of a running project',
  configure: (command) => {
    command
      .argument('<vm>', 'the VM')
      .argument('<command...>', 'the command and its arguments, behind --')
      .addHelpText(
        'after',
        '\nThe command gets the descriptors by LISTEN_FDS, LISTEN_FDNAMES and LISTEN_PID (sd_listen_fds(3)).',
      );
  },
  run: async (invocation) => {
    const [vm = '', name = '', ...rest] = invocation.args;
    const file = programFile(name, invocation);
    // Its arguments name a VM and a command, not a manifest.
    const project = await projectName({ ...invocation, args: [] });
    if (typeof project === 'number') return project;
    const state = stateDirectoryOf(invocation);
    const [{ joinVm }, { socketPath }] = await Promise.all([
      import('../../runtime/supervision/control-client.ts'),
      import('../../runtime/supervision/socket-place.ts'),
    ]);
    const outcome = await joinVm(socketPath(state, project.name), vm);
    switch (outcome.kind) {
      case 'nobody':
        return whyNobody(invocation, project.name, outcome.errno);
      case 'refused':
        invocation.terminal.err(`vfio-compose exec: ${outcome.answer.message}\n`);
        return STATUS[outcome.answer.reason] ?? ExitStatus.failedAndRolledBack;
      case 'joined': {
        const { loadBecome } = await import('../../runtime/kernel/linux/become.ts');
        const { listenVariables } = await import('../../runtime/supervision/listen-variables.ts');
        const become: Become = await loadBecome();
        const own = listenVariables(outcome.names);
        return become({
          file,
          argv: [name, ...rest],
          environment: [
            ...inherited(invocation),
            ...own,
            { name: 'VFIO_COMPOSE_PROJECT', value: project.name },
            { name: 'VFIO_COMPOSE_VM', value: vm },
          ],
          fds: outcome.fds,
          complaints: 2,
        });
      }
    }
  },
};

const STATUS: Readonly<Partial<Record<RefusalReason, number>>> = {
  'not-allowed': ExitStatus.privilege,
  'unknown-vm': ExitStatus.usage,
};

/** Variables that would be there twice. */
const OWN = /^(LISTEN_(PID|FDS|FDNAMES)|VFIO_COMPOSE_(PROJECT|VM))$/;

const inherited = ({ terminal }: Invocation) =>
  Object.entries(terminal.env).flatMap(([name, value]) =>
    value === undefined || OWN.test(name) ? [] : [{ name, value }],
  );

/** The file of a command, looked up in PATH as a shell does. Throws {@link UsageError} where there is none. */
function programFile(name: string, { terminal }: Invocation): string {
  const places = name.includes('/') ? [''] : (terminal.env['PATH'] ?? '').split(delimiter);
  for (const place of places) {
    const file = resolve(terminal.cwd, place, name);
    try {
      accessSync(file, constants.X_OK);
      if (statSync(file).isFile()) return file;
    } catch {
      // Not here; the next place may have it.
    }
  }
  throw new UsageError(`there is no command "${name}" that may be run`);
}

/** Says why nobody answered, as far as this user may know. */
async function whyNobody(invocation: Invocation, project: string, errno: string): Promise<number> {
  const { terminal } = invocation;
  const state = stateDirectoryOf(invocation);
  const fail = (why: string, status: number = ExitStatus.failedAndRolledBack): number => {
    terminal.err(`vfio-compose exec: ${why}\n`);
    return status;
  };
  if (state.isHidden()) {
    return fail(
      `nobody holds descriptors of project ${project} for this user (${errno}): it is not up, or only bound.`,
    );
  }
  const { readRecord } = await import('../../runtime/project/record.ts');
  const record = readRecord(state.project(project));
  if (!record) return fail(`project ${project} is not up.`);
  const { statusOfRecord } = await import('../../runtime/project/running.ts');
  const status = statusOfRecord(record);
  if (status === 'bound') return fail(`project ${project} is only bound: nobody holds descriptors of its devices.`);
  if (status === 'running')
    return fail(`pid ${record.owner?.pid} holds project ${project} and does not answer (${errno}).`);
  return fail(`project ${project} is ${status}; "vfio-compose down" brings the host back.`);
}
