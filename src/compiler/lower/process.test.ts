import { expect, it } from 'vitest';
import { host, planFor } from '../../testing/index.ts';
import { smmuPlan } from '../../testing/platform-plan.ts';
import { resolveManifest } from '../resolve/resolve.ts';
import { manifestFrom } from '../../testing/manifest.ts';
import { lowerFor } from '../../testing/plan.ts';
import { testPlugins } from '../../testing/plugins.ts';
import { indexHost, type VmManifest } from '../../model/index.ts';
import { verifyPlan } from '../verify/verify.ts';

const ADDRESS = '0000:31:00.0';
const OTHER = '0000:32:00.0';
const inventory = host().intelIommu().nic(ADDRESS, { group: 26 }).nic(OTHER, { group: 27 }).build();
const run = { command: ['/usr/local/bin/router', '-v'] };
const wan: VmManifest = {
  devices: { wan: { pci: ADDRESS, irqs: [{ index: 'msix', count: 2 }] } },
  memory: [{ iova: '0', size: '4MiB', backing: 'memfd' }],
};

/** What is found where the VM is lowered. */
function findings(vm: VmManifest): string[] {
  const on = indexHost(inventory);
  const { value } = resolveManifest(manifestFrom({ version: 1, name: 'tested', vms: { edge: vm } }), on, testPlugins);
  if (!value) throw new Error('the manifest of the test does not resolve');
  return lowerFor(value, on).diagnostics.map(({ code }) => code);
}

it('a plan says what is started, with which descriptors, and what happens to the devices after it', () => {
  const plan = planFor({ edge: { ...wan, run, onExit: 'restart' }, other: { devices: { lan: OTHER } } }, inventory);
  expect(plan.processes).toMatchObject([
    {
      vm: 'edge',
      command: ['/usr/local/bin/router', '-v'],
      user: null,
      workingDirectory: '/',
      environment: [],
      onExit: 'restart',
      reconnect: [`set-irqs:${ADDRESS}/msix`],
    },
  ]);
  expect(plan.processes?.[0]?.fds.map(({ name }) => name)).toEqual([
    'container#edge',
    'group-26',
    'device-0000-31-00.0',
    'memfd#edge/memfd/0',
    'eventfd#0000-31-00.0/msix/0',
    'eventfd#0000-31-00.0/msix/1',
  ]);
  expect(plan.processes?.[0]?.silence[0]).toBe(`back:clear-irqs:${ADDRESS}/msix`);
  expect(plan.processes?.[0]?.silence.length).toBeGreaterThan(2);
  expect(verifyPlan(plan)).toEqual([]);
});

it('R-RESET-1: what silences a device after its process is what the way back does before it closes it', () => {
  const plan = planFor({ edge: { ...wan, run } }, inventory);
  const close = plan.down.findIndex(({ id }) => id === `back:close:device:${ADDRESS}`);
  const before = plan.down.slice(0, close).filter(({ resource }) => resource === `device ${ADDRESS}`);
  const kept = before.filter(({ kind }) => kind !== 'close');
  expect(plan.processes?.[0]?.silence).toEqual(kept.map(({ id }) => id));
});

it('with handoff: bind the process gets no descriptor: it opens the nodes itself', () => {
  const plan = planFor({ edge: { devices: { wan: ADDRESS }, handoff: 'bind', run } }, inventory);
  expect(plan.processes).toMatchObject([{ fds: [], reconnect: [], silence: [] }]);
});

it('a plan without a process has no list of them', () => {
  expect(planFor({ edge: wan }, inventory)).not.toHaveProperty('processes');
  expect(smmuPlan()).not.toHaveProperty('processes');
});

it('a user is looked up, with the primary group or the one that is written', () => {
  const userOf = (more: object) =>
    planFor({ edge: { ...wan, run: { ...run, ...more } } }, inventory).processes?.[0]?.user;
  expect(userOf({ user: 'packets' })).toEqual({ name: 'packets', uid: 4711, gid: 4710 });
  expect(userOf({ user: 'packets', group: 'wires' })).toEqual({ name: 'packets', uid: 4711, gid: 4712 });
  expect(userOf({ user: 77, group: 78 })).toEqual({ name: null, uid: 77, gid: 78 });
});

it('a user, a group and a primary group that the host does not know are found', () => {
  expect(findings({ ...wan, run: { ...run, user: 'nobody-here' } })).toEqual(['unknown-user-or-group']);
  expect(findings({ ...wan, run: { ...run, user: 'packets', group: 'none' } })).toEqual(['unknown-user-or-group']);
  expect(findings({ ...wan, run: { ...run, user: 77 } })).toEqual(['primary-group-unknown']);
  expect(findings({ ...wan, run: { ...run, user: 'packets' } })).toEqual([]);
});

it('more descriptors than their names fit an environment are found, and a few less are not', () => {
  const many = (count: number): VmManifest => ({
    devices: { wan: { pci: ADDRESS, irqs: [{ index: 'msix', count }] } },
    run,
  });
  expect(findings(many(6000))).toEqual(['too-many-descriptors']);
  expect(findings(many(2048))).toEqual([]);
});
