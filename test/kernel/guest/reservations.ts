import { readFileSync } from 'node:fs';
import { contains, equal } from './assert.ts';
import { runProgram, VFIO_COMPOSE, type Finished } from './command.ts';
import { cameBack, hostState, type HostState } from './host-state.ts';
import { freeHugePages, hugePages, reserveHugePages } from './memory.ts';
import { findNics } from './pci.ts';
import { lockedBytesOf } from './process.ts';
import { ended, project, supervisorOf } from './project.ts';
import type { Scenario } from './scenario.ts';

const MIB = 1024 * 1024;
const SOFT = 65536;
const HARD = 1024 * MIB;

/** What a project adds to the host for itself, and takes away again: huge pages, and its limit of locked memory. */
export const reservations: Scenario = ({ test, cleanup }) => {
  const { alone } = findNics();
  const huge = (name: string, size: string) =>
    project(
      name,
      `devices:\n  nic: '${alone}'\nmemory:\n  - { iova: 0x100000000, size: ${size}, backing: hugetlb, reserve: true }\n`,
    );
  const pages = huge('pages', '16MiB');
  const tooMany = huge('too-many', '32GiB');
  const plain = project('plain', `devices:\n  nic: '${alone}'\nmemory:\n  - { iova: 0, size: 8MiB }\n`);
  let before: HostState;

  test('R-BACK-1: up adds the huge pages that the pool lacks, and down takes them out again', async () => {
    reserveHugePages(2);
    before = hostState();
    ended(await pages.up(), 0, 'up');
    equal([hugePages(), freeHugePages()], [8, 0], 'the pool, and what is free of it');
    ended(await pages.down(), 0, 'down');
    cameBack(before);
  });
  test('R-BACK-1: pages that others add meanwhile stay', async () => {
    ended(await pages.up(), 0, 'up');
    reserveHugePages(11);
    ended(await pages.down(), 0, 'down');
    equal(hugePages(), 5, 'the pool');
    reserveHugePages(2);
    cameBack(before);
  });
  test('R-BACK-2: the pages are taken out once where the supervisor was killed', async () => {
    ended(await pages.up(), 0, 'up');
    process.kill(await supervisorOf(pages), 'SIGKILL');
    ended(await pages.down(), 0, 'down');
    ended(await pages.down(), 0, 'the second down');
    cameBack(before);
  });
  test('more pages than there is memory are refused before anything is changed', async () => {
    const up = await tooMany.up();
    ended(up, 4, 'up');
    contains(up.stderr, ['huge-pages-short', 'lacks 16382', 'free memory first'], 'what up says');
    cameBack(before);
  });

  /** As a process that the limit binds: without CAP_IPC_LOCK, which root has otherwise. */
  const limited = (limits: string, ...args: readonly string[]): Promise<Finished> =>
    runProgram('prlimit', [
      ...[`--memlock=${limits}`, 'setpriv', '--bounding-set', '-ipc_lock,-sys_resource'],
      ...[VFIO_COMPOSE, '-f', plain.manifest, '--state-dir', plain.stateDir, ...args],
    ]);

  test('R-BACK-1: a supervisor raises its own limit of locked memory, and no other', async () => {
    const ours = memlockOf(process.pid);
    ended(await limited(`${SOFT}:${HARD}`, 'up', '-d', '--yes'), 0, 'up');
    const supervisor = await supervisorOf(plain);
    equal(memlockOf(supervisor), [8 * MIB, HARD], 'its limits');
    equal(lockedBytesOf(supervisor), 8 * MIB, 'its locked memory');
    equal(memlockOf(process.pid), ours, 'the limits of the process that started it');
    ended(await plain.down(), 0, 'down');
    cameBack(before);
  });
  test('a hard limit that is too low is refused before anything is changed', async () => {
    const up = await limited(`${SOFT}:${SOFT}`, 'up', '-d', '--yes');
    ended(up, 4, 'up');
    contains(up.stderr, ['memlock-too-small', 'ulimit -Hl'], 'what up says');
    cameBack(before);
  });
  cleanup(async () => {
    for (const one of [pages, tooMany, plain]) await one.clear();
    reserveHugePages(0);
  });
};

/** Soft and hard limit of locked memory of a process, in bytes. */
function memlockOf(pid: number): readonly number[] {
  const line = /^Max locked memory\s+(\d+|unlimited)\s+(\d+|unlimited)/m.exec(
    readFileSync(`/proc/${pid}/limits`, 'utf8'),
  );
  return [line?.[1], line?.[2]].map((text) => (text === 'unlimited' ? Infinity : Number(text)));
}
