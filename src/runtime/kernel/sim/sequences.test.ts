import fc from 'fast-check';
import { expect, test } from 'vitest';
import { host } from '../../../testing/index.ts';
import { bytes, iova } from '../../../model/address.ts';
import { KernelError, type Kernel } from '../port.ts';
import * as uapi from '../../uapi/index.ts';
import { SimulatedKernel } from './simulated-kernel.ts';

const DEVICES = ['0000:03:00.0', '0000:03:00.1', '0000:04:00.0', '0000:05:00.0'];
const GROUPS = [17, 18, 19];
const PAGE = 0x1000n;
const HUGE = 1n << 21n;

const machine = () =>
  host()
    .intelIommu()
    .memlock(40n * PAGE)
    .hugePages(HUGE, 4)
    .bridge('0000:00:01.0', { bus: '03' })
    .gpu('0000:03:00.0', { group: 17 })
    .audio('0000:03:00.1', { group: 17 })
    .nic('0000:04:00.0', { group: 18 })
    .nvme('0000:05:00.0', { group: 19 })
    .module('vfio_iommu_type1', 'loaded', { allow_unsafe_interrupts: 'N', dma_entry_limit: '6' })
    .build();

/** One call with small arguments: descriptors and addresses come from what a short run can have. */
type Act = (kernel: Kernel) => unknown;

const fd = fc.oneof(
  { weight: 1, arbitrary: fc.constant(3) },
  { weight: 2, arbitrary: fc.integer({ min: 2, max: 14 }) },
);
const address = fc.constantFrom(...DEVICES);
const page = fc.bigInt(0n, 24n).map((n) => n * PAGE);
const odd = fc.oneof({ weight: 9, arbitrary: page }, { weight: 1, arbitrary: fc.bigInt(0n, (1n << 64n) - 1n) });

/** Likely to succeed on what {@link running} sets up. */
const goodMap: fc.Arbitrary<Act> = fc
  .tuple(fc.bigInt(0n, 20n), fc.bigInt(0n, 40n), fc.bigInt(1n, 4n))
  .map(([from, at, pages]) => (k) => {
    const vaddr = 0x7fff_0000_0000n - (24n - from) * PAGE;
    uapi.mapDma(k, 3, { vaddr, iova: iova(at * PAGE), size: bytes(pages * PAGE), read: true, write: true });
  });

