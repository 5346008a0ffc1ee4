import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { invariant, type Process } from '../../model/index.ts';
import type { Fd } from '../kernel/port.ts';
import { identify, type ProcessIdentity } from '../project/process-identity.ts';
import type { Exit } from './process-record.ts';

/** A process could not be started. The message says what failed. */
export class LaunchFailure extends Error {
  override readonly name = 'LaunchFailure';
}

/** A process that was started, and that has become its program. */
export interface Launched {
  readonly leader: ProcessIdentity;
  readonly exited: Promise<Exit>;
}

/** What the trampoline is told, in one line of JSON. */
export interface TrampolineOrder {
  readonly process: Pick<Process, 'command' | 'user' | 'workingDirectory'>;
  readonly environment: readonly { readonly name: string; readonly value: string }[];
  readonly names: readonly string[];
}

export interface LaunchOptions {
  readonly project: string;
  readonly process: Process;
  readonly fds: readonly Fd[];
  /** How this program is started again as the trampoline: node's arguments and the script. */
  readonly trampoline: readonly string[];
  /** Takes the output, by stream; left out, it goes where that of this process goes. */
  readonly output?: ((stream: 'stdout' | 'stderr', source: Readable) => void) | undefined;
}

/** Where the trampoline is told what to do and says what failed. The descriptors of the program follow it. */
export const CHANNEL_FD = 3;

/** What of the environment every process has, besides what its manifest says. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Starts a process through the trampoline: a process of our own that becomes the program (execve(2)), since only the
 * process itself knows the number that LISTEN_PID has to be. It leads a session of its own, so that all that is left of
 * it can be found. Throws {@link LaunchFailure}.
 */
export async function launch(options: LaunchOptions): Promise<Launched> {
  const { process: planned, fds, trampoline, output } = options;
  const stream = output ? 'pipe' : 'inherit';
  const child = spawn(process.execPath, [...trampoline], {
    detached: true,
    cwd: '/',
    env: { PATH },
    stdio: ['ignore', stream, stream, 'pipe', ...fds],
  });
  const exited = new Promise<Exit>((resolve) => child.on('exit', (status, signal) => resolve({ status, signal })));
  const failed = new Promise<never>((_, reject) =>
    child.on('error', (error) => reject(new LaunchFailure(`the process cannot be started: ${error.message}`))),
  );
  // Looked at only while it starts; afterwards an error of the process has nobody to go to.
  failed.catch(() => {});
  const channel = child.stdio[CHANNEL_FD];
  invariant(channel !== null && channel !== undefined && 'write' in channel, 'the channel of the trampoline is a pipe');
  if (output) {
    if (child.stdout) output('stdout', child.stdout);
    if (child.stderr) output('stderr', child.stderr);
  }
  channel.write(`${JSON.stringify(orderOf(options))}\n`);
  const complaint = await Promise.race([failed, textOf(channel as unknown as Readable)]);
  if (complaint !== '') {
    await exited;
    throw new LaunchFailure(complaint);
  }
  const pid = child.pid ?? 0;
  // One that has ended already is known by its number alone; nobody else can have it before it is waited for.
  return { leader: identify(pid) ?? { pid, startTime: null }, exited };

  function orderOf({ project }: LaunchOptions): TrampolineOrder {
    return {
      process: { command: planned.command, user: planned.user, workingDirectory: planned.workingDirectory },
      environment: environmentOf(project, planned),
      names: fds.length === 0 ? [] : planned.fds.map(({ name }) => name),
    };
  }
}

/** Later ones win: a manifest may set a PATH of its own. */
function environmentOf(project: string, { vm, environment }: Process): TrampolineOrder['environment'] {
  const all = new Map([
    ['PATH', PATH],
    ...environment.map(({ name, value }) => [name, value] as const),
    ['VFIO_COMPOSE_PROJECT', project],
    ['VFIO_COMPOSE_VM', vm],
  ] as const);
  return [...all].map(([name, value]) => ({ name, value }));
}

/** All that comes until the other end closes: as it becomes its program, without a word, or after its complaint. */
function textOf(channel: Readable): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    channel.setEncoding('utf8');
    channel.on('data', (chunk: string) => (text += chunk));
    channel.on('close', () => resolve(text));
    channel.on('error', () => resolve(text));
  });
}
