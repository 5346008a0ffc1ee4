import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { host } from '../testing/index.ts';
import { Workplace } from '../testing/command.ts';

vi.setConfig({ testTimeout: 60_000 });

const VFS = `version: 1
name: vfs
virtualFunctions:
  nic: { pci: '0000:03:00.0', count: 2 }
`;
const USER = `version: 1
name: user
devices:
  port: { vf: { pf: '0000:03:00.0', index: 1 } }
memory:
  - { iova: 0, size: 16MiB, backing: hugetlb, reserve: true }
`;
const inventory = host()
  .intelIommu()
  .pf('0000:03:00.0')
  .hugePages(2n << 20n, 4, 1)
  .build();

let place: Workplace;
beforeEach(() => {
  place = new Workplace(inventory, VFS);
  place.write('user.yaml', USER);
});
afterEach(async () => {
  for (const project of ['user', 'vfs']) await place.run('down', '-p', project);
  place.remove();
});

const pools = async () => {
  const inspected = JSON.parse((await place.run('inspect', '-o', 'json')).out) as { hugePages: { total: number }[] };
  return inspected.hugePages.map(({ total }) => total);
};

it('R-BACK-1: one project makes VFs, another assigns one with huge pages, and in the end nothing is left of either', async () => {
  expect(await place.run('up', '-f', 'user.yaml', '-d', '--yes')).toMatchObject({ status: 4 });
  expect(await place.run('up', '-d', '--yes')).toMatchObject({ status: 0 });
  expect(await place.run('up', '-f', 'user.yaml', '-d', '--yes')).toMatchObject({ status: 0 });
  expect(await pools()).toEqual([11]);
  const refused = await place.run('down', '-p', 'vfs');
  expect(refused.status).toBe(6);
  expect(refused.err).toContain('VF 1, 0000:03:10.2, is on vfio-pci: somebody uses it');
  expect(await place.run('down', '-p', 'user')).toMatchObject({ status: 0 });
  expect(await pools()).toEqual([4]);
  expect(await place.run('down', '-p', 'vfs')).toMatchObject({ status: 0 });
  expect(existsSync(join(place.state, 'vfs'))).toBe(false);
  expect(readdirSync(join(place.state, '.simulated'))).toEqual([]);
});

it('refuses to assign a VF in the project that makes it, and says how it is done', async () => {
  place.write('vfio-compose.yaml', `${VFS}vms: { guest: { devices: { port: '0000:03:10.0' } } }\n`);
  const plan = await place.run('plan');
  expect(plan.err).toContain('vf-of-same-project');
  expect(plan.err).toMatch(/Bring up\s+a\s+project with "virtualFunctions" first/);
});
