import { readFileSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { equal, holds } from './assert.ts';
import { cameBack, hostState, type HostState } from './host-state.ts';
import { mapAnonymous, unmapMemory } from './libc.ts';
import { PCI, attribute, bindTo, findNics, giveBack, groupOf, linkOf, membersOf } from './pci.ts';
import { attach } from './report-port.ts';
import type { Scenario } from './scenario.ts';
import * as vfio from './vfio.ts';
import { rawFacts } from './facts.ts';

const PAGE = 4096n;
const MEMORY = 2 * 1024 * 1024;
const IOVA = 0x4000_0000n;
const ENTRY_LIMIT = '/sys/module/vfio_iommu_type1/parameters/dma_entry_limit';

/**
 * The kernel alone, without the product: that this machine has what the other scenarios rely on, and what its kernel
 * answers where the simulated kernel has to answer the same.
 */
export const rawSmoke: Scenario = ({ test, cleanup, machine }) => {
  const { alone, shared } = findNics();
  const facts: Record<string, unknown> = {};
  let before: HostState;
  let container: number;
  let group: number;
  let device: number;
  let memory: bigint;
  const others: number[] = [];

  test('the machine hands out its raw facts', () => {
    attach(`facts-${machine}.txt`, rawFacts());
    before = hostState();
  });
  test('every NIC has its host driver and a network interface', () => {
    for (const nic of [alone, ...shared]) {
      const { driver, override, hasNetdev } = before.devices[nic] ?? {};
      equal({ driver, override, hasNetdev }, { driver: 'e1000e', override: '(null)', hasNetdev: true }, nic);
    }
  });
  test('the ports of the card share one group, with nothing else but bridges in it', () => {
    const endpoints = membersOf(groupOf(shared[0])).filter((name) => !attribute(name, 'class').startsWith('0x0604'));
    equal(endpoints, shared, 'the endpoints');
  });
  test('the lone NIC moves to vfio-pci', () => {
    bindTo(alone, 'vfio-pci');
    equal(linkOf(alone, 'driver'), 'vfio-pci', 'its driver');
  });
  test('SET_IOMMU and MAP_DMA without a group fail with EINVAL', () => {
    container = vfio.openContainer();
    equal(vfio.apiVersion(container).value, 0, 'the API version');
    facts['extensionsBefore'] = extensions(container);
    equal(vfio.setIommu(container, vfio.TYPE1V2).errno, 'EINVAL', 'SET_IOMMU');
    equal(vfio.mapDma(container, 0n, IOVA, PAGE).errno, 'EINVAL', 'MAP_DMA');
  });
  test('the group joins the container and type1v2 is set', () => {
    group = vfio.openGroup(groupOf(alone));
    equal(vfio.groupStatus(group), 1, 'the status before');
    equal(vfio.deviceFd(group, alone).errno, 'EINVAL', 'GET_DEVICE_FD without a container');
    vfio.succeed('SET_CONTAINER', vfio.setContainer(group, container));
    equal(vfio.groupStatus(group), 3, 'the status after');
    equal(vfio.deviceFd(group, alone).errno, 'EINVAL', 'GET_DEVICE_FD without an IOMMU type');
    vfio.succeed('SET_IOMMU', vfio.setIommu(container, vfio.TYPE1V2));
    equal(vfio.setIommu(container, vfio.TYPE1V2).errno, 'EINVAL', 'SET_IOMMU again');
    facts['extensionsAfter'] = extensions(container);
  });
  test('a group is opened once and joins one container', () => {
    equal(vfio.openError(groupOf(alone)), 'EBUSY', 'the second open');
    const second = vfio.openContainer();
    others.push(second);
    equal(vfio.setContainer(group, second).errno, 'EINVAL', 'SET_CONTAINER again');
  });
  test('IOMMU_GET_INFO has page sizes, ranges and dma_avail', () => {
    const info = vfio.iommuInfo(container);
    facts['iommu'] = info;
    holds((BigInt(info.pageSizes) & PAGE) !== 0n, `no 4 KiB pages in ${info.pageSizes}`);
    holds(info.iovaRanges.length > 0, 'no IOVA range');
    equal(info.dmaAvail, 65535, 'dma_avail');
  });
  test('anonymous memory is mapped; twice fails with EEXIST', () => {
    memory = mapAnonymous(MEMORY);
    vfio.succeed('MAP_DMA', vfio.mapDma(container, memory, IOVA, BigInt(MEMORY)));
    equal(vfio.mapDma(container, memory, IOVA, BigInt(MEMORY)).errno, 'EEXIST', 'the same mapping');
    equal(vfio.mapDma(container, memory, IOVA + PAGE, PAGE).errno, 'EEXIST', 'a mapping inside');
    equal(vfio.iommuInfo(container).dmaAvail, 65534, 'dma_avail');
  });
  test('a mapping over the MSI window fails with EINVAL', () => {
    const window = vfio.msiWindow(groupOf(alone));
    facts['msi'] = [window.start, window.end].map((address) => `0x${address.toString(16)}`);
    equal(vfio.mapDma(container, memory, window.start, PAGE).errno, 'EINVAL', 'its first page');
    equal(vfio.mapDma(container, memory, window.start - PAGE, 2n * PAGE).errno, 'EINVAL', 'across its start');
    vfio.succeed('the page below it', vfio.mapDma(container, memory, window.start - PAGE, PAGE));
  });
  test('bad mappings are refused with the documented errno', () => {
    const table: Record<string, string | undefined> = {
      'size 0': vfio.mapDma(container, memory, 0x1000_0000n, 0n).errno,
      'odd size': vfio.mapDma(container, memory, 0x1000_0000n, 100n).errno,
      'odd iova': vfio.mapDma(container, memory, 0x1000_0100n, PAGE).errno,
      'odd vaddr': vfio.mapDma(container, memory + 16n, 0x1000_0000n, PAGE).errno,
      'no access': vfio.mapDma(container, memory, 0x1000_0000n, PAGE, 0).errno,
      'unknown flag': vfio.mapDma(container, memory, 0x1000_0000n, PAGE, 0x103).errno,
      'wrapping iova': vfio.mapDma(container, memory, 0xffff_ffff_ffff_f000n, 2n * PAGE).errno,
      'top of 64 bits': vfio.mapDma(container, memory, 0xffff_ffff_ffff_f000n, PAGE).errno,
      'unmapped vaddr': vfio.mapDma(container, 0x1000n, 0x1000_0000n, PAGE).errno,
    };
    facts['mapErrors'] = table;
    equal(table['size 0'], 'EINVAL', 'size 0');
    equal(table['odd size'], 'EINVAL', 'an odd size');
    equal(table['odd iova'], 'EINVAL', 'an odd iova');
    equal(table['odd vaddr'], 'EINVAL', 'an odd vaddr');
    equal(table['no access'], 'EINVAL', 'no access');
    equal(table['unknown flag'], 'EINVAL', 'an unknown flag');
    // Linux 6.1 says EINVAL here; newer kernels tell the two cases apart.
    holds(['EINVAL', 'EOVERFLOW'].includes(table['wrapping iova'] ?? ''), `a wrapping iova: ${table['wrapping iova']}`);
    equal(table['unmapped vaddr'], 'EFAULT', 'an unmapped vaddr');
  });
  test('an unmap that cuts a mapping fails with EINVAL, a whole one tells its bytes', () => {
    equal(vfio.unmapDma(container, IOVA, PAGE).errno, 'EINVAL', 'a cutting unmap');
    const hole = vfio.unmapDma(container, 0x2000_0000n, PAGE);
    facts['unmapHole'] = { errno: hole.errno, bytes: Number(hole.bytes) };
    equal([hole.errno, hole.bytes], [undefined, 0n], 'an unmap of nothing');
    const whole = vfio.unmapDma(container, IOVA, BigInt(MEMORY));
    equal([whole.errno, whole.bytes], [undefined, BigInt(MEMORY)], 'the whole unmap');
  });
  test('the device opens, tells its regions and interrupts, and resets', () => {
    equal(vfio.deviceFd(group, '0000:ff:1f.7').errno, 'ENODEV', 'a device of another group');
    device = vfio.succeed('GET_DEVICE_FD', vfio.deviceFd(group, alone));
    const info = vfio.deviceInfo(device);
    facts['device'] = info;
    equal(info.flags & 3, 3, 'the flags RESET and PCI');
    equal(info.regions.length, 9, 'the number of regions');
    equal(info.irqs.length, 5, 'the number of interrupts');
    vfio.succeed('DEVICE_RESET', vfio.resetDevice(device));
    equal(vfio.unsetContainer(group).errno, 'EBUSY', 'UNSET_CONTAINER with an open device');
  });
  test('an unbind waits until the holder lets go', async () => {
    let over = false;
    const unbinding = writeFile(`${PCI}/drivers/vfio-pci/unbind`, alone).then(() => (over = true));
    await sleep(1000);
    equal(over, false, 'that the unbind is over while the device is open');
    for (const fd of [device, group, container, ...others.splice(0)]) vfio.close(fd);
    await Promise.race([unbinding, sleep(20_000)]);
    equal(over, true, 'that the unbind is over after the close');
    bindTo(alone, 'vfio-pci');
  });
  test('the container refuses more mappings than dma_entry_limit', () => {
    const usual = readFileSync(ENTRY_LIMIT, 'utf8');
    writeFileSync(ENTRY_LIMIT, '2');
    const own = vfio.openContainer();
    const joined = vfio.openGroup(groupOf(alone));
    vfio.succeed('SET_CONTAINER', vfio.setContainer(joined, own));
    vfio.succeed('SET_IOMMU', vfio.setIommu(own, vfio.TYPE1V2));
    writeFileSync(ENTRY_LIMIT, usual);
    const answers = [0n, 1n, 2n].map((n) => vfio.mapDma(own, memory, IOVA + n * PAGE, PAGE).errno);
    vfio.close(joined);
    vfio.close(own);
    equal(answers, [undefined, undefined, 'ENOSPC'], 'the answers to three mappings');
  });
  test('a group with a member on a host driver is not viable, one with a member on none is', () => {
    const [first, second] = shared;
    const own = vfio.openContainer();
    const join = (): { status: number; errno: string | undefined } => {
      const fd = vfio.openGroup(groupOf(first));
      const status = vfio.groupStatus(fd);
      const { errno } = vfio.setContainer(fd, own);
      vfio.close(fd);
      return { status, errno };
    };
    bindTo(first, 'vfio-pci');
    const split = join();
    writeFileSync(`${PCI}/devices/${second}/driver/unbind`, second);
    const detached = join();
    vfio.close(own);
    giveBack(first);
    giveBack(second);
    equal(split, { status: 0, errno: 'EPERM' }, 'the answer with a member on e1000e');
    equal(detached, { status: 1, errno: undefined }, 'the answer with a member on no driver');
  });
  test('the host comes back', async () => {
    unmapMemory(memory, MEMORY);
    giveBack(alone);
    await sleep(200);
    cameBack(before);
  });
  cleanup(() => attach(`raw-${machine}.json`, `${JSON.stringify(facts, null, 2)}\n`));
};

function extensions(container: number): Record<number, number | string> {
  return Object.fromEntries(
    Array.from({ length: 12 }, (_, index) => index + 1).map((id) => {
      const answer = vfio.checkExtension(container, id);
      return [id, answer.errno ?? answer.value];
    }),
  );
}
