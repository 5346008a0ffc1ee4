import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ProjectEvent } from '../runtime/supervision/events.ts';
import type { ProcessesOnDisk } from '../runtime/supervision/process-record.ts';
import { identify } from '../runtime/project/process-identity.ts';
import { host } from '../testing/index.ts';
import { Workplace } from '../testing/command.ts';
import { DatagramSocket } from '../testing/datagram-socket.ts';

vi.setConfig({ testTimeout: 60_000 });

const ADDRESS = '0000:31:00.0';
const inventory = host().intelIommu().nic(ADDRESS, { group: 26 }).build();
const manifest = (script: string, more = ''): string => `version: 1
name: edge
memory: [{ iova: 0x40000000, size: 4MiB }]
devices:
  wan: { pci: '${ADDRESS}', irqs: [{ index: msix, count: 1 }] }
run:
  command: [/bin/sh, -c, '${script}']
${more}`;

let place: Workplace;
beforeEach(() => {
  place = new Workplace(inventory, manifest('echo ready; exec sleep 1000'));
});
afterEach(async () => {
  await place.run('down', '-p', 'edge');
  place.remove();
});

const manifestIs = (script: string, more?: string) => place.write('vfio-compose.yaml', manifest(script, more));
const directory = () => join(place.state, 'edge');
const onDisk = () => JSON.parse(readFileSync(join(directory(), 'processes.json'), 'utf8')) as ProcessesOnDisk;
const processOf = () => onDisk().processes[0];
const pidOf = () => processOf()?.leader?.pid ?? 0;
const isThere = (pid: number) => identify(pid) !== undefined;

/** The pid of who holds the project. */
const ownerOf = () => {
  const record = JSON.parse(readFileSync(join(directory(), 'state.json'), 'utf8')) as { owner: { pid: number } };
  return record.owner.pid;
};

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function kinds(): Promise<string[]> {
  const { out } = await place.run('events', '-o', 'json', '-p', 'edge');
  return out
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as ProjectEvent).kind);
}

it('R-BACK-1: up starts the process, ps shows it, and down ends it before the host comes back', async () => {
  expect(await place.run('up', '-d', '--yes')).toMatchObject({ status: 0 });
  const pid = pidOf();
  const ps = await place.run('ps', '-o', 'json');
  expect(JSON.parse(ps.out)).toMatchObject({
    projects: [
      { name: 'edge', status: 'running', processes: [{ vm: 'edge', state: 'running', pid, restarts: 0, exit: null }] },
    ],
  });
  expect((await place.run('ps')).out).toMatch(/^PROJECT +VM +PROCESS +PID +RESTARTS +COMMAND$/m);
  expect(await place.run('down')).toMatchObject({ status: 0 });
  expect(isThere(pid)).toBe(false);
  expect(existsSync(directory())).toBe(false);
  expect(existsSync(join(`${place.state}-sockets`, 'edge'))).toBe(false);
});

it('R-RESET-1: onExit: restart silences the devices and starts the process again', async () => {
  manifestIs('exec sleep 1000', 'onExit: restart\n');
  await place.run('up', '-d', '--yes');
  const first = pidOf();
  process.kill(first, 'SIGKILL');
  await until(() => processOf()?.state === 'running' && pidOf() !== first);
  expect(processOf()).toMatchObject({ restarts: 1, exit: { status: null, signal: 'SIGKILL' } });
  expect(await kinds()).toEqual([
    'starting',
    'up',
    'process-started',
    'process-exited',
    'silenced',
    'restarting',
    'process-started',
  ]);
});

it('onExit: hold keeps the project up, and ps says how the process ended', async () => {
  manifestIs('exit 3', 'onExit: hold\n');
  await place.run('up', '-d', '--yes');
  await until(() => processOf()?.state === 'exited');
  const { out } = await place.run('ps');
  expect(out).toContain('exited (status 3)');
  expect(out).toMatch(/^edge +running/m);
});

it('onExit: release takes the project down; what it said can be read until the next up', async () => {
  manifestIs('echo last words; exit 3');
  await place.run('up', '-d', '--yes');
  await until(() => !existsSync(directory()));
  const logs = await place.run('logs', '-t', '-p', 'edge');
  expect(logs.out).toMatch(/^\d{4}-\S+ edge  \| last words$/m);
  expect(logs.out).toContain('ended: status 3');
  expect(logs.err).toContain('in its last run');
  expect((await kinds()).slice(-4)).toEqual(['process-exited', 'silenced', 'going-back', 'down']);
  manifestIs('exec sleep 1000');
  await place.run('up', '-d', '--yes');
  expect((await place.run('logs', '-p', 'edge')).out).not.toContain('last words');
});

it.each(['down', 'up'])('R-BACK-2: the process of a killed supervisor is ended by the next %s', async (verb) => {
  await place.run('up', '-d', '--yes');
  const [pid, owner] = [pidOf(), ownerOf()];
  process.kill(owner, 'SIGKILL');
  await until(() => !isThere(owner));
  expect(isThere(pid)).toBe(true);
  expect((await place.run('ps')).out).toMatch(/^edge +crashed/m);
  expect(await place.run(verb, ...(verb === 'up' ? ['-d', '--yes'] : []))).toMatchObject({ status: 0 });
  expect(isThere(pid)).toBe(false);
  if (verb === 'up') expect(isThere(pidOf())).toBe(true);
});

