import { expect, test } from 'vitest';
import { errnoOf, errnoOfLater } from '../../testing/session.ts';
import { host } from '../../testing/index.ts';
import { FaultKernel, Killed, type Fault } from './fault.ts';
import { SimulatedKernel } from './sim/index.ts';

const NIC = '0000:03:00.0';
const override = `/sys/bus/pci/devices/${NIC}/driver_override`;

function broken(fault: Fault): { kernel: FaultKernel; inner: SimulatedKernel } {
  const inner = new SimulatedKernel(host().intelIommu().nic(NIC, { group: 17 }).build());
  return { inner, kernel: new FaultKernel(inner, fault) };
}

test('the k-th call fails before it takes effect, and only that one', () => {
  const { kernel, inner } = broken({ at: 2, when: 'before', how: 'EMFILE' });
  kernel.eventfd();
  expect(errnoOf(() => kernel.eventfd())).toBe('EMFILE');
  expect(inner.leaks()).toHaveLength(1);
  expect(errnoOf(() => kernel.eventfd())).toBe('no failure');
  expect(kernel.happened).toBe(true);
  expect(kernel.calls).toBe(3);
});

test('a failure after the call hides an effect that is there', async () => {
  const { kernel, inner } = broken({ at: 1, when: 'after', how: 'EIO' });
  expect(await errnoOfLater(kernel.writeFile(override, 'vfio-pci'))).toBe('EIO');
  expect(inner.readFile(override)).toBe('vfio-pci\n');
});

test('a failure names the call and what it was about', () => {
  const { kernel } = broken({ at: 1, when: 'before', how: 'EACCES' });
  expect(() => kernel.open('/dev/vfio/17', 'read-write')).toThrow(
    expect.objectContaining({ call: 'open', target: '/dev/vfio/17', code: 'EACCES', errno: 13 }),
  );
});

test.each(['before', 'after'] as const)('R-BACK-2: a process killed %s a call makes no further one', async (when) => {
  const { kernel, inner } = broken({ at: 2, when, how: 'kill' });
  kernel.eventfd();
  await expect(kernel.writeFile(override, 'vfio-pci')).rejects.toBeInstanceOf(Killed);
  expect(inner.readFile(override)).toBe(when === 'before' ? '(null)\n' : 'vfio-pci\n');
  expect(() => kernel.eventfd()).toThrow(Killed);
  await expect(kernel.sleep(1)).rejects.toBeInstanceOf(Killed);
  expect(inner.leaks()).toHaveLength(1);
});

test('a call that fails by itself after which the process is killed stays without effect', async () => {
  const { kernel } = broken({ at: 1, when: 'after', how: 'kill' });
  await expect(kernel.writeFile('/sys/nosuch', 'x')).rejects.toBeInstanceOf(Killed);
});

test('only the calls that count are counted', async () => {
  const { kernel } = broken({ at: 1, when: 'before', how: 'EBUSY', counts: ({ name }) => name === 'write' });
  kernel.eventfd();
  expect(kernel.happened).toBe(false);
  expect(await errnoOfLater(kernel.writeFile(override, 'vfio-pci'))).toBe('EBUSY');
});
