import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Workplace } from '../testing/command.ts';
import { PCIE, relaxed } from '../testing/sim-board.ts';

vi.setConfig({ testTimeout: 60_000 });

const manifest = (more: string): string => `version: 1
name: fabric
iommu: noiommu
devices:
  port:
    platform: ${PCIE}
    reset: none
${more}`;
const EXPOSED = manifest('    ranges: expose\n    interruptMap: expose\n');

let place: Workplace;
beforeEach(() => {
  place = new Workplace(relaxed('N').vfio({ devtreeInfo: true }).build(), EXPOSED);
});
afterEach(async () => {
  await place.run('down', '-p', 'fabric');
  place.remove();
});

it('R-TREE-4, R-TREE-5: exposes the windows of a PCIe controller on a kernel that does, which says what the tree says', async () => {
  const plan = await place.run('plan');
  expect(plan.status).toBe(0);
  expect(plan.out).toContain('2 regions, 2 interrupts');
  expect(plan.out).toContain('ranges entry 0');
  expect(plan.out).toContain('interrupt-map entry 0');
  expect(await place.run('up', '-d', '--yes')).toMatchObject({ status: 0 });
  const table = await place.run('inspect', PCIE);
  expect(table.out).toMatch(/^ {2}1 +region .* ranges +0 /m);
  expect(table.out).toMatch(/^ {2}1 +interrupt .* interrupt-map +0 /m);
  expect(await place.run('down')).toMatchObject({ status: 0 });
});

it('R-TREE-4: runs on such a kernel where the manifest leaves windows to translating', async () => {
  place.write('vfio-compose.yaml', manifest(''));
  const plan = await place.run('plan');
  expect(plan.out).toContain('2 regions, 2 interrupts');
  expect(plan.out).not.toContain('ranges entry 0');
  expect(await place.run('up', '-d', '--yes')).toMatchObject({ status: 0 });
  expect(await place.run('down')).toMatchObject({ status: 0 });
});

it('R-TREE-4: refuses the same manifest on a kernel that only translates, for each of the two', async () => {
  const mainline = new Workplace(relaxed('N').build(), EXPOSED);
  try {
    const { status, err } = await mainline.run('plan');
    expect(status).toBe(4);
    expect(err.match(/error\[[^\]]*\]/g)).toEqual(['error[expose-not-offered]', 'error[expose-not-offered]']);
    expect(err).toMatch(/vfio-compose\.yaml:8:13[^]*vfio-compose\.yaml:9:19/);
    const table = await mainline.run('inspect', PCIE);
    expect(table.out).toMatch(/^ {2}- +region .* ranges +0 /m);
  } finally {
    mainline.remove();
  }
});
