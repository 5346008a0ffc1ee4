import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { HostLocks, ObjectLocked } from './host-locks.ts';
import type { HostObject } from './host-objects.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vfio-compose-locks-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const here = (who: string) => new HostLocks(join(directory, 'locks'), who);
const nic: HostObject = { kind: 'device', address: '0000:01:00.0' };
const gpu: HostObject = { kind: 'device', address: '0000:02:00.0' };
const group: HostObject = { kind: 'group', id: 6 };

it('gives an object to one run at a time, and names the run that has it', async () => {
  const release = await here('first').take([nic, group]);
  const refused = here('second').take([gpu, group]);
  await expect(refused).rejects.toThrow(ObjectLocked);
  await expect(refused).rejects.toMatchObject({ object: group, holder: `first (pid ${process.pid})` });
  release();
  (await here('second').take([gpu, group]))();
});

it('takes all or none: what it had before the one that is taken is free again', async () => {
  const release = await here('first').take([group]);
  await expect(here('second').take([gpu, nic, group])).rejects.toThrow(ObjectLocked);
  (await here('third').take([gpu, nic]))();
  release();
});

it('lets runs go side by side that have nothing in common', async () => {
  const releases = await Promise.all([here('first').take([nic]), here('second').take([gpu])]);
  for (const release of releases) release();
});

it('waits as long as it is told to, and no two runs wait for each other in a circle', async () => {
  const order: string[] = [];
  const run = async (who: string, ...objects: HostObject[]): Promise<void> => {
    const release = await here(who).take(objects, 10_000);
    order.push(who);
    await new Promise((resolve) => setTimeout(resolve, 20));
    order.push(who);
    release();
  };
  await Promise.all([run('one', nic, gpu, group), run('two', group, gpu, nic), run('three', gpu, nic)]);
  expect(order).toHaveLength(6);
  for (let at = 0; at < order.length; at += 2) expect(order[at]).toBe(order[at + 1]);
});

it('may be taken again by the run that has it, and is free after the last release', async () => {
  const own = here('first');
  const outer = await own.take([nic]);
  const inner = await own.take([nic, gpu]);
  inner();
  inner();
  await expect(here('second').take([nic])).rejects.toThrow(ObjectLocked);
  outer();
  (await here('second').take([nic]))();
});

it('leaves no file behind', async () => {
  const release = await here('first').take([nic, gpu, group]);
  expect(readdirSync(join(directory, 'locks'))).toHaveLength(3);
  release();
  expect(readdirSync(join(directory, 'locks'))).toEqual([]);
});

it('makes no path of what a plan names', async () => {
  const release = await here('first').take([{ kind: 'device', address: '../../etc/passwd' }]);
  expect(readdirSync(directory)).toEqual(['locks']);
  expect(readdirSync(join(directory, 'locks'))).toHaveLength(1);
  release();
});
