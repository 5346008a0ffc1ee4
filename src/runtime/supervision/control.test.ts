import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, closeSync, existsSync, mkdtempSync, openSync, readlinkSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { buildSync } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  loadUnixSockets,
  MAX_DESCRIPTORS,
  MAX_SOCKET_PATH,
  type PeerCredentials,
} from '../kernel/linux/unix-socket.ts';
import { StateDirectory } from '../project/state-directory.ts';
import { joinVm, type JoinOutcome } from './control-client.ts';
import { MAX_REQUEST_BYTES, parseAnswer, parseRequest } from './control-protocol.ts';
import { ControlServer, type ServedVm } from './control-server.ts';
import { makeSocketDirectory, socketPath } from './socket-place.ts';

const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;

let folder: string;
let server: ControlServer | undefined;
let joined: [string, PeerCredentials][];
let said: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'control-'));
  chmodSync(folder, 0o711);
  joined = [];
  said = [];
});
afterEach(() => {
  server?.close();
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const path = () => join(folder, 'edge');
const vm = (name: string, more: Partial<ServedVm> = {}): ServedVm => ({
  name,
  uid: null,
  fds: [],
  without: 'none of it',
  ...more,
});

async function serve(...vms: readonly ServedVm[]): Promise<void> {
  server = await ControlServer.listen({
    path: path(),
    sockets: await loadUnixSockets(),
    vms,
    joined: (name, peer) => void joined.push([name, peer]),
    say: (line) => void said.push(line),
  });
}

/** Files of this many descriptors, all of them different. */
function opened(count: number): ServedVm['fds'] {
  return Array.from({ length: count }, (_, index) => ({ name: `file-${index}`, fd: openSync('/dev/null', 'r') }));
}

/** What comes back for raw bytes: the answer, or nothing where the connection just ends. */
function answerTo(bytes: string | Buffer): Promise<unknown> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(path(), () => socket.write(bytes));
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text === '' ? undefined : (JSON.parse(text) as unknown)));
  });
}

/** Joins from a thread of its own: the client waits in the kernel, and the server is in this one. */
async function joinFromThread(name: string): Promise<JoinOutcome> {
  const worker = new Worker(clientScript(), { eval: true, workerData: { path: path(), name } });
  const outcome = await new Promise<JoinOutcome>((resolve, reject) => {
    worker.on('message', resolve);
    worker.on('error', reject);
  });
  await worker.terminate();
  return outcome;
}

