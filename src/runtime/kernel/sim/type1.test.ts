import { describe, expect, test } from 'vitest';
import { errnoOf, Session } from '../../../testing/session.ts';
import { host, region } from '../../../testing/index.ts';
import * as uapi from '../../uapi/index.ts';

const A = '0000:03:00.0';
const PAGE = 0x1000n;
const TOP = 1n << 64n;

async function started(
  builder = host().intelIommu(),
  type: 'type1' | 'type1v2' = 'type1v2',
): Promise<{ session: Session; container: number; memory: bigint }> {
  const session = new Session(builder.nic(A, { group: 17 }).build());
  await session.take(A);
  const { container } = session.joined([17], type);
  return { session, container, memory: session.memory(1n << 24n) };
}

/** MAP_DMA with any flags. */
const raw = (
  session: Session,
  container: number,
  values: { argsz?: number; flags?: number; vaddr?: bigint; iova?: bigint; size?: bigint },
) => {
  const argument = uapi.DMA_MAP.encode(uapi.abiOf('x86_64'), { argsz: 32, flags: 3, ...values });
  return errnoOf(() => session.kernel.ioctl(container, uapi.IOMMU_MAP_DMA.request('x86_64'), argument));
};

describe('MAP_DMA refuses in the order of the kernel', () => {
  test.each([
    ['a struct that is too short', { argsz: 31, size: PAGE }, 'EINVAL'],
    ['an unknown flag', { flags: 0x13, size: PAGE }, 'EINVAL'],
    ['size 0', { size: 0n }, 'EINVAL'],
    ['no permission', { flags: 0, size: PAGE }, 'EINVAL'],
    ['permissions with an address update', { flags: 7, size: PAGE }, 'EINVAL'],
    ['an address update of nothing', { flags: 4, size: PAGE }, 'ENOENT'],
    ['a size that is no multiple of the page', { size: PAGE + 1n }, 'EINVAL'],
    ['an IOVA inside a page', { iova: 0x800n, size: PAGE }, 'EINVAL'],
    ['the MSI window', { iova: 0xfee0_0000n, size: PAGE }, 'EINVAL'],
    ['a range that runs into the MSI window', { iova: 0xfedf_f000n, size: 2n * PAGE }, 'EINVAL'],
    ['beyond the address width', { iova: 1n << 48n, size: PAGE }, 'EINVAL'],
    ['memory that is not there', { vaddr: 0x5000n, size: PAGE }, 'EFAULT'],
  ])('%s', async (_what, values, code) => {
    const { session, container, memory } = await started();
    expect(raw(session, container, { vaddr: memory, iova: 0n, ...values })).toBe(code);
  });

  test('an overlap is EEXIST even where the range is not valid either', async () => {
    const { session, container, memory } = await started();
    session.map(container, memory, 0xfedf_f000n, PAGE);
    expect(raw(session, container, { vaddr: memory, iova: 0xfedf_f000n, size: 2n * PAGE })).toBe('EEXIST');
  });

  test('the entry limit is ENOSPC before the range is looked at', async () => {
    const { session, container, memory } = await started(
      host().intelIommu().module('vfio_iommu_type1', 'loaded', { dma_entry_limit: '2', allow_unsafe_interrupts: 'N' }),
    );
    session.map(container, memory, 0n, PAGE);
    session.map(container, memory, PAGE, PAGE);
    expect(raw(session, container, { vaddr: memory, iova: 0xfee0_0000n, size: PAGE })).toBe('ENOSPC');
    expect(uapi.getIommuInfo(session.kernel, container).mappingsLeft).toBe(0);
    expect(session.unmap(container, 0n, PAGE)).toBe(PAGE);
    expect(raw(session, container, { vaddr: memory, iova: 0n, size: PAGE })).toBe('no failure');
  });

  test.each([
    ['6.12.38-amd64', 'EINVAL'],
    ['6.18.0', 'EOVERFLOW'],
  ])('a range that wraps around on %s is %s', async (release, code) => {
    const { session, container, memory } = await started(host().intelIommu().kernel({ release }));
    expect(raw(session, container, { vaddr: memory, iova: TOP - PAGE, size: 2n * PAGE })).toBe(code);
    expect(raw(session, container, { vaddr: TOP - PAGE, iova: 0n, size: 2n * PAGE })).toBe(code);
    expect(errnoOf(() => session.unmap(container, TOP - PAGE, 2n * PAGE))).toBe(code);
  });

  test('the locked memory limit is ENOMEM, and unmapping gives it back', async () => {
    const { session, container, memory } = await started(
      host()
        .intelIommu()
        .memlock(3n * PAGE),
    );
    session.map(container, memory, 0n, 2n * PAGE);
    expect(raw(session, container, { vaddr: memory, iova: 0x10_0000n, size: 2n * PAGE })).toBe('ENOMEM');
    expect(raw(session, container, { vaddr: memory, iova: 0x10_0000n, size: PAGE })).toBe('no failure');
    session.unmap(container, 0n, 2n * PAGE);
    expect(raw(session, container, { vaddr: memory, iova: 0n, size: 2n * PAGE })).toBe('no failure');
  });

  test('a process that may lock anything is not bound by the limit', async () => {
    const { session, container, memory } = await started(host().intelIommu().memlock(PAGE, true));
    expect(raw(session, container, { vaddr: memory, iova: 0n, size: 8n * PAGE })).toBe('no failure');
  });
});

