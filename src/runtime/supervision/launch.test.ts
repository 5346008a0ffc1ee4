import { closeSync, mkdtempSync, openSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Process } from '../../model/index.ts';
import { ownCommand } from '../../testing/command.ts';
import { identify } from '../project/process-identity.ts';
import { realClock } from './clock.ts';
import { endProcesses } from './end-process.ts';
import { launch, LaunchFailure, type LaunchOptions } from './launch.ts';

const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'launch-')));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const processOf = (command: readonly string[], more: Partial<Process> = {}): Process => ({
  vm: 'edge',
  command: [...command],
  user: null,
  workingDirectory: '/',
  environment: [],
  fds: [],
  onExit: 'release',
  silence: [],
  reconnect: [],
  ...more,
});

/** Starts a process, and collects what it writes. */
async function start(planned: Process, more: Partial<LaunchOptions> = {}) {
  let text = '';
  const ends: Promise<unknown>[] = [];
  const output = (_: string, source: Readable): void => {
    source.on('data', (chunk: Buffer) => (text += chunk.toString()));
    ends.push(new Promise((resolve) => source.on('close', resolve)));
  };
  const options = {
    project: 'lab',
    process: planned,
    fds: [],
    trampoline: [...ownCommand(), '__exec'],
    output,
    ...more,
  };
  const launched = await launch(options);
  return { launched, said: async () => ({ exit: await launched.exited, text: (await Promise.all(ends), text) }) };
}

const shell = (script: string, more: Partial<Process> = {}) => start(processOf(['/bin/sh', '-c', script], more));

it('a process has the number that LISTEN_PID says', async () => {
  const { launched, said } = await shell('echo $$ $LISTEN_PID');
  const { pid } = launched.leader;
  expect(await said()).toEqual({ exit: { status: 0, signal: null }, text: `${pid} ${pid}\n` });
});

it('its environment is what the plan says beside our own variables, and nothing of the environment of its starter', async () => {
  const { said } = await start(processOf(['/usr/bin/env'], { environment: [{ name: 'LEVEL', value: 'a=b "c"' }] }));
  const variables = (await said()).text.trimEnd().split('\n');
  const names = variables.map((one) => one.slice(0, one.indexOf('=')));
  expect(variables).toContain('LEVEL=a=b "c"');
  expect(variables).toContain('VFIO_COMPOSE_PROJECT=lab');
  expect(variables).toContain('VFIO_COMPOSE_VM=edge');
  expect(names.sort()).toEqual(
    ['LEVEL', 'LISTEN_FDNAMES', 'LISTEN_FDS', 'LISTEN_PID', 'PATH', 'VFIO_COMPOSE_PROJECT', 'VFIO_COMPOSE_VM'].sort(),
  );
});

it('it gets its descriptors from 3 on, in the order of their names, and no other', async () => {
  const files = ['a', 'b', 'c'].map((name) => {
    writeFileSync(join(folder, name), `content of ${name}`);
    return openSync(join(folder, name), 'r');
  });
  const names = ['container#edge', 'group-26', 'device-x'];
  const planned = processOf(['/bin/sh', '-c', 'echo $LISTEN_FDS $LISTEN_FDNAMES; cat <&5; echo; ls /proc/self/fd'], {
    fds: names.map((name) => ({ handle: 'container#edge', name })),
  });
  const [a = 0, b = 0, c = 0] = files;
  const { said } = await start(planned, { fds: [c, a, b] });
  for (const fd of files) closeSync(fd);
  // ls opens the directory itself, at the next number.
  expect((await said()).text).toBe(`3 ${names.join(':')}\ncontent of b\n${[0, 1, 2, 3, 4, 5, 6].join('\n')}\n`);
});

it('signals are as a program expects them, and it leads a session of its own', async () => {
  const { launched, said } = await shell('grep -E "^Sig(Blk|Ign)" /proc/self/status; cut -d" " -f6 /proc/$$/stat');
  const zeros = '0'.repeat(16);
  expect((await said()).text).toBe(`SigBlk:\t${zeros}\nSigIgn:\t${zeros}\n${launched.leader.pid}\n`);
});

