import { expect, test } from 'vitest';
import { bytes } from '../../../model/index.ts';
import { errnoOf, errnoOfLater, Session } from '../../../testing/session.ts';
import { host } from '../../../testing/index.ts';

const PAGE = 0x1000n;
const HUGE = 1n << 21n;
const A = '0000:03:00.0';

async function started(): Promise<{ session: Session; container: number }> {
  const session = new Session(host().intelIommu().hugePages(HUGE, 8, 4).nic(A, { group: 17 }).build());
  await session.take(A);
  return { session, container: session.joined([17]).container };
}
const free = ({ kernel }: Session) => kernel.toInventory().hugePages[0]?.free;

test('memory lies on its page size, and nothing is left of it after munmap', async () => {
  const { session } = await started();
  const { kernel } = session;
  const address = kernel.mmap({ length: 3n * HUGE, hugePageSize: HUGE, fd: null });
  expect(address % HUGE).toBe(0n);
  expect(free(session)).toBe(1);
  kernel.munmap(address, 3n * HUGE);
  expect(free(session)).toBe(4);
  expect(kernel.leaks().filter((line) => line.startsWith('memory'))).toEqual([]);
});

test.each([
  ['more huge pages than are free', { length: 5n * HUGE, hugePageSize: HUGE, fd: null }, 'ENOMEM'],
  ['a page size that the host does not have', { length: HUGE, hugePageSize: 1n << 30n, fd: null }, 'EINVAL'],
  ['no length', { length: 0n, hugePageSize: null, fd: null }, 'EINVAL'],
  ['more than the address space', { length: 1n << 60n, hugePageSize: null, fd: null }, 'ENOMEM'],
  ['a file that is not open', { length: PAGE, hugePageSize: null, fd: 99 }, 'EBADF'],
])('mmap of %s is refused', async (_what, request, code) => {
  const { session } = await started();
  expect(errnoOf(() => session.kernel.mmap(request))).toBe(code);
  expect(free(session)).toBe(4);
});

test('a file of huge pages keeps them until its descriptor and its mappings are gone', async () => {
  const { session } = await started();
  const { kernel } = session;
  const fd = kernel.memfdCreate('guest', HUGE);
  kernel.ftruncate(fd, 2n * HUGE);
  expect(free(session)).toBe(4);
  const address = kernel.mmap({ length: 2n * HUGE, hugePageSize: null, fd });
  expect(free(session)).toBe(2);
  kernel.close(fd);
  expect(free(session)).toBe(2);
  kernel.munmap(address, 2n * HUGE);
  expect(free(session)).toBe(4);
});

test('the size of a file of huge pages is a multiple of them, and its page size must exist', async () => {
  const { kernel } = (await started()).session;
  expect(errnoOf(() => kernel.ftruncate(kernel.memfdCreate('x', HUGE), PAGE))).toBe('EINVAL');
  expect(errnoOf(() => kernel.memfdCreate('x', 1n << 30n))).toBe('ENODEV');
  expect(errnoOf(() => kernel.ftruncate(kernel.eventfd(), PAGE))).toBe('EINVAL');
});

test('a file can be pinned up to its end only', async () => {
  const { session, container } = await started();
  const fd = session.kernel.memfdCreate('guest', null);
  const address = session.kernel.mmap({ length: 4n * PAGE, hugePageSize: null, fd });
  expect(errnoOf(() => session.map(container, address, 0n, PAGE))).toBe('EFAULT');
  session.kernel.ftruncate(fd, 2n * PAGE);
  expect(errnoOf(() => session.map(container, address, 0n, 3n * PAGE))).toBe('EFAULT');
  expect(errnoOf(() => session.map(container, address, 0n, 2n * PAGE))).toBe('no failure');
});