test('mappings may touch, and the last page of the address space can be mapped, and unmapped since 6.18', async () => {
  const builder = host().intelIommu({ addressBits: 64 }).kernel({ release: '6.18.0' });
  const { session, container, memory } = await started(builder);
  session.map(container, memory, 0n, PAGE);
  session.map(container, memory, PAGE, PAGE);
  session.map(container, memory, TOP - PAGE, PAGE);
  expect(session.unmap(container, TOP - PAGE, PAGE)).toBe(PAGE);
});

describe('UNMAP_DMA', () => {
  test('version 2 refuses to cut a mapping at either end, and removes several whole ones at once', async () => {
    const { session, container, memory } = await started();
    session.map(container, memory, 0n, 4n * PAGE);
    session.map(container, memory, 8n * PAGE, 2n * PAGE);
    expect(errnoOf(() => session.unmap(container, PAGE, 3n * PAGE))).toBe('EINVAL');
    expect(errnoOf(() => session.unmap(container, 0n, 2n * PAGE))).toBe('EINVAL');
    expect(session.unmap(container, 0n, 16n * PAGE)).toBe(6n * PAGE);
  });

  test('nothing there is a success of 0 bytes', async () => {
    const { session, container } = await started();
    expect(session.unmap(container, 0n, PAGE)).toBe(0n);
  });

  test('version 1 removes a mapping whole when its beginning is in the range, and nothing when it is not', async () => {
    const { session, container, memory } = await started(host().intelIommu(), 'type1');
    session.map(container, memory, 0n, 4n * PAGE);
    expect(session.unmap(container, PAGE, PAGE)).toBe(0n);
    expect(session.unmap(container, 0n, PAGE)).toBe(4n * PAGE);
  });

  test.each([
    ['size 0', 0n, 0n],
    ['a size inside a page', 0n, 0x800n],
    ['an IOVA inside a page', 0x800n, PAGE],
  ])('%s is EINVAL', async (_what, at, size) => {
    const { session, container } = await started();
    expect(errnoOf(() => session.unmap(container, at, size))).toBe('EINVAL');
  });

  test('the ALL flag takes everything and no range', async () => {
    const { session, container, memory } = await started();
    for (let i = 0n; i < 5n; i += 1n) session.map(container, memory, i * 2n * PAGE, PAGE);
    const all = (size: bigint) => {
      const argument = uapi.DMA_UNMAP.encode(uapi.abiOf('x86_64'), { argsz: 24, flags: 2, size });
      const code = errnoOf(() => session.kernel.ioctl(container, uapi.IOMMU_UNMAP_DMA.request('x86_64'), argument));
      return [code, uapi.DMA_UNMAP.read(uapi.abiOf('x86_64'), argument).size];
    };
    expect(all(PAGE)[0]).toBe('EINVAL');
    expect(all(0n)).toEqual(['no failure', 5n * PAGE]);
  });
});

