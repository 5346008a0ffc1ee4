import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { host, recordingTerminal } from '../testing/index.ts';
import { Workplace } from '../testing/command.ts';
import { runCommandLine } from './run.ts';

vi.setConfig({ testTimeout: 60_000 });

const ADDRESS = '0000:31:00.0';
const inventory = host().intelIommu().nic(ADDRESS, { group: 26 }).nic('0000:32:00.0', { group: 27 }).build();
const MANIFEST = `version: 1
name: edge
memory:
  - { iova: 0x40000000, size: 4MiB }
devices:
  wan: ${ADDRESS}
`;

let place: Workplace;
beforeEach(() => {
  place = new Workplace(inventory, MANIFEST);
});
afterEach(async () => {
  await place.run('down', '-p', 'edge');
  place.remove();
});

/** The pid of the supervisor, from its record. */
function ownerOf(project: string): number {
  const record = JSON.parse(readFileSync(join(place.state, project, 'state.json'), 'utf8')) as {
    owner: { pid: number };
  };
  return record.owner.pid;
}

const simulatedHosts = () => readdirSync(join(place.state, '.simulated'));

it('R-BACK-1: comes up with a supervisor, is listed, goes down, and leaves nothing', async () => {
  expect(await place.run('up', '-d', '--yes')).toMatchObject({ status: 0, out: '' });
  const ps = await place.run('ps', '-o', 'json');
  expect(JSON.parse(ps.out)).toMatchObject({
    format_version: 1,
    projects: [{ name: 'edge', status: 'running', devices: [{ address: ADDRESS, group: 26, driver: 'vfio-pci' }] }],
  });
  expect(await place.run('down')).toMatchObject({ status: 0, out: '' });
  expect(JSON.parse((await place.run('ps', '-o', 'json')).out)).toMatchObject({ projects: [] });
  expect(existsSync(join(place.state, 'edge'))).toBe(false);
  expect(simulatedHosts()).toEqual([]);
});

it('R-BACK-1: a device whose override names another driver than its own goes back to its own, override and all', async () => {
  const written = host().intelIommu().nic(ADDRESS, { group: 26 }).change(ADDRESS, { driverOverride: 'igb' }).build();
  const edge = new Workplace(written, MANIFEST);
  try {
    expect(await edge.run('up', '-d', '--yes')).toMatchObject({ status: 0 });
    expect(await edge.run('down')).toMatchObject({ status: 0 });
    expect(JSON.parse((await edge.run('ps', '-o', 'json')).out)).toMatchObject({ projects: [] });
  } finally {
    edge.remove();
  }
});

it('has nothing to do where the same project is up, and refuses another manifest of that name', async () => {
  await place.run('up', '-d', '--yes');
  const again = await place.run('up', '-d', '--yes');
  expect(again.status).toBe(0);
  expect(again.err).toContain('nothing to do');
  place.write('vfio-compose.yaml', MANIFEST.replace('4MiB', '8MiB'));
  expect(await place.run('up', '-d', '--yes')).toMatchObject({ status: 7 });
});

it('shows a simulated host as the projects on it have made it', async () => {
  await place.run('up', '-d', '--yes');
  const inspected = JSON.parse((await place.run('inspect', '-o', 'json')).out) as { devices: { driver: string }[] };
  expect(inspected.devices.map((device) => device.driver)).toEqual(['vfio-pci', 'e1000e']);
});

it('has nothing to do for down where nothing is up', async () => {
  const down = await place.run('down');
  expect(down.status).toBe(0);
  expect(down.err).toContain('nothing to do');
});

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('holds the devices in the foreground until %s, goes back and ends with %i', async (signal, status) => {
  const running = place.start('up', '--yes');
  await running.says('Ctrl-C takes it back');
  expect(simulatedHosts()).toHaveLength(1);
  running.child.kill(signal);
  expect(await running.finished).toMatchObject({ status });
  expect(existsSync(join(place.state, 'edge'))).toBe(false);
  expect(simulatedHosts()).toEqual([]);
});

