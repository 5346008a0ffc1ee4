import { expect, test } from 'vitest';
import type { SimulatedIommu, SimulatedProcess } from '../../../model/index.ts';
import { host } from '../../../testing/index.ts';
import { errnoOf } from '../../../testing/session.ts';
import * as uapi from '../../uapi/index.ts';
import { containerIoctl } from '../../uapi/container-ioctl.ts';
import { SimulatedKernel } from './index.ts';

const EXTENSION = 40;
const A = 'ffe300000.crypto';
const B = 'ffe301000.jr';

/** An IOMMU that keeps a list of what it was asked, locks what it is told, and adds one to a number. */
function scripted(more: Partial<SimulatedIommu> = {}): {
  made: (process: SimulatedProcess) => SimulatedIommu;
  seen: string[];
} {
  const seen: string[] = [];
  const made = (process: SimulatedProcess): SimulatedIommu => ({
    attach: (group) => (seen.push(`attach ${group}`), null),
    detach: (group) => void seen.push(`detach ${group}`),
    release: () => void seen.push('release'),
    checkExtension: (extension) => (extension === EXTENSION ? 3 : 0),
    ioctl(number, argument) {
      if (number === 20 && argument instanceof DataView) {
        argument.setUint32(4, argument.getUint32(4, process.littleEndian) + 1, process.littleEndian);
        return 7;
      }
      if (number === 21 && argument instanceof DataView) {
        const at = argument.getBigUint64(0, process.littleEndian);
        const size = argument.getBigUint64(8, process.littleEndian);
        if (!process.hasMemory(at, size, 1n << 21n)) return { errno: 'EFAULT' };
        return process.lock(size) ? 0 : { errno: 'ENOMEM' };
      }
      return undefined;
    },
    ...more,
  });
  return { made, seen };
}

async function joined(architecture: string, more: Partial<SimulatedIommu> = {}) {
  const { made, seen } = scripted(more);
  const inventory = host()
    .kernel({ architecture })
    .withoutModule('vfio_iommu_type1')
    .memlock(8n << 20n)
    .hugePages(2n << 20n, 16)
    .platform(A, { group: 5, driver: 'vfio-platform', driverOverride: 'vfio-platform' })
    .platform(B, { group: 6, driver: 'vfio-platform', driverOverride: 'vfio-platform' })
    .group(5)
    .group(6)
    .build();
  const kernel = new SimulatedKernel(inventory, {
    backends: new Map([[EXTENSION, made]]),
    devices: new Map([
      [A, { resetHandler: true }],
      [B, { resetHandler: true }],
    ]),
  });
  const container = kernel.open('/dev/vfio/vfio', 'read-write');
  const join = (group: number): void =>
    uapi.setContainer(kernel, kernel.open(`/dev/vfio/${group}`, 'read-write'), container);
  const setModel = (type: number): void => uapi.setIommu(kernel, container, type);
  return { kernel, container, join, setModel, seen };
}

test('a kernel has the extension of its own backend, and what the backend says once it is set', async () => {
  const { kernel, container, join, setModel } = await joined('ppc');
  const check = () => kernel.ioctl(container, uapi.CHECK_EXTENSION.request('ppc'), EXTENSION);
  expect(check()).toBe(1);
  join(5);
  expect(check()).toBe(1);
  setModel(EXTENSION);
  expect(check()).toBe(3);
});

test('R-ORDER-1: groups are attached when the model is set and when they join later; the last that leaves releases all', async () => {
  const { kernel, join, setModel, seen } = await joined('ppc');
  expect(errnoOf(() => setModel(EXTENSION))).toBe('EINVAL');
  join(5);
  setModel(EXTENSION);
  join(6);
  kernel.kill();
  expect(seen).toEqual(['attach 5', 'attach 6', 'detach 5', 'detach 6', 'release']);
});

test('a group that the backend refuses stays outside, with the errno that the backend names', async () => {
  const { join, setModel } = await joined('ppc', { attach: () => 'ENOSPC' });
  join(5);
  expect(errnoOf(() => setModel(EXTENSION))).toBe('ENOSPC');
  expect(errnoOf(() => setModel(EXTENSION + 1))).toBe('ENODEV');
});

test.each(['ppc', 'x86_64'])(
  'on %s an ioctl reaches the backend by its number, in the byte order of the host',
  async (architecture) => {
    const { kernel, container, join, setModel } = await joined(architecture);
    join(5);
    setModel(EXTENSION);
    const answer = containerIoctl(kernel, container, { name: 'VFIO_TEST', number: 20 }, [
      { width: 4, value: 8n },
      { width: 4, value: 41n },
    ]);
    expect(answer).toEqual({ returned: 7, values: [8n, 42n] });
    const unknown = () => containerIoctl(kernel, container, { name: 'VFIO_TEST', number: 30 }, []);
    expect(errnoOf(unknown)).toBe('ENOTTY');
  },
);

test('memory is looked at with its pages, and charged to the limit of the process', async () => {
  const { kernel, container, join, setModel } = await joined('ppc');
  join(5);
  setModel(EXTENSION);
  const lock = (at: bigint, size: bigint) => () =>
    containerIoctl(kernel, container, { name: 'VFIO_TEST', number: 21 }, [
      { width: 8, value: at },
      { width: 8, value: size },
    ]);
  const small = kernel.mmap({ length: 4n << 20n, hugePageSize: null, fd: null });
  const huge = kernel.mmap({ length: 16n << 20n, hugePageSize: 2n << 20n, fd: null });
  expect(errnoOf(lock(small, 4n << 20n))).toBe('EFAULT');
  expect(errnoOf(lock(huge, 17n << 20n))).toBe('EFAULT');
  lock(huge, 6n << 20n)();
  expect(kernel.leaks()).toContain('1536 pages pinned');
  expect(errnoOf(lock(huge, 4n << 20n))).toBe('ENOMEM');
});
