import { release } from 'node:os';
import { equal } from './assert.ts';
import { cameBack, hostState, type HostState } from './host-state.ts';
import { freeHugePages, reserveHugePages } from './memory.ts';
import { findNics, groupOf, linkOf } from './pci.ts';
import { isThere, lockedBytesOf, openFilesOf, vfioInterrupts } from './process.ts';
import { ended, project, supervisorOf } from './project.ts';
import type { Scenario } from './scenario.ts';

const MIB = 1024 * 1024;
const HUGE_PAGES = 8;

/** Everything that a supervisor can hold, seen from outside of it; and that nothing of it outlives the way back. */
export const everythingHeld: Scenario = ({ test, cleanup }) => {
  const { alone } = findNics();
  const version1 = project('version1', `devices:\n  nic0: '${alone}'\niommu: type1\n${memory('anonymous', 2)}`);
  const everything = project(
    'everything',
    `devices:
  nic0:
    pci: ${alone}
    reset: required
    irqs: [{ index: msix, count: 2 }]
memory:
  - { iova: 0x40000000, size: 4MiB, backing: hugetlb, pageSize: 2MiB }
  - { iova: 0x80000000, size: 2MiB, backing: memfd }
  - { iova: 0xc0000000, size: 1MiB, access: read }
`,
  );
  let before: HostState;
  let plainEventfds: number;
  let supervisor: number;

  test('iommu: type1: up holds the device and its memory with the first version of type1', async () => {
    before = hostState();
    ended(await version1.up(), 0, 'up');
    const pid = await supervisorOf(version1);
    equal(linkOf(alone, 'driver'), 'vfio-pci', 'the driver');
    equal(lockedBytesOf(pid), 2 * MIB, 'the locked memory of the supervisor');
    plainEventfds = eventfdsOf(pid);
  });
  test('R-BACK-1: iommu: type1: after down the host is as before', async () => {
    ended(await version1.down(), 0, 'down');
    cameBack(before);
  });
  test('up holds huge pages, a memory file, read-only memory and interrupts', async () => {
    reserveHugePages(HUGE_PAGES);
    before = hostState();
    ended(await everything.up(), 0, 'up');
    supervisor = await supervisorOf(everything);
  });
  test('the supervisor has the container, the group, the device, the memory file and two eventfds open', () => {
    const files = openFilesOf(supervisor);
    const count = (name: string): number => files.filter((file) => file.startsWith(name)).length;
    equal(files.filter((file) => file === '/dev/vfio/vfio').length, 1, 'open containers');
    equal(files.filter((file) => file === `/dev/vfio/${groupOf(alone)}`).length, 1, 'open groups');
    equal(count('anon_inode:[vfio-device]'), 1, 'open devices');
    equal(count('/memfd:'), 1, 'memory files');
    equal(eventfdsOf(supervisor) - plainEventfds, 2, 'eventfds beside those of a supervisor without interrupts');
  });
  test('R-ORDER-5: the memory is pinned on the account of the one that holds it, and the huge pages are taken', () => {
    equal(freeHugePages(), HUGE_PAGES - 2, 'free huge pages');
    equal(lockedBytesOf(supervisor), (pinsZeroPages() ? 6 : 7) * MIB, 'the locked memory of the supervisor');
  });
  test('the kernel has connected the two interrupts', () => {
    equal(vfioInterrupts(alone).length, 2, 'lines of VFIO in /proc/interrupts');
  });
  test('R-BACK-1: after down nothing of it is left', async () => {
    ended(await everything.down(), 0, 'down');
    equal(isThere(supervisor), false, 'that the supervisor is there');
    equal(freeHugePages(), HUGE_PAGES, 'free huge pages');
    equal(vfioInterrupts(alone), [], 'lines of VFIO in /proc/interrupts');
    cameBack(before);
  });
  cleanup(async () => {
    await version1.clear();
    await everything.clear();
    reserveHugePages(0);
  });
};

const memory = (backing: string, mib: number): string =>
  `memory:\n  - { iova: 0x40000000, size: ${mib}MiB, backing: ${backing} }\n`;

/**
 * Before Linux 6.2, reading pins the zero page where anonymous memory was never written, and the zero page counts for
 * nobody (drivers/vfio/vfio_iommu_type1.c, is_invalid_reserved_pfn). Since then the pin gives the mapping pages of its
 * own ("reliable R/O long-term pinning in COW mappings", mm/gup.c).
 */
function pinsZeroPages(): boolean {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  return major < 6 || (major === 6 && minor < 2);
}

const eventfdsOf = (pid: number): number => openFilesOf(pid).filter((file) => file === 'anon_inode:[eventfd]').length;
