import { existsSync, readFileSync } from 'node:fs';
import { decodePlan } from '../../../src/compiler/plan-file/decode.ts';
import { readJournal } from '../../../src/runtime/executor/journal.ts';
import { contains, equal, holds } from './assert.ts';
import { runProgram, start, waitFor, type Running } from './command.ts';
import { compiledOutside } from './compiled-outside.ts';
import { cameBack, hostState, type HostState } from './host-state.ts';
import { findNics, groupOf, linkOf } from './pci.ts';
import { lockedBytesOf } from './process.ts';
import { ended, project } from './project.ts';
import type { Scenario } from './scenario.ts';
import { openError } from './vfio.ts';

/** What both runtimes make of the host while they hold the device. */
interface Held {
  readonly state: HostState;
  readonly locked: number;
}

/** `plan -o c`: the program does to this host what the runtime does, and takes it back in every way that it can end. */
export const emittedC: Scenario = ({ test, cleanup }) => {
  const { alone } = findNics();
  const made = project(
    'emitted',
    `devices:\n  nic0: '${alone}'\nmemory:\n  - { iova: 0x40000000, size: 2MiB }\n  - { iova: 0x80000000, size: 4MiB, backing: memfd }\n`,
  );
  const journal = made.file('journal');
  let before: HostState;
  let program = '';
  let byRuntime: Held;

  const held = (pid: number): Held => ({ state: hostState(), locked: lockedBytesOf(pid) });
  async function upHere(): Promise<Running> {
    const up = start(program, ['--journal', journal], { limitSeconds: 100 });
    await waitFor(up, 'held by this process', 60);
    equal(openError(groupOf(alone)), 'EBUSY', 'opening the group that it holds');
    return up;
  }
  const down = () => runProgram(program, ['--down', '--journal', journal]);

  test('plan -o c makes a program that compiles, and says the steps of the plan', async () => {
    before = hostState();
    const file = made.file('plan.json');
    ended(await made.run('plan', ['--out', file]), 0, 'plan');
    const source = made.file('plan.c');
    ended(await made.run('plan', ['-o', 'c', '--out', source]), 0, 'plan -o c');
    program = await compiledOutside('emitted', readFileSync(source, 'utf8'));
    const dry = await runProgram(program, ['--dry-run']);
    ended(dry, 0, 'the dry run');
    const { value } = decodePlan(readFileSync(file, 'utf8'), file);
    holds(value !== undefined, 'the plan cannot be read');
    contains(dry.stdout, [`Up, ${value.up.length} steps`, `Down, ${value.down.length} steps`, alone], 'the dry run');
    cameBack(before);
  });
  test('the runtime holds the device, for comparison', async () => {
    ended(await made.up(), 0, 'up');
    byRuntime = held((await made.ps())?.pid ?? 0);
    equal(linkOf(alone, 'driver'), 'vfio-pci', 'the driver');
    holds(byRuntime.locked >= 6 << 20, `only ${byRuntime.locked} bytes are locked`);
  });
  test('where the host is not as the plan says, the program names what differs and changes nothing', async () => {
    const refused = await runProgram(program, ['--journal', journal]);
    ended(refused, 5, 'the program');
    contains(refused.stderr, [`driver of device ${alone}`, 'vfio-pci', 'Nothing was changed'], 'what it says');
    equal(existsSync(journal), false, 'whether it left a journal');
    ended(await made.down(), 0, 'down');
    cameBack(before);
  });
  test('R-BACK-1: holds the device as the runtime does, and SIGTERM takes everything back', async () => {
    const up = await upHere();
    const byProgram = held(up.child.pid ?? 0);
    up.child.kill('SIGTERM');
    ended(await up.finished, 143, 'the program');
    equal(byProgram, byRuntime, 'the host');
    cameBack(before);
    equal(existsSync(journal), false, 'whether a journal is left');
  });
  test('R-BACK-2: after SIGKILL the journal is one that the runtime reads, and --down finishes the way back', async () => {
    await killed(await upHere());
    equal(linkOf(alone, 'driver'), 'vfio-pci', 'the driver');
    const { ran, undone } = readJournal(journal);
    holds(ran.has(`bind-driver:${alone}`), `the journal has ${[...ran].join(', ')}`);
    equal([...undone], [], 'what is undone');
    ended(await down(), 0, '--down');
    cameBack(before);
    equal(existsSync(journal), false, 'whether a journal is left');
    ended(await down(), 0, '--down again');
  });
  test('R-BACK-2: after SIGKILL the next run brings the host back first, and --down ends the process that holds it', async () => {
    await killed(await upHere());
    const up = await upHere();
    contains(up.output(), ['bringing the host back first'], 'what it says');
    const ending = await down();
    ended(ending, 0, '--down');
    contains(ending.stderr, [`held by pid ${up.child.pid}`, 'is down'], 'what --down says');
    ended(await up.finished, 143, 'the program');
    cameBack(before);
  });
  cleanup(async () => {
    if (program !== '') await down();
    await made.down();
  });
};

async function killed(up: Running): Promise<void> {
  up.child.kill('SIGKILL');
  equal((await up.finished).status, 'SIGKILL', 'how it ended');
}
