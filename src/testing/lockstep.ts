import type { Bdf } from '../model/index.ts';

import { KernelError, type Kernel } from '../runtime/kernel/port.ts';
import * as uapi from '../runtime/uapi/index.ts';

/** A device that a lockstep run may take from its driver, and must be able to give back. */
export interface LockstepDevice {
  readonly address: Bdf;
  readonly group: number;
  readonly driver: string;
}

/** A call that two kernels answered differently. */
export interface Difference {
  readonly step: number;
  readonly call: string;
  readonly first: string;
  readonly second: string;
}

type Random = (below: number) => number;

/** Numbers that look random and are the same for the same seed (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** One of the two kernels, with what is open in it by name: descriptors and addresses differ between the two. */
interface Side {
  readonly kernel: Kernel;
  readonly fds: Map<string, number>;
  readonly memory: Map<string, bigint>;
}

/** A call: its text, and what it does on a side. */
interface Act {
  readonly call: string;
  run(side: Side): unknown;
}

const PAGE = 0x1000n;
const AREA_PAGES = 16n;
const HOLE_PAGES = 2n;
const NOT_OPEN = 9999;

const fdOf = (side: Side, name: string): number => side.fds.get(name) ?? NOT_OPEN;

function opens(name: string, call: string, run: (side: Side) => number | Promise<number>): Act {
  return {
    call: `${name} = ${call}`,
    async run(side) {
      if (side.fds.has(name)) return 'open already';
      side.fds.set(name, await run(side));
      return 'fd';
    },
  };
}

const closes = (name: string): Act => ({
  call: `close ${name}`,
  run(side) {
    side.kernel.close(fdOf(side, name));
    side.fds.delete(name);
  },
});

const CONTAINERS = ['c0', 'c1'] as const;

function bindingActs(random: Random, device: LockstepDevice): Act {
  const path = `/sys/bus/pci/devices/${device.address}`;
  const write = (file: string, text: string): Act => ({
    call: `write ${file} ${JSON.stringify(text)}`,
    run: ({ kernel }) => kernel.writeFile(file, text),
  });
  const unbind: Act = {
    call: `unbind ${device.address}`,
    // A real kernel would wait for ever: only what is closed is unbound.
    run: ({ kernel, fds }) =>
      fds.has(`d${device.address}`) ? 'in use' : kernel.writeFile(`${path}/driver/unbind`, device.address),
  };
  const acts: readonly Act[] = [
    write(`${path}/driver_override`, 'vfio-pci\n'),
    write(`${path}/driver_override`, 'vfio-pci'),
    write(`${path}/driver_override`, '\n'),
    write('/sys/bus/pci/drivers/vfio-pci/bind', device.address),
    write('/sys/bus/pci/drivers/vfio-pci/bind', `${device.address}\n`),
    write('/sys/bus/pci/drivers/nosuch/bind', device.address),
    write(`/sys/bus/pci/drivers/${device.driver}/bind`, device.address),
    write('/sys/bus/pci/drivers_probe', device.address),
    write('/sys/bus/pci/drivers_probe', '0000:fe:1f.7'),
    write(`${path}/vendor`, '0x1'),
    unbind,
    unbind,
    { call: `driver of ${device.address}`, run: ({ kernel }) => kernel.readlink(`${path}/driver`).split('/').pop() },
    { call: `override of ${device.address}`, run: ({ kernel }) => kernel.readFile(`${path}/driver_override`) },
    { call: `node of ${device.group}`, run: ({ kernel }) => kernel.stat(`/dev/vfio/${device.group}`) },
  ];
  return acts[random(acts.length)] as Act;
}

