import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { release } from 'node:os';
import path from 'node:path';
import { GUEST_MODULES } from '../guest-paths.ts';
import { contains, equal, holds } from './assert.ts';
import { runProgram, WORK } from './command.ts';
import { cameBack, hostState, type HostState } from './host-state.ts';
import { findNics, linkOf } from './pci.ts';
import { ended, project } from './project.ts';
import type { Scenario } from './scenario.ts';

/** VFIO in the order in which it can be unloaded. A kernel may have parts of it built in, or not at all. */
const VFIO = ['vfio_pci', 'vfio_pci_core', 'vfio_iommu_type1', 'vfio_virqfd', 'vfio'];

/** A host on which nobody has used VFIO yet: `up` has to load it, with the host's own modprobe. */
export const loadModules: Scenario = ({ test, cleanup }) => {
  const { alone } = findNics();
  const fresh = project('fresh', `devices:\n  nic0: '${alone}'\n`);
  const loaded = (): readonly string[] => VFIO.filter((name) => existsSync(`/sys/module/${name}/initstate`));
  let before: HostState;
  let all: readonly string[];

  test('VFIO can be unloaded, and the modules of this kernel lie where modprobe looks', async () => {
    before = hostState();
    all = loaded();
    for (const name of all) await busybox('rmmod', name);
    equal(loaded(), [], 'what is loaded');
    equal(existsSync('/dev/vfio/vfio'), false, 'that the container node is there');
    await showModules();
  });
  test('the plan loads what it needs', async () => {
    const plan = await fresh.run('plan', ['-o', 'json']);
    ended(plan, 0, 'plan');
    const { up } = JSON.parse(plan.stdout) as { up: { kind: string; module?: string }[] };
    const modules = up.filter(({ kind }) => kind === 'load-module').map(({ module }) => module);
    equal([...modules].sort(), ['vfio-pci', 'vfio_iommu_type1'], 'the modules of the plan');
    equal(loaded(), [], 'what a plan has loaded');
  });
  test('up runs modprobe, and the device is bound', async () => {
    const up = await fresh.up();
    ended(up, 0, 'up');
    contains(up.stderr, ['vfio-pci', 'vfio_iommu_type1'], 'what up says');
    equal(loaded(), all, 'what is loaded');
    equal(linkOf(alone, 'driver'), 'vfio-pci', 'the driver');
  });
  test('R-BACK-1: after down the host is as before, and the modules stay loaded', async () => {
    ended(await fresh.down(), 0, 'down');
    cameBack(before);
    equal(loaded(), all, 'what is loaded');
  });
  cleanup(async () => {
    await fresh.down();
    // Here if `up` could not: the other scenarios need them.
    if (all.some((name) => !loaded().includes(name))) await insmodAll();
  });
};

async function busybox(...args: readonly string[]): Promise<void> {
  ended(await runProgram(path.join(WORK, 'bin', 'busybox'), args), 0, args.join(' '));
}

const folder = (): string => path.join(GUEST_MODULES, 'modules', release());

/**
 * Lays the modules over the folder behind /lib. The guest's root is read-only and may be the outside itself, whose
 * /lib/modules is that of another kernel or not there at all.
 */
async function showModules(): Promise<void> {
  await busybox('insmod', path.join(folder(), 'overlay.ko'));
  const lib = realpathSync('/lib');
  await busybox('mount', '-t', 'overlay', '-o', `lowerdir=${GUEST_MODULES}:${lib}`, 'overlay', lib);
  const shown = readdirSync(`/lib/modules/${release()}`);
  holds(shown.includes('modules.dep'), `no modules.dep in ${shown.join(' ')}`);
}

async function insmodAll(): Promise<void> {
  const order = readFileSync(path.join(folder(), 'order'), 'utf8').trim().split('\n');
  for (const file of order) await runProgram(path.join(WORK, 'bin', 'busybox'), ['insmod', path.join(folder(), file)]);
}