test('memory can be unmapped in parts: what is left can still be pinned, what is gone cannot', async () => {
  const { session, container } = await started();
  const address = session.memory(8n * PAGE);
  session.kernel.munmap(address + 2n * PAGE, 3n * PAGE);
  expect(errnoOf(() => session.map(container, address, 0n, 3n * PAGE))).toBe('EFAULT');
  session.map(container, address, 0n, 2n * PAGE);
  session.map(container, address + 5n * PAGE, 0x10_0000n, 3n * PAGE);
});

test('huge pages cannot be unmapped in part', async () => {
  const { session } = await started();
  const address = session.kernel.mmap({ length: 2n * HUGE, hugePageSize: HUGE, fd: null });
  expect(errnoOf(() => session.kernel.munmap(address, PAGE))).toBe('EINVAL');
  expect(errnoOf(() => session.kernel.munmap(address + 1n, HUGE))).toBe('EINVAL');
  session.kernel.munmap(address, HUGE);
  expect(free(session)).toBe(3);
});

test('a mapping keeps its memory pinned after munmap, until it is removed', async () => {
  const { session, container } = await started();
  const address = session.memory(4n * PAGE);
  session.map(container, address, 0n, 4n * PAGE);
  session.kernel.munmap(address, 4n * PAGE);
  expect(session.kernel.leaks()).toContain('4 pages pinned');
  session.unmap(container, 0n, 4n * PAGE);
  expect(session.kernel.leaks().some((line) => line.includes('pinned'))).toBe(false);
});

test('descriptors are the lowest free numbers, as POSIX has it', async () => {
  const { kernel } = (await started()).session;
  const [a, b, c] = [kernel.eventfd(), kernel.eventfd(), kernel.eventfd()];
  kernel.close(a);
  kernel.close(b);
  expect([kernel.eventfd(), kernel.eventfd(), kernel.eventfd()]).toEqual([a, b, c + 1]);
  expect(errnoOf(() => kernel.close(999))).toBe('EBADF');
});

const NR = '/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages';

test('a pool takes and gives back free pages; those in use go when they are let go of, as set_max_huge_pages has it', async () => {
  const session = new Session(host().intelIommu().hugePages(HUGE, 8, 4).build());
  const { kernel } = session;
  const set = (text: string) => errnoOfLater(kernel.writeFile(NR, text));
  expect(await set('10')).toBe('no failure');
  expect(kernel.toInventory().hugePages).toMatchObject([{ total: 10, free: 6 }]);
  const address = kernel.mmap({ length: 6n * HUGE, hugePageSize: HUGE, fd: null });
  expect(await set('7')).toBe('no failure');
  expect(kernel.readFile(NR)).toBe('10\n');
  kernel.munmap(address, 6n * HUGE);
  expect(kernel.toInventory().hugePages).toMatchObject([{ total: 7, free: 3 }]);
  expect(await set('many')).toBe('EINVAL');
  expect(errnoOf(() => kernel.readFile(NR.replace('2048', '4')))).toBe('ENOENT');
});

test('a pool gets no more pages than there is memory for, without an error', async () => {
  const session = new Session(host().intelIommu().hugePages(HUGE, 8).build(), { hugePagesToFind: 3 });
  await session.kernel.writeFile(NR, '20');
  expect(session.kernel.readFile(NR)).toBe('11\n');
});

test('the limit of locked memory goes up to the hard one, and above it with CAP_SYS_RESOURCE only', () => {
  const limited = (mayRaiseLimits: boolean) =>
    new Session(
      host()
        .intelIommu()
        .memlock(PAGE, false, { memlockHard: bytes(2n * PAGE), mayRaiseLimits })
        .build(),
    ).kernel;
  const kernel = limited(false);
  expect(errnoOf(() => kernel.setMemlockLimit(2n * PAGE, 2n * PAGE))).toBe('no failure');
  expect(errnoOf(() => kernel.setMemlockLimit(3n * PAGE, 2n * PAGE))).toBe('EINVAL');
  expect(errnoOf(() => kernel.setMemlockLimit(null, null))).toBe('EPERM');
  expect(errnoOf(() => limited(true).setMemlockLimit(null, null))).toBe('no failure');
});