it('R-BACK-2: brings the host back after the supervisor was killed, with down', async () => {
  await place.run('up', '-d', '--yes');
  process.kill(ownerOf('edge'), 'SIGKILL');
  expect(JSON.parse((await place.run('ps', '-o', 'json')).out)).toMatchObject({ projects: [{ status: 'crashed' }] });
  expect(await place.run('down')).toMatchObject({ status: 0 });
  expect(simulatedHosts()).toEqual([]);
});

it('R-BACK-2: brings the host back after the supervisor was killed before it comes up again', async () => {
  await place.run('up', '-d', '--yes');
  process.kill(ownerOf('edge'), 'SIGKILL');
  const up = await place.run('up', '-d', '--yes');
  expect(up.status).toBe(0);
  expect(up.err).toContain('bringing the host back first');
});

it('ends with 6 and says so where the way back is not known any more, and keeps the record', async () => {
  await place.run('up', '-d', '--yes');
  process.kill(ownerOf('edge'), 'SIGKILL');
  const plan = join(place.state, 'edge', 'plan.json');
  const text = readFileSync(plan, 'utf8');
  writeFileSync(plan, text.slice(0, -40));
  const down = await place.run('down');
  expect(down.status).toBe(6);
  expect(down.err).toContain('cannot be used');
  writeFileSync(plan, text);
  expect(await place.run('down')).toMatchObject({ status: 0 });
});

it('asks a person, and changes nothing without a yes', async () => {
  const asked: string[] = [];
  const terminal = recordingTerminal({
    cwd: place.directory,
    env: { VFIO_COMPOSE_HOST: place.host, VFIO_COMPOSE_STATE_DIR: place.state },
    interactive: true,
    confirm: (question) => {
      asked.push(question);
      return Promise.resolve(false);
    },
  });
  expect(await runCommandLine(['up', '-d'], '0.0.1', () => terminal)).toBe(1);
  expect(asked).toHaveLength(1);
  expect(terminal.output.err).toContain(`wan  ${ADDRESS}  group 26  e1000e -> vfio-pci`);
  expect(terminal.output.err).toContain('Nothing was changed.');
  expect(existsSync(join(place.state, 'edge'))).toBe(false);
});

it('R-GROUP-1: refuses a device that another running project has', async () => {
  await place.run('up', '-d', '--yes');
  const other = place.write('other.yaml', MANIFEST.replace('name: edge', 'name: other'));
  const up = await place.run('up', '-d', '--yes', other);
  expect(up.status).toBe(5);
  expect(up.err).toContain('edge');
});

it('keeps what two projects do to one simulated host apart', async () => {
  const other = place.write('other.yaml', `version: 1\nname: other\ndevices: { lan: '0000:32:00.0' }\n`);
  await place.run('up', '-d', '--yes');
  expect(await place.run('up', '-d', '--yes', other)).toMatchObject({ status: 0 });
  expect(await place.run('down')).toMatchObject({ status: 0 });
  expect(simulatedHosts()).toHaveLength(1);
  expect(await place.run('down', other)).toMatchObject({ status: 0 });
  expect(simulatedHosts()).toEqual([]);
});

it('leaves no process behind where everything is only bound, and takes it back without one', async () => {
  place.write('vfio-compose.yaml', `${MANIFEST}handoff: { mode: bind, user: 4711 }\n`);
  expect(await place.run('up', '-d', '--yes')).toMatchObject({ status: 0 });
  expect(JSON.parse((await place.run('ps', '-o', 'json')).out)).toMatchObject({
    projects: [{ status: 'bound', pid: null }],
  });
  expect(await place.run('down')).toMatchObject({ status: 0 });
  expect(simulatedHosts()).toEqual([]);
});