test('the valid ranges are the aperture without the reserved regions of every group', async () => {
  const builder = host().intelIommu({ addressBits: 39 }).nic('0000:04:00.0', { group: 18 });
  builder.group(18, { reservedRegions: [region(0x8000_0000n, 0x8fff_ffffn, 'reserved')] });
  const session = new Session(builder.nic(A, { group: 17 }).build());
  await session.take(A);
  await session.take('0000:04:00.0');
  const { container, groups } = session.joined([17]);
  const top = (1n << 39n) - 1n;
  expect(uapi.getIommuInfo(session.kernel, container).ranges).toEqual([
    { first: 0n, last: 0xfedf_ffffn },
    { first: 0xfef0_0000n, last: top },
  ]);
  const late = session.group(18);
  uapi.setContainer(session.kernel, late, container);
  expect(uapi.getIommuInfo(session.kernel, container).ranges?.[0]).toEqual({ first: 0n, last: 0x7fff_ffffn });
  uapi.unsetContainer(session.kernel, late);
  expect(uapi.getIommuInfo(session.kernel, container).ranges).toHaveLength(2);
  session.map(container, session.memory(), 0x8000_0000n, PAGE);
  expect(errnoOf(() => uapi.setContainer(session.kernel, late, container))).toBe('EINVAL');
  expect(groups).toHaveLength(1);
});

test('the info of the IOMMU is the same bytes on a big-endian host', async () => {
  const { session, container } = await started(host().intelIommu().kernel({ architecture: 'ppc64' }));
  expect(uapi.getIommuInfo(session.kernel, container)).toMatchObject({ pageSizes: 0x4020_1000n, mappingsLeft: 65_535 });
});

test.each([
  ['AMD', host().amdIommu(), 0xffff_ff7f_ffff_f000n, TOP - 1n, 1],
  ['SMMUv3', host().smmuV3(), 0x4020_1000n, (1n << 48n) - 1n, 0],
])(
  'page sizes, width and coherency of %s are those seen on Linux 6.1',
  async (_name, builder, pageSizes, last, coherent) => {
    const { session, container } = await started(builder);
    const info = uapi.getIommuInfo(session.kernel, container);
    expect([info.pageSizes, info.ranges?.at(-1)?.last]).toEqual([pageSizes, last]);
    expect(uapi.checkExtension(session.kernel, container, uapi.EXTENSION.dmaCacheCoherent)).toBe(coherent);
  },
);

test('on a kernel of 64 KiB pages a mapping of 4 KiB is refused', async () => {
  const { session, container, memory } = await started(host().smmuV3().kernel({ pageSize: 65_536 }));
  expect(raw(session, container, { vaddr: memory, iova: 0n, size: PAGE })).toBe('EINVAL');
  expect(raw(session, container, { vaddr: memory, iova: 0n, size: 0x1_0000n })).toBe('no failure');
});

test('60,000 mappings in random order are made, counted and removed', async () => {
  const { session, container, memory } = await started();
  const count = 60_000n;
  const step = 7919n;
  for (let i = 0n; i < count; i += 1n) session.map(container, memory, ((i * step) % count) * PAGE, PAGE);
  expect(session.kernel.leaks().filter((line) => line.startsWith('mapping'))).toHaveLength(60_000);
  for (let i = 0n; i < count; i += 1n) session.unmap(container, ((i * 104_729n) % count) * PAGE, PAGE);
  expect(uapi.getIommuInfo(session.kernel, container).mappingsLeft).toBe(65_535);
});

test.each([
  ['6.1.0-40-amd64', 0n],
  ['6.18.0', PAGE],
])('an unmap that reaches the last address, on Linux %s, finds so many bytes: %s', async (release, found) => {
  const { session, container, memory } = await started(host().intelIommu().kernel({ release }));
  session.map(container, memory, 2n * PAGE, PAGE);
  expect(session.unmap(container, PAGE, TOP - PAGE)).toBe(found);
});
