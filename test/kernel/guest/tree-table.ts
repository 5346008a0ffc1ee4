import { equal, holds } from './assert.ts';
import { vfioCompose } from './command.ts';
import { ended } from './project.ts';
import type { DeviceInfo } from './vfio.ts';

/** A row of the correlation table, as far as the kernel has an answer of its own to it. */
interface Row {
  readonly vfio_index: number | null;
  readonly kind: 'region' | 'interrupt';
  readonly property: string;
  readonly dt_index: number;
  readonly size?: string;
  readonly trigger?: string;
}

/**
 * The table that `inspect` takes from the tree is what the kernel says of the opened device: as many regions and
 * interrupts, in this order, of this size and this kind. An interrupt that the kernel masks is one of level.
 */
export async function tableAgrees(device: string, kernel: DeviceInfo): Promise<void> {
  const inspect = await vfioCompose(['inspect', device, '-o', 'json']);
  ended(inspect, 0, `inspect ${device}`);
  const { tree } = JSON.parse(inspect.stdout) as { tree: { table: Row[] } };
  const exposed = tree.table.filter((row) => row.vfio_index !== null);
  const rows = (kind: Row['kind']): readonly Row[] => exposed.filter((row) => row.kind === kind);
  holds(kernel.regions.length > 0 && kernel.irqs.length > 0, `${device} has no region or no interrupt`);
  equal(
    rows('region').map(({ vfio_index, size }) => ({ index: vfio_index, size })),
    kernel.regions.map(({ size }, index) => ({ index, size })),
    `the regions of ${device}`,
  );
  equal(
    rows('interrupt').map(({ vfio_index, trigger }) => ({ index: vfio_index, trigger: trigger?.split('-')[0] })),
    kernel.irqs.map(({ flags }, index) => ({ index, trigger: flags === 7 ? 'level' : 'edge' })),
    `the interrupts of ${device}`,
  );
  equal(
    exposed.map(({ property, dt_index }) => `${property} ${dt_index}`),
    [...kernel.regions.map((_, index) => `reg ${index}`), ...kernel.irqs.map((_, index) => `interrupts ${index}`)],
    `where the tree of ${device} has them`,
  );
}