it('runs a saved plan exactly, and refuses it with 5 once the host has changed', async () => {
  const saved = await place.run('plan', '--out', 'reviewed.json');
  expect(saved.status).toBe(0);
  expect(await place.run('up', '-d', '--yes', '--plan', 'reviewed.json')).toMatchObject({ status: 0 });
  await place.run('down', '-p', 'edge');
  const snapshot = JSON.parse(readFileSync(place.host, 'utf8')) as { devices: { driver: string | null }[] };
  for (const device of snapshot.devices) device.driver = 'igb';
  writeFileSync(place.host, JSON.stringify(snapshot));
  const stale = await place.run('up', '-d', '--yes', '--plan', 'reviewed.json');
  expect(stale.status).toBe(5);
  expect(stale.err).toContain('plan-stale');
  expect(stale.err).toContain('"e1000e" when the plan was made and is "igb" now');
});

it('refuses a plan file that was tampered with, and changes nothing', async () => {
  await place.run('plan', '--out', 'reviewed.json');
  const text = readFileSync(join(place.directory, 'reviewed.json'), 'utf8');
  place.write('evil.json', text.replace('"driver":"vfio-pci"', '"driver":"uio_pci_generic"'));
  const up = await place.run('up', '--yes', '--plan', 'evil.json');
  expect(up.status).toBe(5);
  expect(up.err).toContain('plan-breaks-law');
  place.write('broken.json', text.slice(0, -20));
  const broken = await place.run('up', '--yes', '--plan', 'broken.json');
  expect(broken.status).toBe(3);
  expect(broken.err).toContain('plan-unreadable');
});

it.each([
  ['/dev/zero', 'is neither a regular file nor a pipe'],
  ['/', 'is a directory'],
])('refuses to read a plan from %s', async (path, why) => {
  const up = await place.run('up', '--yes', '--plan', path);
  expect(up.status).toBe(3);
  expect(up.err).toContain(why);
});

it('refuses a saved plan whose group another project took meanwhile', async () => {
  await place.run('plan', '--out', 'reviewed.json');
  const other = place.write('other.yaml', `version: 1\nname: other\nhandoff: bind\ndevices: { lan: '${ADDRESS}' }\n`);
  await place.run('up', '-d', '--yes', other);
  const up = await place.run('up', '-d', '--yes', '--plan', 'reviewed.json');
  expect(up.status).toBe(5);
  expect(up.err).toContain('plan-conflict');
  await place.run('down', other);
});

it('R-BIND-4: ends with 7 where another run is changing the same device, and says who', async () => {
  const { HostLocks } = await import('../runtime/project/host-locks.ts');
  const locks = new HostLocks(join(place.state, '.locks'), 'a test');
  const release = await locks.take([{ kind: 'device', address: ADDRESS }]);
  const up = await place.run('up', '--yes');
  expect(up.status).toBe(7);
  expect(up.err).toContain(`another run is changing device ${ADDRESS}: a test (pid ${process.pid})`);
  release();
});

it('goes on beside a run that changes something else of the host', async () => {
  const { HostLocks } = await import('../runtime/project/host-locks.ts');
  const locks = new HostLocks(join(place.state, '.locks'), 'a test');
  const release = await locks.take([{ kind: 'device', address: '0000:ff:1f.7' }]);
  expect((await place.run('up', '-d', '--yes')).status).toBe(0);
  expect((await place.run('down')).status).toBe(0);
  release();
});

it('refuses a state directory that others may write', async () => {
  rmSync(place.state, { recursive: true, force: true });
  mkdirSync(place.state, { mode: 0o777 });
  chmodSync(place.state, 0o777);
  const up = await place.run('up', '--yes');
  expect(up.status).toBe(5);
  expect(up.err).toContain('nobody else may write');
  chmodSync(place.state, 0o700);
});

it('tells with --detailed-exitcode that there are steps, and writes results to stdout alone', async () => {
  const plan = await place.run('plan', '--detailed-exitcode');
  expect(plan.status).toBe(2);
  expect(plan.err).toBe('');
  expect(plan.out).toContain(`write ${ADDRESS} to /sys/bus/pci/drivers/e1000e/unbind`);
  const json = await place.run('plan', '-o', 'json');
  expect(json.status).toBe(0);
  expect(JSON.parse(json.out)).toMatchObject({ format_version: 1, project: 'edge' });
});