const anything: fc.Arbitrary<Act> = fc.oneof(
  address.map((a): Act => async (k) => {
    await k.writeFile(`/sys/bus/pci/devices/${a}/driver_override`, 'vfio-pci');
    await k.writeFile(`/sys/bus/pci/devices/${a}/driver/unbind`, a).catch(() => undefined);
    await k.writeFile('/sys/bus/pci/drivers/vfio-pci/bind', a);
  }),
  address.map(
    (a): Act =>
      (k) =>
        k.writeFile('/sys/bus/pci/drivers/vfio-pci/unbind', a),
  ),
  address.map((a): Act => async (k) => {
    await k.writeFile(`/sys/bus/pci/devices/${a}/driver_override`, '\n');
    await k.writeFile('/sys/bus/pci/drivers_probe', a);
  }),
  fc.constant<Act>((k) => k.open('/dev/vfio/vfio', 'read-write')),
  fc.constantFrom(...GROUPS).map(
    (g): Act =>
      (k) =>
        k.open(`/dev/vfio/${g}`, 'read-write'),
  ),
  fd.map(
    (f): Act =>
      (k) =>
        k.close(f),
  ),
  fc.tuple(fd, fd).map(
    ([g, c]): Act =>
      (k) =>
        uapi.setContainer(k, g, c),
  ),
  fd.map(
    (g): Act =>
      (k) =>
        uapi.unsetContainer(k, g),
  ),
  fc.tuple(fd, fc.constantFrom('type1' as const, 'type1v2' as const)).map(
    ([c, t]): Act =>
      (k) =>
        uapi.setIommu(k, c, t),
  ),
  fc.tuple(fd, address).map(
    ([g, a]): Act =>
      (k) =>
        uapi.getDeviceFd(k, g, a),
  ),
  fd.map((d): Act => (k) => [uapi.getDeviceInfo(k, d), uapi.getRegionInfo(k, d, 0), uapi.getPciHotResetInfo(k, d)]),
  fd.map(
    (d): Act =>
      (k) =>
        uapi.resetDevice(k, d),
  ),
  fc.tuple(fd, fc.integer({ min: 0, max: 5 }), fc.array(fd, { maxLength: 3 })).map(
    ([d, i, e]): Act =>
      (k) =>
        uapi.connectEventfds(k, d, i, e),
  ),
  fc.tuple(fd, fc.integer({ min: 0, max: 5 })).map(
    ([d, i]): Act =>
      (k) =>
        uapi.disableIrqs(k, d, i),
  ),
  fc.tuple(fd, odd, odd).map(([d, at, value]): Act => (k) => {
    const data = Buffer.alloc(8);
    data.writeBigUInt64LE(value);
    k.pwrite(d, data, (7n << 40n) + (at % 5000n));
    k.pread(d, 8, at);
  }),
  fc.tuple(odd, fc.boolean()).map(
    ([length, huge]): Act =>
      (k) =>
        k.mmap({ length, hugePageSize: huge ? HUGE : null, fd: null }),
  ),
  fc.tuple(odd, odd).map(
    ([down, length]): Act =>
      (k) =>
        k.munmap(0x7fff_0000_0000n - down, length),
  ),
  fc.tuple(fd, odd, odd, odd).map(([c, down, at, size]): Act => (k) => {
    const vaddr = (0x7fff_0000_0000n - down) & 0xffff_ffff_ffff_ffffn;
    uapi.mapDma(k, c, { vaddr, iova: iova(at), size: bytes(size), read: true, write: true });
  }),
  fc.tuple(fd, odd, odd).map(
    ([c, at, size]): Act =>
      (k) =>
        uapi.unmapDma(k, c, iova(at), bytes(size)),
  ),
  fd.map(
    (c): Act =>
      (k) =>
        uapi.getIommuInfo(k, c),
  ),
  fc.constant<Act>((k) => k.eventfd()),
  fc.boolean().map(
    (huge): Act =>
      (k) =>
        k.memfdCreate('m', huge ? HUGE : null),
  ),
  fc.tuple(fd, odd).map(
    ([f, size]): Act =>
      (k) =>
        k.ftruncate(f, size),
  ),
  fc.tuple(fd, page).map(
    ([f, length]): Act =>
      (k) =>
        k.mmap({ length, hugePageSize: null, fd: f }),
  ),
  fc.tuple(fd, fc.integer({ min: 0, max: 0xffff }), fc.uint8Array({ maxLength: 64 })).map(
    ([f, n, data]): Act =>
      (k) =>
        k.ioctl(f, { name: 'RANDOM', fdKind: 'device', number: 0x3b64 + (n % 0x20) }, Buffer.from(data)),
  ),
);

const acts = fc.oneof({ weight: 1, arbitrary: goodMap }, { weight: 3, arbitrary: anything });

interface Mapped {
  readonly first: bigint;
  readonly last: bigint;
  readonly space: string;
}

function mappingsOf(kernel: SimulatedKernel): Mapped[] {
  return kernel.leaks().flatMap((line) => {
    const match = /^mapping (0x[0-9a-f]+)-(0x[0-9a-f]+) in address space (\d+)$/.exec(line);
    return match ? [{ first: BigInt(match[1] ?? 0), last: BigInt(match[2] ?? 0), space: match[3] ?? '' }] : [];
  });
}

