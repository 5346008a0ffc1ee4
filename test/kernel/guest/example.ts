import { existsSync, lstatSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { equal, holds } from './assert.ts';
import { vfioCompose, WORK, type Finished } from './command.ts';
import { cameBack, hostState, type HostState } from './host-state.ts';
import { platformLink, platformState } from './platform.ts';
import { job } from './job.ts';
import { attribute, linkOf, PCI } from './pci.ts';
import { ended } from './project.ts';
import { attach } from './report-port.ts';
import type { Scenario } from './scenario.ts';

const FOLDER = path.join(WORK, 'example');
const SNAPSHOT = '/run/host.json';

/** An example on the machine that it is about: its snapshot is taken here, and what it shows is true here. */
export const example: Scenario = ({ test, cleanup }) => {
  const facts = job().example;
  if (!facts) return;
  const run = (...args: readonly string[]): Promise<Finished> =>
    vfioCompose(['--state-dir', '/run/vfio-compose', ...args], { cwd: FOLDER });
  let before: HostState | undefined;
  let boardBefore: ReturnType<typeof platformState>;

  test('the host holds the devices of the example', async () => {
    await waitForDrivers(facts.drivers);
    if (facts.virtualFunctions > 0) switchOnVirtualFunctions(facts.virtualFunctions);
    if (existsSync(PCI)) before = hostState();
    boardBefore = platformState();
  });
  test('capture writes its snapshot', async () => {
    ended(await run('capture', '-o', SNAPSHOT), 0, 'capture');
    attach('host.json', readFileSync(SNAPSHOT));
  });
  // What an example does not have yet is not compared: the first snapshot of a new one is taken here.
  if (!existsSync(path.join(FOLDER, 'vfio-compose.yaml'))) return;
  const expected = path.join(FOLDER, 'expected', 'plan.txt');
  if (existsSync(expected)) {
    test('the plan of the machine is the one that the example shows', async () => {
      const plan = await run('plan');
      ended(plan, 0, 'plan');
      const shown = readFileSync(expected, 'utf8').split('\n');
      plan.stdout.split('\n').forEach((line, index) => equal(line, shown[index], `line ${index + 1} of the plan`));
      equal(plan.stdout.split('\n').length, shown.length, 'the number of lines of the plan');
    });
  }
  test('up takes the devices', async () => {
    const plan = await run('plan', '-o', 'json');
    ended(plan, 0, 'plan');
    ended(await run('up', '-d', '--yes'), 0, 'up');
    for (const { bus, address, driver } of assignmentsOf(plan.stdout)) {
      equal(bus === 'pci' ? linkOf(address, 'driver') : platformLink(bus, address, 'driver'), driver, address);
    }
    checkReserved(plan.stdout);
  });
  test('R-BACK-1: after down the host is as before', async () => {
    ended(await run('down'), 0, 'down');
    await waitForDrivers(facts.drivers);
    if (before) cameBack(before);
    equal(platformState(), boardBefore, 'the devices of the tree');
  });
  cleanup(async () => void (await run('down')));
};

interface Assignment {
  readonly bus: 'pci' | 'platform' | 'amba';
  readonly address: string;
  readonly driver: string;
}

function assignmentsOf(plan: string): readonly Assignment[] {
  const { assignments } = JSON.parse(plan) as { assignments: readonly Assignment[] };
  holds(assignments.length > 0, 'the plan assigns nothing');
  return assignments;
}

/** What the plan adds to the host is there: pages in a pool, VFs without a driver. */
function checkReserved(plan: string): void {
  const { up } = JSON.parse(plan) as { up: readonly Reserving[] };
  for (const step of up) {
    if (step.kind === 'set-huge-pages') {
      const pool = `/sys/kernel/mm/hugepages/hugepages-${BigInt(step.pageSize) >> 10n}kB`;
      equal(readFileSync(`${pool}/nr_hugepages`, 'utf8').trim(), String(step.pages), pool);
    }
    if (step.kind !== 'set-vf-count') continue;
    const pf = step.device.address;
    equal(attribute(pf, 'sriov_numvfs'), String(step.count), `the VFs of ${pf}`);
    for (let index = 0; index < step.count; index++) {
      equal(linkOf(linkOf(pf, `virtfn${index}`) ?? '', 'driver'), undefined, `the driver of VF ${index} of ${pf}`);
    }
  }
}

type Reserving =
  | { readonly kind: 'set-huge-pages'; readonly pageSize: string; readonly pages: number }
  | { readonly kind: 'set-vf-count'; readonly device: { readonly address: string }; readonly count: number }
  | { readonly kind: 'another' };

async function waitForDrivers(drivers: readonly string[]): Promise<void> {
  const missing = (): readonly string[] => drivers.filter((name) => !hasDevice(name));
  for (let tries = 0; missing().length > 0; tries++) {
    if (tries === 300) throw new Error(`no device came to ${missing().join(', ')} in 30 s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function hasDevice(driver: string): boolean {
  // The folder of a driver has a link for each of its devices, and one for its module.
  const holds = (folder: string): boolean =>
    existsSync(folder) &&
    readdirSync(folder).some((name) => name !== 'module' && lstatSync(`${folder}/${name}`).isSymbolicLink());
  return ['pci', 'platform', 'amba'].some((bus) => holds(`/sys/bus/${bus}/drivers/${driver}`));
}

/** As an administrator does it who wants the VFs for VMs: without a driver of the host on them. */
function switchOnVirtualFunctions(count: number): void {
  const pfs = readdirSync(`${PCI}/devices`).filter((name) => existsSync(`${PCI}/devices/${name}/sriov_numvfs`));
  holds(pfs.length > 0, 'no device has SR-IOV');
  for (const pf of pfs) {
    writeFileSync(`${PCI}/devices/${pf}/sriov_drivers_autoprobe`, '0');
    writeFileSync(`${PCI}/devices/${pf}/sriov_numvfs`, String(count));
    equal(attribute(pf, 'sriov_numvfs'), String(count), `sriov_numvfs of ${pf}`);
  }
}
