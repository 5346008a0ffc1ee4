import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { loadUnixSockets } from '../../runtime/kernel/linux/unix-socket.ts';
import { StateDirectory } from '../../runtime/project/state-directory.ts';
import { ControlServer } from '../../runtime/supervision/control-server.ts';
import { makeSocketDirectory, socketPath } from '../../runtime/supervision/socket-place.ts';
import { Workplace } from '../../testing/command.ts';
import { host } from '../../testing/index.ts';

vi.setConfig({ testTimeout: 60_000 });

let place: Workplace;
let server: ControlServer;
let joined: number[];
const names = ['container#edge', 'group-26'];
let files: number[];

/** A supervisor as `exec` sees it: its socket, and descriptors behind it. */
beforeEach(async () => {
  place = new Workplace(host().build(), '');
  joined = [];
  files = names.map((name) => openSync(place.write(`${name}.txt`, `content of ${name}`), 'r'));
  const state = new StateDirectory(place.state);
  makeSocketDirectory(state);
  server = await ControlServer.listen({
    path: socketPath(state, 'edge'),
    sockets: await loadUnixSockets(),
    vms: [
      { name: 'edge', uid: null, fds: names.map((name, index) => ({ name, fd: files[index] ?? -1 })), without: '' },
    ],
    joined: (_, { pid }) => joined.push(pid),
    say: () => {},
  });
});
afterEach(() => {
  server.close();
  for (const fd of files) closeSync(fd);
  place.remove();
});

const exec = (...command: readonly string[]) => place.start('-p', 'edge', 'exec', 'edge', '--', ...command);

it('the command has the descriptors and the process number of exec itself, and the environment of its caller', async () => {
  const running = exec(
    'sh',
    '-c',
    'echo $$ $LISTEN_PID $LISTEN_FDS $LISTEN_FDNAMES $VFIO_COMPOSE_VM; cat <&4; echo; echo $HOME',
  );
  const { status, out } = await running.finished;
  const { pid } = running.child;
  expect(status).toBe(0);
  expect(out).toBe(`${pid} ${pid} 2 ${names.join(':')} edge\ncontent of group-26\n${process.env['HOME'] ?? ''}\n`);
  expect(joined).toEqual([pid]);
});

it('its status is that of the command, and a signal reaches the command', async () => {
  expect(await exec('sh', '-c', 'exit 42').finished).toMatchObject({ status: 42 });
  const running = exec('sh', '-c', 'trap "exit 5" TERM; echo ready >&2; while :; do sleep 0.05; done');
  await running.says('ready');
  running.child.kill('SIGTERM');
  expect(await running.finished).toMatchObject({ status: 5 });
});

it('arguments are the command’s, options among them, and nothing of it goes through a shell', async () => {
  expect(await exec('printf', '%s|', '-f', '$HOME', 'a b').finished).toMatchObject({ out: '-f|$HOME|a b|' });
});

it('a command that is not there is said to before anything is joined', async () => {
  for (const command of ['nobody-has-this', './nobody-has-this', place.directory]) {
    expect(await exec(command).finished, command).toMatchObject({ status: 64, out: '' });
  }
  expect(joined).toEqual([]);
});

it('a file that is no program is said to, with the status of a shell', async () => {
  const file = place.write('broken', '\u0001');
  const { chmodSync } = await import('node:fs');
  chmodSync(file, 0o755);
  expect(await exec(file).finished).toMatchObject({ status: 126, err: `${file} cannot be started: ENOEXEC\n` });
});

it('the command of a project is found in the directory where it is called', async () => {
  const file = place.write('tool', '#!/bin/sh\ncat <&3\n');
  (await import('node:fs')).chmodSync(file, 0o755);
  expect(await exec('./tool').finished).toMatchObject({
    status: 0,
    out: readFileSync(join(place.directory, 'container#edge.txt'), 'utf8'),
  });
});