function checkInvariants(kernel: SimulatedKernel): number {
  for (const name of DEVICES) expect(kernel.deviceState(name)?.openCount ?? 0).toBeGreaterThanOrEqual(0);
  const mappings = mappingsOf(kernel);
  mappings.forEach(({ first, last, space }, i) => {
    expect(first).toBeLessThanOrEqual(last);
    const next = mappings[i + 1];
    if (next?.space === space) expect(next.first).toBeGreaterThan(last);
  });
  const pinned = Number(/^(\d+) pages pinned$/m.exec(kernel.leaks().join('\n'))?.[1] ?? 0);
  expect(pinned).toBe(mappings.reduce((sum, { first, last }) => sum + Number((last - first + 1n) / PAGE), 0));
  expect(pinned).toBeLessThanOrEqual(40);
  for (const pool of kernel.toInventory().hugePages) {
    expect(pool.free).toBeGreaterThanOrEqual(0);
    expect(pool.free).toBeLessThanOrEqual(pool.total);
  }
  return mappings.length;
}

/** Everything open and some memory, so that random calls find something to break: descriptors 3 to 9. */
async function running(kernel: SimulatedKernel): Promise<void> {
  for (const name of DEVICES) {
    const device = `/sys/bus/pci/devices/${name}`;
    await kernel.writeFile(`${device}/driver_override`, 'vfio-pci');
    await kernel.writeFile(`${device}/driver/unbind`, name);
    await kernel.writeFile('/sys/bus/pci/drivers/vfio-pci/bind', name);
  }
  const container = kernel.open('/dev/vfio/vfio', 'read-write');
  const groups = GROUPS.map((id) => kernel.open(`/dev/vfio/${id}`, 'read-write'));
  for (const group of groups) uapi.setContainer(kernel, group, container);
  uapi.setIommu(kernel, container, 'type1v2');
  await uapi.getDeviceFd(kernel, groups[0] ?? -1, '0000:03:00.0');
  await uapi.getDeviceFd(kernel, groups[1] ?? -1, '0000:04:00.0');
  kernel.eventfd();
  kernel.mmap({ length: 24n * PAGE, hugePageSize: null, fd: null });
}

test('no sequence of calls throws anything but a KernelError, and after closing everything nothing is left', async () => {
  let most = 0;
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.array(acts, { minLength: 20, maxLength: 120 }), async (started, sequence) => {
      const before = machine();
      const kernel = new SimulatedKernel(before);
      if (started) await running(kernel);
      for (const act of sequence) {
        try {
          await act(kernel);
        } catch (error) {
          if (!(error instanceof KernelError) && !(error instanceof uapi.TooFewInterrupts)) throw error;
        }
        most = Math.max(most, checkInvariants(kernel));
      }
      kernel.kill();
      expect(kernel.leaks()).toEqual([]);
      expect(kernel.toInventory().hugePages).toEqual(before.hugePages);
      for (const name of DEVICES) expect(kernel.deviceState(name)?.openCount ?? 0).toBe(0);
    }),
    { numRuns: 300 },
  );
  // A run in which nothing could be mapped would prove nothing about mappings.
  expect(most).toBeGreaterThanOrEqual(4);
});

test('R-BACK-1: after any sequence, giving every device back gives the host back whole', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(acts, { maxLength: 60 }), async (sequence) => {
      const before = machine();
      const kernel = new SimulatedKernel(before);
      for (const act of sequence)
        await Promise.resolve(kernel)
          .then(act)
          .catch(() => undefined);
      kernel.kill();
      for (const name of DEVICES) {
        const device = `/sys/bus/pci/devices/${name}`;
        if (kernel.exists(`${device}/driver`)) await kernel.writeFile(`${device}/driver/unbind`, name);
        await kernel.writeFile(`${device}/driver_override`, '\n');
        await kernel.writeFile('/sys/bus/pci/drivers_probe', name);
      }
      expect(kernel.toInventory()).toEqual(before);
    }),
    { numRuns: 150 },
  );
});