function containerActs(random: Random, device: LockstepDevice): Act {
  const container = CONTAINERS[random(2)] ?? 'c0';
  const group = `g${device.group}`;
  const type = random(4) === 0 ? 'type1' : 'type1v2';
  const extension = 1 + random(12);
  const setContainer = {
    call: `SET_CONTAINER ${group} ${container}`,
    run: (s: Side) => uapi.setContainer(s.kernel, fdOf(s, group), fdOf(s, container)),
  };
  const setIommu = {
    call: `SET_IOMMU ${container} ${type}`,
    run: (s: Side) => uapi.setIommu(s.kernel, fdOf(s, container), type),
  };
  const acts: readonly Act[] = [
    opens(container, 'open container', ({ kernel }) => kernel.open('/dev/vfio/vfio', 'read-write')),
    opens(group, 'open group', ({ kernel }) => kernel.open(`/dev/vfio/${device.group}`, 'read-write')),
    {
      call: `second open of ${group}`,
      run: (s) => s.kernel.close(s.kernel.open(`/dev/vfio/${device.group}`, 'read-write')),
    },
    setContainer,
    setContainer,
    setIommu,
    setIommu,
    {
      call: `SET_CONTAINER ${group} ${group}`,
      run: (s) => uapi.setContainer(s.kernel, fdOf(s, group), fdOf(s, group)),
    },
    { call: `UNSET_CONTAINER ${group}`, run: (s) => uapi.unsetContainer(s.kernel, fdOf(s, group)) },
    { call: `GET_STATUS ${group}`, run: (s) => uapi.getGroupStatus(s.kernel, fdOf(s, group)) },
    {
      call: `CHECK_EXTENSION ${container} ${extension}`,
      run: (s) => uapi.checkExtension(s.kernel, fdOf(s, container), extension),
    },
    { call: `IOMMU_GET_INFO ${container}`, run: (s) => uapi.getIommuInfo(s.kernel, fdOf(s, container)) },
    ...(random(6) === 0 ? [closes(container), closes(group)] : []),
  ];
  return acts[random(acts.length)] as Act;
}

/** MAP_DMA or UNMAP_DMA with any numbers, most of them good. */
function mappingActs(random: Random): Act {
  const container = CONTAINERS[random(4) === 0 ? 1 : 0] ?? 'c0';
  const pages = (below: number) => BigInt(random(below)) * PAGE;
  const strange = [0x800n, 0xfee0_0000n, 0xfedf_f000n, 0x800_0000n, 1n << 60n, 0xffff_ffff_ffff_f000n];
  const at = random(8) === 0 ? (strange[random(strange.length)] ?? 0n) : pages(24);
  const size = random(12) === 0 ? ([0n, 0x10n, 1n << 63n][random(3)] ?? 0n) : PAGE + pages(4);
  const from = random(10) === 0 ? (AREA_PAGES - 1n) * PAGE : pages(12);
  const flags = random(10) === 0 ? random(9) : 1 + random(3);
  const abi = uapi.abiOf('x86_64');
  if (random(3) === 0) {
    const unmapFlags = random(8) === 0 ? random(4) : 0;
    const all = unmapFlags === uapi.DMA_UNMAP_FLAG.all && random(2) === 0;
    return {
      call: `UNMAP_DMA ${container} 0x${at.toString(16)} 0x${size.toString(16)} flags ${unmapFlags}${all ? ' all' : ''}`,
      run(s) {
        const range = all ? { iova: 0n, size: 0n } : { iova: at, size };
        const argument = uapi.DMA_UNMAP.encode(abi, { argsz: 24, flags: unmapFlags, ...range });
        s.kernel.ioctl(fdOf(s, container), uapi.IOMMU_UNMAP_DMA.request(s.kernel.architecture), argument);
        return uapi.DMA_UNMAP.read(abi, argument).size;
      },
    };
  }
  return {
    call: `MAP_DMA ${container} m+0x${from.toString(16)} 0x${at.toString(16)} 0x${size.toString(16)} flags ${flags}`,
    run(s) {
      const base = s.memory.get('m');
      if (base === undefined) return 'no memory';
      const argument = uapi.DMA_MAP.encode(abi, { argsz: 32, flags, vaddr: base + from, iova: at, size });
      s.kernel.ioctl(fdOf(s, container), uapi.IOMMU_MAP_DMA.request(s.kernel.architecture), argument);
      return undefined;
    },
  };
}

