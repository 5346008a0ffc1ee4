import { mkdirSync, readFileSync } from 'node:fs';
import type { Plan, Step } from '../../../src/model/index.ts';
import { contains, equal, holds } from './assert.ts';
import { findMethodsAnew, makeBusOnly, methodsOf, portsWork } from './bus-only.ts';
import { mark, marked } from './e1000e.ts';
import { savePlan, upEdited } from './edited-plan.ts';
import { supervisorOf } from './held-device.ts';
import { HeldRun, planHere } from './held-run.ts';
import { cameBack, hostState, type HostState } from './host-state.ts';
import { findNics, linkOf } from './pci.ts';
import { isThere, descriptorsOf } from './process.ts';
import { ended, project } from './project.ts';
import type { Scenario } from './scenario.ts';

const JOURNAL = '/run/hot-reset';

/** A card whose only reset is that of its bus: given to one VM it is reset as a whole, and to nobody in parts. */
export const hotReset: Scenario = ({ test, cleanup, machine }) => {
  const { shared } = findNics();
  const [first, second] = shared;
  const memory = 'memory: [{ iova: 0x40000000, size: 2MiB }]\n';
  const both = project('both', `devices: { port0: '${first}', port1: '${second}' }\n${memory}`);
  const alone = (name: string, rest: string) => project(name, `devices:\n  port0: { pci: '${first}', ${rest} }\n`);
  const detached = alone('detached', 'group: detach');
  const preferred = alone('preferred', 'group: detach, reset: preferred');
  let before: HostState;
  let plan: Plan;
  let run: HeldRun | undefined;

  const works = (): Promise<void> => {
    cameBack(before);
    return portsWork(machine, shared);
  };

  test('the card is left with the reset of its bus alone', async () => {
    await makeBusOnly(first, second);
    equal(shared.map(methodsOf), ['bus', ''], 'the methods');
    before = hostState();
  });
  test('R-RESET-5: the plan asks what the reset hits, and resets the bus once: when both are open, and when both are silent', async () => {
    plan = JSON.parse(readFileSync(await savePlan(both), 'utf8')) as Plan;
    const [check, ...more] = plan.up.filter((step) => step.kind === 'check-hot-reset');
    equal([check?.owned, more.length], [shared, 0], 'the functions that the reset may hit');
    equal(order(plan.up, ['open-device', 'hot-reset', 'map-dma']), [2, 1, 1], 'opened, reset, mapped');
    equal(order(plan.down, ['expect-region', 'hot-reset', 'unmap-dma']), [2, 1, 1], 'silent, reset, unmapped');
  });
  test('R-RESET-5: up and down reset it on this kernel', async () => {
    ended(await both.up(), 0, 'up');
    equal(
      shared.map((name) => linkOf(name, 'driver')),
      ['vfio-pci', 'vfio-pci'],
      'the drivers of the ports',
    );
    ended(await both.down(), 0, 'down');
  });
  test('R-BACK-1: the card works with its host driver after that', works);
  test('R-RESET-5: each of the two resets clears the registers of both functions', async () => {
    mkdirSync(JOURNAL, { recursive: true });
    const devices = { port0: first, port1: second };
    const here = await planHere({ version: 1, name: 'here', vms: { machine: { devices } } });
    let resets = 0;
    const started = (step: Step): void => {
      if (step.kind !== 'hot-reset') return;
      mark(ownDevices());
      equal(marked(ownDevices()), [true, true], 'the marks before the reset');
      resets += 1;
    };
    const finished = (step: Step): void => {
      if (step.kind === 'hot-reset') equal(marked(ownDevices()), [false, false], 'the marks after the reset');
    };
    run = await HeldRun.up(here, JOURNAL, { events: { started, finished } });
    equal(resets, 1, 'how many resets up has made');
    await run.back();
    run = undefined;
    equal(resets, 2, 'how many resets there were in all');
    cameBack(before);
  });
  test('R-RESET-5: a plan that does not hold all that the reset hits stops before it, and the host is put back', async () => {
    const up = await upEdited(both, await savePlan(both), (edited) => {
      for (const step of edited.up) if (step.owned !== undefined) step.owned = [first];
    });
    ended(up, 1, 'up --plan');
    contains(up.stderr, ['check-hot-reset', `would also hit ${second}`], 'what up says');
    cameBack(before);
  });
  test('R-RESET-5: one function with the other only detached is refused, and nothing is touched', async () => {
    const up = await detached.up();
    ended(up, 5, 'up');
    contains(up.stderr, ['bus-reset-hits-others', second, 'only loses its driver'], 'what up says');
    cameBack(before);
  });
  test('R-RESET-5: one function with the other at the host is refused, and nothing is touched', async () => {
    const up = await project('half', `devices: { port0: '${first}' }\n`).up();
    ended(up, 5, 'up');
    contains(up.stderr, ['bus-reset-hits-others', second, 'stays with the host'], 'what up says');
    cameBack(before);
  });
  test('R-RESET-5: two VMs with a function each are refused, and nothing is touched', async () => {
    const vm = (name: string, device: string) => `  ${name}: { devices: { port: '${device}' } }\n`;
    const up = await project('split', `vms:\n${vm('left', first)}${vm('right', second)}`).up();
    ended(up, 3, 'up');
    contains(up.stderr, ['bus-reset-hits-others', 'goes to left', 'goes to right'], 'what up says');
    cameBack(before);
  });
  test('R-RESET-3: where a reset is only preferred, it goes up with a warning and without one', async () => {
    const up = await preferred.up();
    ended(up, 0, 'up');
    contains(up.stderr, ['bus-reset-hits-others', 'without a reset'], 'what up says');
    ended(await preferred.down(), 0, 'down');
    cameBack(before);
  });
  test('R-RESET-1, R-BACK-2: after SIGKILL of its holder, down gives the card back and it works', async () => {
    ended(await both.up(), 0, 'up');
    const supervisor = await supervisorOf(both);
    process.kill(supervisor, 'SIGKILL');
    for (let tries = 0; isThere(supervisor); tries += 1) {
      holds(tries < 100, 'the supervisor is there 10 s after SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    ended(await both.down(), 0, 'down');
    await works();
  });
  cleanup(async () => {
    await run?.back();
    for (const one of [both, detached, preferred]) await one.clear();
    await findMethodsAnew(first, second);
  });
};

/** What this process has open of VFIO's devices. */
const ownDevices = (): readonly number[] => descriptorsOf(process.pid, 'anon_inode:[vfio-device]');

/** How many steps of each kind there are, where all of one kind come before all of the next. */
function order(steps: readonly Step[], kinds: readonly Step['kind'][]): readonly number[] {
  const places = kinds.map((kind) => steps.flatMap((step, at) => (step.kind === kind ? [at] : [])));
  const flat = places.flat();
  equal(
    flat,
    [...flat].sort((a, b) => a - b),
    `the places of ${kinds.join(', ')}`,
  );
  return places.map(({ length }) => length);
}