it('it ends with the status or the signal that it ends with', async () => {
  expect((await (await shell('exit 3')).said()).exit).toEqual({ status: 3, signal: null });
  expect((await (await shell('kill -9 $$')).said()).exit).toEqual({ status: null, signal: 'SIGKILL' });
});

it('it is started where its plan says', async () => {
  expect((await (await shell('pwd', { workingDirectory: folder })).said()).text).toBe(`${folder}\n`);
});

it.each([
  ['a program that is not there', { command: ['/nobody/has/this'] }, 'ENOENT'],
  ['a program that may not be run', { command: ['/etc/passwd'] }, 'EACCES'],
  ['a directory that is not there', { command: ['/bin/true'], workingDirectory: '/nobody/has/this' }, 'ENOENT'],
])('says why it cannot be started: %s', async (_, what, why) => {
  const failure = await start(processOf([], what)).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(LaunchFailure);
  expect((failure as Error).message).toContain(`${what.command[0]} cannot be started`);
  expect((failure as Error).message).toContain(why);
});

describe.runIf(isRoot)('as root', () => {
  it('runs as its user, with that user’s groups and no others, and cannot come back', async () => {
    const user = { name: 'nobody', uid: NOBODY, gid: NOBODY };
    const { said } = await shell('id -u; id -g; id -G; grep -E "^(Uid|Gid|CapEff)" /proc/self/status', { user });
    const ids = [NOBODY, NOBODY, NOBODY, NOBODY].join('\t');
    expect((await said()).text).toBe(
      `${NOBODY}\n${NOBODY}\n${NOBODY}\nUid:\t${ids}\nGid:\t${ids}\nCapEff:\t${'0'.repeat(16)}\n`,
    );
  });

  it('a user by number has its group alone', async () => {
    const { said } = await shell('id -u; id -G', { user: { name: null, uid: 4711, gid: 4712 } });
    expect((await said()).text).toBe('4711\n4712\n');
  });

  it('a user that may not enter the directory cannot be started there', async () => {
    const { said } = await shell('true', { user: null, workingDirectory: folder });
    await said();
    const planned = processOf(['/bin/true'], { user: { name: null, uid: 4711, gid: 4712 }, workingDirectory: folder });
    await expect(start(planned)).rejects.toThrow(`entering ${folder}: EACCES`);
  });
});

it('a whole session is ended: children of other process groups too, and those that do not care for SIGTERM', async () => {
  const pids = join(folder, 'pids');
  const stubborn = `trap '' TERM; echo $$ >> ${pids}; while :; do sleep 0.05; done`;
  const { launched } = await shell(`set -m; sh -c "${stubborn.replaceAll('$', '\\$')}" & echo $$ >> ${pids}; wait`);
  await until(() => lines(pids).length === 2);
  // Time passes a hundred times as fast.
  const clock = { now: realClock.now, sleep: (milliseconds: number) => realClock.sleep(milliseconds / 100) };
  expect(await endProcesses([{ kind: 'session', leader: launched.leader }], clock)).toEqual([]);
  await launched.exited;
  for (const pid of lines(pids)) expect(identify(Number(pid))).toBe(undefined);
});

it('a session is ended whose leader has ended already; and none is of a number that is another’s by now', async () => {
  const pids = join(folder, 'pids');
  const { launched } = await shell(`sleep 100 & echo $! > ${pids}; exit 0`);
  await launched.exited;
  const [child = ''] = lines(pids);
  const { pid } = launched.leader;
  expect(identify(Number(child))).toBeDefined();
  const self = { pid: process.pid, startTime: '1' };
  expect(
    await endProcesses(
      [
        { kind: 'session', leader: self },
        { kind: 'process', process: self },
      ],
      realClock,
    ),
  ).toEqual([]);
  expect(await endProcesses([{ kind: 'session', leader: { pid, startTime: '1' } }], realClock)).toEqual([]);
  expect(identify(Number(child))).toBe(undefined);
});

function lines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n');
  } catch {
    return [];
  }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await realClock.sleep(10);
}