/** SET_IRQS with any numbers. */
function interruptAct(random: Random, device: string): Act {
  const index = random(6);
  const start = random(3) === 0 ? random(6) : 0;
  const fds = Array.from({ length: random(4) }, () => (random(5) === 0 ? 'none' : `e${random(3)}`));
  const data = random(3);
  const action = random(4) === 0 ? 1 << (3 + random(3)) : 32;
  const count = data === 0 ? random(3) : fds.length;
  const flags = action | ([1, 2, 4][data] ?? 4);
  return {
    call: `SET_IRQS ${device} index ${index} start ${start} count ${count} flags ${flags} ${data === 2 ? fds.join(' ') : ''}`,
    run(s) {
      const width = [0, 1, 4][data] ?? 4;
      const argument = uapi.IRQ_SET.encode(
        uapi.abiOf('x86_64'),
        { argsz: 20 + count * width, flags, index, start, count },
        count * width,
      );
      if (data === 2) fds.forEach((name, i) => argument.writeInt32LE(name === 'none' ? -1 : fdOf(s, name), 20 + i * 4));
      return s.kernel.ioctl(fdOf(s, device), uapi.DEVICE_SET_IRQS.request(s.kernel.architecture), argument);
    },
  };
}

function deviceActs(random: Random, device: LockstepDevice): Act {
  const group = `g${device.group}`;
  const name = `d${device.address}`;
  const index = random(10);
  const offset =
    [0n, 0x1_fffcn, 0x2_0000n, 1n << 42n, 7n << 40n, (7n << 40n) + 0xffen, (7n << 40n) + 0x1000n, 1n << 44n][
      random(8)
    ] ?? 0n;
  const acts: readonly Act[] = [
    opens(name, `GET_DEVICE_FD ${group}`, (s) => uapi.getDeviceFd(s.kernel, fdOf(s, group), device.address)),
    opens(name, `GET_DEVICE_FD ${group} again`, (s) => uapi.getDeviceFd(s.kernel, fdOf(s, group), device.address)),
    {
      call: `GET_DEVICE_FD ${group} of another`,
      run: (s) => uapi.getDeviceFd(s.kernel, fdOf(s, group), '0000:fe:1f.7'),
    },
    { call: `GET_INFO ${name}`, run: (s) => uapi.getDeviceInfo(s.kernel, fdOf(s, name)) },
    { call: `GET_REGION_INFO ${name} ${index}`, run: (s) => uapi.getRegionInfo(s.kernel, fdOf(s, name), index) },
    { call: `GET_IRQ_INFO ${name} ${index}`, run: (s) => uapi.getIrqInfo(s.kernel, fdOf(s, name), index) },
    { call: `RESET ${name}`, run: (s) => uapi.resetDevice(s.kernel, fdOf(s, name)) },
    { call: `HOT_RESET_INFO ${name}`, run: (s) => uapi.getPciHotResetInfo(s.kernel, fdOf(s, name)) },
    { call: `HOT_RESET ${name}`, run: (s) => uapi.pciHotReset(s.kernel, fdOf(s, name), [fdOf(s, group)]) },
    { call: `pread ${name} 0x${offset.toString(16)}`, run: (s) => s.kernel.pread(fdOf(s, name), 4, offset).length },
    interruptAct(random, name),
    interruptAct(random, name),
    interruptAct(random, name),
    ...(random(3) === 0 ? [closes(name)] : []),
  ];
  return acts[random(acts.length)] as Act;
}

function nextAct(random: Random, devices: readonly LockstepDevice[]): Act {
  const device = devices[random(devices.length)] as LockstepDevice;
  const eventfd = `e${random(3)}`;
  const kind = random(12);
  if (kind < 2) return bindingActs(random, device);
  if (kind < 5) return containerActs(random, device);
  if (kind < 8) return mappingActs(random);
  if (kind < 11) return deviceActs(random, device);
  return opens(eventfd, 'eventfd', ({ kernel }) => kernel.eventfd());
}

