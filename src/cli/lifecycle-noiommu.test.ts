import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Workplace } from '../testing/command.ts';
import { midwayHost, XGMAC } from '../testing/platform-plan.ts';

vi.setConfig({ testTimeout: 60_000 });

const MANIFEST = `version: 1
name: edge
iommu: noiommu
devices:
  wan:
    platform: ${XGMAC}
    irqs: [{ index: 0, unmask: eventfd }]
`;

let place: Workplace;
beforeEach(() => {
  place = new Workplace(midwayHost().build(), MANIFEST);
});
afterEach(async () => {
  await place.run('down', '-p', 'edge');
  place.remove();
});

const driverNow = async (): Promise<unknown> => {
  const { devices } = JSON.parse((await place.run('inspect', '-o', 'json')).out) as { devices: { driver: unknown }[] };
  return devices[0]?.driver;
};

it('R-GROUP-3, R-BACK-1: holds a device without an IOMMU, is listed without a group, and gives it back', async () => {
  const up = await place.run('up', '-d', '--yes');
  expect(up).toMatchObject({ status: 0 });
  expect(up.err).toContain('NO IOMMU');
  expect(up.err).toContain('UNSAFE');
  expect(await driverNow()).toBe('vfio-platform');
  const ps = await place.run('ps');
  expect(ps.out).toContain('NO IOMMU');
  expect(ps.out).not.toContain('null');
  const projects = JSON.parse((await place.run('ps', '-o', 'json')).out) as object;
  expect(projects).toMatchObject({
    projects: [{ devices: [{ bus: 'platform', address: XGMAC, group: null, heldBy: [] }] }],
  });
  expect(await place.run('down')).toMatchObject({ status: 0 });
  expect(await driverNow()).toBe('calxedaxgmac');
});

it('R-BACK-2: finishes the way back of a device without an IOMMU after its supervisor was killed', async () => {
  await place.run('up', '-d', '--yes');
  const record = JSON.parse(readFileSync(join(place.state, 'edge', 'state.json'), 'utf8')) as {
    owner: { pid: number };
  };
  process.kill(record.owner.pid, 'SIGKILL');
  expect(await driverNow()).toBe('vfio-platform');
  const down = await place.run('down');
  expect(down).toMatchObject({ status: 0 });
  expect(down.err).toContain('write N to /sys/module/vfio/parameters/enable_unsafe_noiommu_mode');
  expect(await driverNow()).toBe('calxedaxgmac');
});

it('runs a saved plan of a device without an IOMMU, and refuses it where the device is taken already', async () => {
  await place.run('plan', '--out', 'saved.json');
  expect(await place.run('up', '--plan', 'saved.json', '-d', '--yes')).toMatchObject({ status: 0 });
  place.write('other.yaml', MANIFEST.replace('name: edge', 'name: rival'));
  const rival = await place.run('up', '-d', '--yes', '-f', 'other.yaml');
  expect(rival.status).not.toBe(0);
  expect(rival.err).toContain(XGMAC);
  expect(await place.run('down', '-p', 'edge')).toMatchObject({ status: 0 });
});

it.each([
  ['a supervisor takes the first back', 'SIGCONT'],
  ['down does, after a crash', 'SIGKILL'],
] as const)('R-BACK-1: of two projects that need a parameter, the last one out puts it back: %s', async (_, signal) => {
  const parameter = '/sys/module/vfio/parameters/enable_unsafe_noiommu_mode';
  place.remove();
  const nic = '0000:05:00.0';
  const machine = midwayHost().nic(nic, { group: null }).module('vfio_pci', 'available');
  place = new Workplace(machine.build(), MANIFEST);
  const other = `version: 1\nname: second\niommu: noiommu\ndevices: { lan: { pci: '${nic}', reset: preferred } }\n`;
  place.write('other.yaml', other);
  expect(await place.run('up', '-d', '--yes')).toMatchObject({ status: 0 });
  expect(await place.run('up', '-d', '--yes', '-f', 'other.yaml')).toMatchObject({ status: 0 });
  const owner = JSON.parse(readFileSync(join(place.state, 'edge', 'state.json'), 'utf8')) as { owner: { pid: number } };
  process.kill(owner.owner.pid, signal);
  const first = await place.run('down', '-p', 'edge');
  expect(first).toMatchObject({ status: 0 });
  expect(first.err).toContain(`write N to ${parameter}: project second needs it as it is, and puts it back`);
  const second = await place.run('down', '-p', 'second', '--verbose');
  expect(second).toMatchObject({ status: 0 });
  expect(await place.run('plan', '--detailed-exitcode')).toMatchObject({ status: 2 });
  expect((await place.run('plan')).out).toContain(`write Y to ${parameter}`);
});