it('R-BACK-2: after a crash events and logs tell of the recovery, and of the run before it', async () => {
  manifestIs('echo before the crash; exec sleep 1000');
  await place.run('up', '-d', '--yes');
  const owner = ownerOf();
  process.kill(owner, 'SIGKILL');
  await until(() => !isThere(owner));
  expect((await kinds()).slice(-1)).toEqual(['process-started']);
  expect(await place.run('down')).toMatchObject({ status: 0 });
  expect((await kinds()).slice(-3)).toEqual(['process-started', 'recovering', 'down']);
  const logs = await place.run('logs', '-p', 'edge');
  expect(logs.out).toContain('before the crash');
  expect(logs.out).toMatch(/ok +.*driver_override/);
});

it('up in the foreground ends with the status of its process, after the way back', async () => {
  manifestIs('echo to stdout; exit 7');
  const up = await place.run('up', '--yes');
  expect(up).toMatchObject({ status: 7, out: 'to stdout\n' });
  expect(up.err).toContain('the host is as it was');
  expect((await place.run('logs', 'edge', '-p', 'edge')).out).toBe('edge  | to stdout\n');
  manifestIs('kill -9 $$$$');
  expect(await place.run('up', '--yes')).toMatchObject({ status: 137 });
});

it('what a process of up in the foreground says is shown there and can be read elsewhere meanwhile', async () => {
  manifestIs('echo to stdout; echo to stderr >&2; exec sleep 1000');
  const up = place.start('up', '--yes');
  await up.says('Ctrl-C takes it back');
  const log = () => readFileSync(join(directory(), 'log'), 'utf8');
  await until(() => log().includes(' edge to stdout\n') && log().includes(' edge to stderr\n'));
  const { out } = await place.run('logs', '-p', 'edge');
  expect(out).toContain('edge  | to stderr\n');
  expect(out).toContain('Ctrl-C takes it back.');
  up.child.kill('SIGTERM');
  expect(await up.finished).toMatchObject({ status: 143, out: 'to stdout\n' });
});

it('R-BACK-1: SIGTERM of up in the foreground ends the process, and its status is that of the signal', async () => {
  const up = place.start('up', '--yes');
  await up.says('Ctrl-C takes it back');
  const pid = pidOf();
  up.child.kill('SIGTERM');
  expect(await up.finished).toMatchObject({ status: 143 });
  expect(isThere(pid)).toBe(false);
  expect(existsSync(directory())).toBe(false);
});

it.each([
  ['in the foreground', []],
  ['with a supervisor', ['-d']],
])('R-BIND-3: a process that cannot be started fails up, and the host comes back: %s', async (_, options) => {
  place.write('vfio-compose.yaml', manifest('x').replace('/bin/sh', '/nobody/has/this'));
  const up = await place.run('up', '--yes', ...options);
  expect(up.status).toBe(1);
  expect(up.err).toContain('/nobody/has/this cannot be started: ENOENT');
  expect(existsSync(directory())).toBe(false);
});

it('R-RESET-1: with handoff: bind a supervisor waits for the process too, and the project goes down after it', async () => {
  manifestIs('exec sleep 1000', 'handoff: bind\n');
  place.write(
    'vfio-compose.yaml',
    readFileSync(join(place.directory, 'vfio-compose.yaml'), 'utf8').replace(/, irqs: \[.*?\}\]/, ''),
  );
  expect(await place.run('up', '-d', '--yes')).toMatchObject({ status: 0 });
  expect((await place.run('ps')).out).toMatch(/^edge +running/m);
  const exec = await place.run('exec', 'edge', '--', 'true');
  expect(exec).toMatchObject({ status: 1 });
  process.kill(pidOf(), 'SIGKILL');
  await until(() => !existsSync(directory()));
  expect((await place.run('logs', '-p', 'edge')).out).toContain('ended: SIGKILL');
});

it('logs -f goes on until the project is down', async () => {
  manifestIs('echo one; sleep 1; echo two; exec sleep 1000');
  await place.run('up', '-d', '--yes');
  const logs = place.start('-p', 'edge', 'logs', '-f', 'edge');
  await until(() => readFileSync(join(directory(), 'log'), 'utf8').includes('two'));
  await place.run('down');
  expect(await logs.finished).toMatchObject({ status: 0, out: 'edge  | one\nedge  | two\n' });
});

it('exec says why there is nothing to join', async () => {
  const exec = (vm = 'edge') => place.run('-p', 'edge', 'exec', vm, '--', 'true');
  expect(await exec()).toMatchObject({ status: 1, err: 'vfio-compose exec: project edge is not up.\n' });
  await place.run('up', '-d', '--yes');
  expect((await exec()).err).toContain('simulated');
  expect(await exec('egde')).toMatchObject({ status: 64, err: expect.stringContaining('"edge"') as string });
  const owner = ownerOf();
  process.kill(owner, 'SIGKILL');
  await until(() => !isThere(owner));
  expect((await exec()).err).toContain('project edge is crashed');
});

it('logs and events of a project that is not up, and never was, are a failure', async () => {
  for (const verb of ['logs', 'events']) {
    expect(await place.run(verb, '-p', 'edge')).toMatchObject({
      status: 1,
      out: '',
      err: expect.stringContaining('is not up') as string,
    });
  }
});

it('tells a service manager when it is up, and when it goes back', async () => {
  const path = join(place.directory, 'notify');
  const manager = await DatagramSocket.bind(path);
  process.env['NOTIFY_SOCKET'] = path;
  const up = place.start('up', '--yes');
  delete process.env['NOTIFY_SOCKET'];
  await up.says('Ctrl-C takes it back');
  const told: string[] = [];
  await until(() => told.push(...manager.received()) > 0);
  expect(told).toEqual([`MAINPID=${up.child.pid}\nREADY=1\nSTATUS=Project edge is up.`]);
  up.child.kill('SIGTERM');
  await up.finished;
  expect(manager.received().join()).toContain('STOPPING=1');
  manager.close();
});