const show = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `0x${part.toString(16)}` : part)) ?? 'ok';

async function outcome(act: Act, side: Side): Promise<string> {
  try {
    return show(await act.run(side));
  } catch (error) {
    if (error instanceof KernelError) return error.code;
    throw error;
  }
}

/** Everything is taken and joined, so that the random calls find something to disagree about. */
function prelude(devices: readonly LockstepDevice[]): Act[] {
  const write = (path: string, text: string): Act => ({
    call: `write ${path}`,
    run: (s) => s.kernel.writeFile(path, text),
  });
  const groups = [...new Set(devices.map((device) => device.group))];
  return [
    ...devices.flatMap(({ address }) => [
      write(`/sys/bus/pci/devices/${address}/driver_override`, 'vfio-pci\n'),
      write(`/sys/bus/pci/devices/${address}/driver/unbind`, address),
      write('/sys/bus/pci/drivers/vfio-pci/bind', address),
    ]),
    opens('c0', 'open', (s) => s.kernel.open('/dev/vfio/vfio', 'read-write')),
    ...groups.flatMap((id) => [
      opens(`g${id}`, 'open', (s) => s.kernel.open(`/dev/vfio/${id}`, 'read-write')),
      {
        call: `SET_CONTAINER g${id} c0`,
        run: (s: Side) => uapi.setContainer(s.kernel, fdOf(s, `g${id}`), fdOf(s, 'c0')),
      },
    ]),
    { call: 'SET_IOMMU c0', run: (s) => uapi.setIommu(s.kernel, fdOf(s, 'c0'), 'type1v2') },
    {
      call: 'm = mmap',
      run(s) {
        // A hole behind it: what runs over the end must not find the process's other memory.
        const base = s.kernel.mmap({ length: (AREA_PAGES + HOLE_PAGES) * PAGE, hugePageSize: null, fd: null });
        s.kernel.munmap(base + AREA_PAGES * PAGE, HOLE_PAGES * PAGE);
        s.memory.set('m', base);
      },
    },
  ];
}

/** Gives everything back on both sides, whatever the run has left. */
async function epilogue(side: Side, devices: readonly LockstepDevice[]): Promise<void> {
  for (const fd of side.fds.values()) side.kernel.close(fd);
  for (const [, address] of side.memory) side.kernel.munmap(address, AREA_PAGES * PAGE);
  for (const { address, driver } of devices) {
    const path = `/sys/bus/pci/devices/${address}`;
    if (side.kernel.exists(`${path}/driver`)) await side.kernel.writeFile(`${path}/driver/unbind`, address);
    await side.kernel.writeFile(`${path}/driver_override`, '\n');
    await side.kernel.writeFile(`/sys/bus/pci/drivers/${driver}/bind`, address);
  }
}

/**
 * Runs the same random calls on two kernels and compares every result and every errno. Stops at the first difference,
 * since from there on the two are in different states; both sides are given back either way.
 */
export async function lockstep(
  first: Kernel,
  second: Kernel,
  devices: readonly LockstepDevice[],
  options: { readonly seed: number; readonly steps: number; readonly prepared: boolean },
): Promise<Difference | undefined> {
  const sides: readonly [Side, Side] = [
    { kernel: first, fds: new Map(), memory: new Map() },
    { kernel: second, fds: new Map(), memory: new Map() },
  ];
  const random = seeded(options.seed);
  const ready = options.prepared ? prelude(devices) : [];
  try {
    for (let step = 0; step < options.steps + ready.length; step += 1) {
      const act = ready[step] ?? nextAct(random, devices);
      const [one, two] = [await outcome(act, sides[0]), await outcome(act, sides[1])];
      if (one !== two) return { step, call: act.call, first: one, second: two };
    }
    return undefined;
  } finally {
    for (const side of sides) await epilogue(side, devices);
  }
}