/** The client as one script that a thread can run; koffi is found from the working directory. */
function clientScript(): string {
  const { outputFiles } = buildSync({
    stdin: {
      contents: `import { joinVm } from './control-client.ts';
        import { parentPort, workerData } from 'node:worker_threads';
        void joinVm(workerData.path, workerData.name).then((outcome) => parentPort.postMessage(outcome));`,
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['koffi'],
    supported: { 'dynamic-import': false },
    write: false,
    logLevel: 'error',
  });
  return outputFiles[0]?.text ?? '';
}

it.each([0, 1, MAX_DESCRIPTORS, MAX_DESCRIPTORS + 1, 3 * MAX_DESCRIPTORS])(
  'gives all of %i descriptors, in order, with their names, and closes them on exec',
  async (count) => {
    const fds = opened(count);
    await serve(vm('edge', { fds, without: 'there are none' }));
    const outcome = await joinFromThread('edge');
    for (const { fd } of fds) closeSync(fd);
    if (count === 0) {
      expect(outcome).toMatchObject({
        kind: 'refused',
        answer: { reason: 'no-descriptors', message: 'there are none' },
      });
      return;
    }
    if (outcome.kind !== 'joined') throw new Error(JSON.stringify(outcome));
    expect(outcome.names).toEqual(fds.map(({ name }) => name));
    expect(outcome.fds).toHaveLength(count);
    expect(new Set(outcome.fds.map((fd) => readlinkSync(`/proc/self/fd/${fd}`)))).toEqual(new Set(['/dev/null']));
    for (const fd of outcome.fds) closeSync(fd);
    expect(joined).toEqual([['edge', { pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.() }]]);
  },
);

it('names the near VM where one is not known', async () => {
  await serve(vm('router'), vm('storage'));
  const outcome = await joinFromThread('ruoter');
  expect(outcome).toMatchObject({ kind: 'refused', answer: { reason: 'unknown-vm' } });
  expect(outcome.kind === 'refused' && outcome.answer.message).toContain('"router"');
});

it('says who is not there', async () => {
  expect(await joinVm(path(), 'edge')).toEqual({ kind: 'nobody', errno: 'ENOENT' });
  expect(await joinVm(join(folder, 'x'.repeat(200)), 'edge')).toEqual({ kind: 'nobody', errno: 'ENAMETOOLONG' });
});

it.each([
  ['what is no JSON', 'give me all\n'],
  ['what is no object', '[1, 2]\n'],
  ['null', 'null\n'],
  ['another request', '{"request":"open","path":"/etc/shadow"}\n'],
  ['a name that is none', '{"request":"descriptors","vm":["edge"]}\n'],
  ['an empty line', '\n'],
  ['bytes', Buffer.from([0, 255, 254, 10])],
  ['a line without an end', 'x'.repeat(MAX_REQUEST_BYTES + 1)],
])('refuses %s, and goes on serving', async (_, bytes) => {
  const fds = opened(1);
  await serve(vm('edge', { fds }));
  expect(await answerTo(bytes)).toMatchObject({ ok: false, reason: 'bad-request' });
  expect(await answerTo('{"request":"descriptors","vm":"edge"}\n')).toMatchObject({ ok: true, names: ['file-0'] });
  expect(joined).toHaveLength(1);
  for (const { fd } of fds) closeSync(fd);
});

it('a peer that goes away in the middle harms nobody', async () => {
  await serve(vm('edge'));
  await new Promise<void>((resolve) => {
    const socket = connect(path(), () => socket.destroy());
    socket.on('close', () => resolve());
  });
  expect(await answerTo('{"request":"descriptors","vm":"edge"}\n')).toMatchObject({ reason: 'no-descriptors' });
});

it('takes the place of a socket that a killed one left, and leaves none', async () => {
  await serve(vm('edge'));
  await serve(vm('edge'));
  server?.close();
  expect(existsSync(path())).toBe(false);
});

it('refuses a path that a socket has no room for', async () => {
  const sockets = await loadUnixSockets();
  const options = {
    path: join(folder, 'x'.repeat(MAX_SOCKET_PATH)),
    sockets,
    vms: [],
    joined: () => {},
    say: () => {},
  };
  await expect(ControlServer.listen(options)).rejects.toThrow(`${MAX_SOCKET_PATH} bytes`);
});

describe.runIf(isRoot)('another user', () => {
  /** What a user is answered: a process that has become that user asks. */
  const askAs = (uid: number, name: string): Promise<unknown> => {
    const script = `process.setgroups([]); process.setgid(${uid}); process.setuid(${uid});
      const socket = require('node:net').connect(process.argv[1], () => socket.write('{"request":"descriptors","vm":"${name}"}\\n'));
      socket.on('data', (chunk) => process.stdout.write(chunk));
      socket.on('error', (error) => process.stdout.write(JSON.stringify(error.code)));`;
    return new Promise((resolve, reject) => {
      execFile(process.execPath, ['-e', script, path()], (error, stdout) =>
        error ? reject(error) : resolve(JSON.parse(stdout)),
      );
    });
  };

  it('gets the descriptors of the VM whose process runs as that user, and of no other', async () => {
    const fds = opened(1);
    await serve(vm('own', { uid: NOBODY, fds }), vm('other', { uid: 4711, fds }), vm('roots', { fds }));
    expect(await askAs(NOBODY, 'own')).toMatchObject({ ok: true, names: ['file-0'] });
    for (const name of ['other', 'roots']) {
      expect(await askAs(NOBODY, name)).toMatchObject({ ok: false, reason: 'not-allowed' });
    }
    expect(joined.map(([name, { uid }]) => [name, uid])).toEqual([['own', NOBODY]]);
    for (const { fd } of fds) closeSync(fd);
  });

  it('is refused and told so, where no VM is that user’s', async () => {
    await serve(vm('edge', { uid: 4711 }));
    expect(await askAs(NOBODY, 'edge')).toMatchObject({
      ok: false,
      reason: 'not-allowed',
      message: expect.stringContaining(`User ${NOBODY} may not talk to this project`) as string,
    });
  });

  it('can pass through the directory of the sockets, and neither list nor write it', () => {
    const state = new StateDirectory(join(folder, 'state'));
    makeSocketDirectory(state);
    const script = `process.setgroups([]); process.setgid(${NOBODY}); process.setuid(${NOBODY});
      const fs = require('node:fs');
      const answers = [() => fs.statSync(process.argv[1] + '/absent'), () => fs.readdirSync(process.argv[1]), () => fs.writeFileSync(process.argv[1] + '/x', '')];
      process.stdout.write(answers.map((ask) => { try { ask(); return 'yes'; } catch (error) { return error.code; } }).join());`;
    const answers = execFileSync(process.execPath, ['-e', script, join(socketPath(state, 'x'), '..')], {
      encoding: 'utf8',
    });
    expect(answers).toBe('ENOENT,EACCES,EACCES');
  });
});

it('refuses a directory for sockets that others may write', () => {
  const state = new StateDirectory(join(folder, 'state'));
  makeSocketDirectory(state);
  expect(() => makeSocketDirectory(state)).not.toThrow();
  chmodSync(join(folder, 'state-sockets'), 0o777);
  expect(() => makeSocketDirectory(state)).toThrow('nobody else may write');
});

it('reads requests and answers of its own, and nothing else', () => {
  expect(parseRequest('{"request":"descriptors","vm":"a","path":"/x"}')).toEqual({ request: 'descriptors', vm: 'a' });
  expect(parseAnswer('{"ok":true,"vm":"a","names":[]}')).toEqual({ ok: true, vm: 'a', names: [] });
  for (const text of ['', 'null', '{}', '{"ok":true}', '{"ok":false}', '"ok"'])
    expect(parseAnswer(text), text).toBeUndefined();
});