it('ends with 3 for a wrong manifest and with 4 for a host that cannot', async () => {
  place.write('vfio-compose.yaml', MANIFEST.replace('devices:', 'devises:'));
  expect(await place.run('plan')).toMatchObject({ status: 3, out: '' });
  place.write('vfio-compose.yaml', MANIFEST.replace('0x40000000', '0xfee00000'));
  expect(await place.run('plan')).toMatchObject({ status: 4, out: '' });
});

it('SECURITY: down signals nobody, and changes nothing, for a state directory that somebody else may have written', async () => {
  const edge = join(place.state, 'edge');
  mkdirSync(edge, { recursive: true, mode: 0o700 });
  await place.run('up', '-d', '--yes');
  const victim = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  const record = JSON.parse(readFileSync(join(edge, 'state.json'), 'utf8')) as { owner: object };
  const owner = ownerOf('edge');
  writeFileSync(join(edge, 'state.json'), JSON.stringify({ ...record, owner: { ...record.owner, pid: victim.pid } }));
  const forged = await place.run('ps', '-o', 'json');
  expect(JSON.parse(forged.out)).toMatchObject({ projects: [{ status: 'crashed' }] });
  chmodSync(place.state, 0o777);
  for (const verb of [['down'], ['ps'], ['plan'], ['up', '--yes']]) {
    const refused = await place.run(...verb);
    expect([verb, refused.status, refused.err]).toEqual([verb, 5, expect.stringContaining('nobody else may write')]);
  }
  chmodSync(place.state, 0o700);
  writeFileSync(join(edge, 'state.json'), JSON.stringify({ ...record, owner: { ...record.owner, pid: -1 } }));
  const down = await place.run('down');
  expect(down).toMatchObject({ status: 5, err: expect.stringContaining('see owner') as string });
  expect([victim.exitCode, victim.signalCode]).toEqual([null, null]);
  victim.kill('SIGKILL');
  writeFileSync(join(edge, 'state.json'), JSON.stringify(record));
  expect(ownerOf('edge')).toBe(owner);
});

it('R-BACK-2: takes everything back where the journal was damaged, by looking at the host', async () => {
  await place.run('up', '-d', '--yes');
  process.kill(ownerOf('edge'), 'SIGKILL');
  const journal = join(place.state, 'edge', 'journal.jsonl');
  writeFileSync(journal, readFileSync(journal, 'utf8').replaceAll('"begun"', '"beg\0n"').replaceAll('"done"', '"dne"'));
  expect(await place.run('down')).toMatchObject({ status: 0 });
  expect(simulatedHosts()).toEqual([]);
});

it('R-BACK-2: forgets a project whose way back is lost, when it is told to, and says what is known of it', async () => {
  await place.run('up', '-d', '--yes');
  process.kill(ownerOf('edge'), 'SIGKILL');
  rmSync(join(place.state, 'edge', 'plan.json'));
  const down = await place.run('down', '--forget');
  expect(down.status).toBe(0);
  expect(down.err).toContain(`wan is ${ADDRESS}, which was given to vfio-pci`);
  expect(down.err).toContain(`bind-driver:${ADDRESS}`);
  expect(down.err).toContain('Project edge is forgotten');
  expect(await place.run('down')).toMatchObject({ status: 0 });
  expect((await place.run('ps')).out).not.toContain('edge');
});

it('R-BACK-2: names a damaged record in every command that it keeps from going on, and forgets it when told to', async () => {
  await place.run('up', '-d', '--yes');
  process.kill(ownerOf('edge'), 'SIGKILL');
  writeFileSync(join(place.state, 'edge', 'state.json'), '{"format_version": 2}');
  for (const verb of [['down'], ['up', '--yes']]) {
    const refused = await place.run(...verb);
    expect(refused).toMatchObject({ status: 5, err: expect.stringContaining('has format_version 2') as string });
  }
  expect(await place.run('down', '--forget')).toMatchObject({ status: 0 });
});
