import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Workplace } from '../testing/command.ts';
import { midwayHost, XGMAC } from '../testing/platform-plan.ts';

vi.setConfig({ testTimeout: 120_000 });

// Without an IOMMU: its plan switches a parameter that other projects may need as well.
const MANIFEST = `version: 1\nname: edge\niommu: noiommu\ndevices:\n  wan: { platform: ${XGMAC} }\n`;
const DAMAGED = '{"format_version":1,"na';
const OF_THE_FUTURE = '{"format_version":2,"name":"other"}';
const PARAMETER = 'write N to /sys/module/vfio/parameters/enable_unsafe_noiommu_mode';

let place: Workplace;
beforeEach(() => {
  place = new Workplace(midwayHost().build(), MANIFEST);
});
afterEach(async () => {
  await place.run('down', '-p', 'other', '--forget');
  await place.run('down', '-p', 'edge');
  place.remove();
});

function recordOther(text: string): void {
  mkdirSync(join(place.state, 'other'), { mode: 0o700 });
  writeFileSync(join(place.state, 'other', 'state.json'), text);
}

const driverNow = async (): Promise<unknown> => {
  const { devices } = JSON.parse((await place.run('inspect', '-o', 'json')).out) as { devices: { driver: unknown }[] };
  return devices[0]?.driver;
};

it.each([
  ['is damaged', DAMAGED],
  ['is of a later version', OF_THE_FUTURE],
])('R-BACK-2: a project goes back where the record of another %s, and is listed until then', async (_, text) => {
  expect(await place.run('up', '-d', '--yes')).toMatchObject({ status: 0 });
  recordOther(text);
  const ps = await place.run('ps', '-o', 'json');
  expect(ps.status).toBe(5);
  expect(ps.err).toContain(join('other', 'state.json'));
  expect(JSON.parse(ps.out)).toMatchObject({ projects: [{ name: 'edge', status: 'running' }] });
  expect(await place.run('down', '-p', 'edge')).toMatchObject({ status: 0 });
  expect(existsSync(join(place.state, 'edge'))).toBe(false);
  expect(await driverNow()).toBe('calxedaxgmac');
});

it('R-BACK-2: leaves a parameter that a project with an unreadable record may need, and says so', async () => {
  const { pid } = await upAndOwner();
  process.kill(pid, 'SIGKILL');
  recordOther(DAMAGED);
  const down = await place.run('down', '-p', 'edge');
  expect(down).toMatchObject({ status: 0 });
  expect(down.err).toContain(`left    ${PARAMETER}: project other may need it`);
  expect(down.err).not.toContain(`ok      ${PARAMETER}`);
});

it('R-BACK-2: plans nothing beside a project whose record cannot be read: it may have any device', async () => {
  mkdirSync(place.state, { mode: 0o700 });
  recordOther(DAMAGED);
  const up = await place.run('up', '-d', '--yes');
  expect(up.status).toBe(5);
  expect(up.err).toContain('--forget');
  expect(existsSync(join(place.state, 'edge'))).toBe(false);
});

async function upAndOwner(): Promise<{ readonly pid: number }> {
  expect(await place.run('up', '-d', '--yes')).toMatchObject({ status: 0 });
  const { projects } = JSON.parse((await place.run('ps', '-o', 'json')).out) as { projects: { pid: number }[] };
  const pid = projects[0]?.pid;
  if (pid === undefined) throw new Error('edge is not listed');
  return { pid };
}
