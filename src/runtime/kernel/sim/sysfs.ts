import { bind, reprobe, unbind } from './binding.ts';
import { readAttribute, readDeviceLink } from './device-attributes.ts';
import { groupOfNode, groupWithNode } from './group-file.ts';
import type { BusName, SimHost } from './host.ts';
import { refuse } from './refusal.ts';
import type { HugePages } from './huge-pages.ts';
import type { Node, SimDevice, SimGroup } from './state.ts';
import { storeVirtualFunctions, virtualFunctionsOf } from './virtual-functions.ts';

const BUSES = '/sys/bus/';
/** Buses whose devices can be bound by name. */
const IS_BUS: Readonly<Record<string, BusName>> = { pci: 'pci', platform: 'platform', amba: 'amba' };
const GROUPS = '/sys/kernel/iommu_groups/';
const MODULES = '/sys/module/';
const POOLS = '/sys/kernel/mm/hugepages/';

/** What a path of the simulated file systems names. */
type Place =
  | { readonly kind: 'device'; readonly device: SimDevice; readonly rest: readonly string[] }
  | { readonly kind: 'driver'; readonly bus: BusName; readonly driver: string; readonly rest: readonly string[] }
  | { readonly kind: 'bus'; readonly bus: BusName; readonly file: string }
  | { readonly kind: 'group'; readonly group: SimGroup; readonly rest: readonly string[] }
  | { readonly kind: 'module'; readonly module: string; readonly rest: readonly string[] }
  | { readonly kind: 'pool'; readonly pageSize: bigint; readonly rest: readonly string[] }
  | { readonly kind: 'node'; readonly node: Node | null };

/** /dev/vfio/vfio belongs to root and is open to everybody, as the kernel makes it. */
const CONTAINER_NODE: Node = { uid: 0, gid: 0, mode: 0o666 };

/** What writing did: `blocked` where the kernel would wait for somebody to let go of the device. */
export type WriteOutcome = 'done' | 'blocked';

/** The files under /sys and /dev that the simulation has. */
export class Sysfs {
  readonly #containerNode: Node = { ...CONTAINER_NODE };

  constructor(
    private readonly host: SimHost,
    private readonly pools: HugePages,
  ) {}

  exists(path: string): boolean {
    const place = this.#find(path);
    if (!place) return false;
    if (place.kind === 'node') return true;
    if (place.kind === 'bus') return true;
    if (place.rest.length === 0) return true;
    return this.#read(place) !== undefined || this.#link(place) !== undefined || this.#writable(place);
  }

  read(path: string): string {
    const place = this.#find(path);
    if (!place) return refuse('ENOENT');
    if (place.kind === 'node') return refuse('EINVAL');
    if (place.kind !== 'bus' && place.rest.length === 0) return refuse('EISDIR');
    return this.#read(place) ?? (this.#writable(place) ? refuse('EACCES') : refuse('ENOENT'));
  }

  readlink(path: string): string {
    const place = this.#find(path);
    if (!place) return refuse('ENOENT');
    return this.#link(place) ?? (this.exists(path) ? refuse('EINVAL') : refuse('ENOENT'));
  }

  node(path: string): Node {
    const place = this.#find(path);
    if (place?.kind === 'node') return place.node ?? this.#containerNode;
    // Sysfs belongs to root; what can be written has a write bit.
    return this.exists(path) ? { uid: 0, gid: 0, mode: 0o644 } : refuse('ENOENT');
  }

  write(path: string, text: string): WriteOutcome {
    const place = this.#find(path);
    if (!place || place.kind === 'node') return refuse(place ? 'EINVAL' : 'ENOENT');
    if (!this.exists(path)) return refuse('ENOENT');
    if (!this.#writable(place)) return refuse(place.kind !== 'bus' && place.rest.length === 0 ? 'EISDIR' : 'EACCES');
    // An empty write ends in the virtual file system and changes nothing.
    if (text === '') return 'done';
    // Sysfs compares names up to one newline at the end.
    return this.#store(place, text.endsWith('\n') ? text.slice(0, -1) : text);
  }

  #store(place: Place, value: string): WriteOutcome {
    if (place.kind === 'bus') return this.#storeBus(place.bus, place.file, value);
    if (place.kind === 'driver') return this.#storeDriver(place.bus, place.driver, place.rest[0], value);
    if (place.kind === 'module') {
      this.host.modules.setParameter(place.module, place.rest[1] ?? '', value);
      return 'done';
    }
    if (place.kind === 'pool') {
      this.pools.resize(place.pageSize, value);
      return 'done';
    }
    return place.kind === 'device' ? this.#storeDevice(place.device, place.rest.join('/'), value) : refuse('EACCES');
  }

  #storeBus(bus: BusName, file: string, value: string): WriteOutcome {
    if (file !== 'drivers_probe') return refuse('EOPNOTSUPP');
    reprobe(this.host, this.host.on(bus, value));
    return 'done';
  }

  #storeDriver(bus: BusName, driver: string, file: string | undefined, value: string): WriteOutcome {
    const device = this.host.on(bus, value);
    if (file === 'unbind') return unbind(this.host, device, driver) ? 'done' : 'blocked';
    // Matching by id takes every device of that id: nothing here needs it.
    if (file !== 'bind') return refuse('EOPNOTSUPP');
    bind(this.host, device, driver);
    return 'done';
  }

  #storeDevice(device: SimDevice, file: string, value: string): WriteOutcome {
    if (file === 'driver/unbind') {
      const named = this.host.on(device.info.bus, value);
      return unbind(this.host, named, device.driver ?? '') ? 'done' : 'blocked';
    }
    if (device.kind === 'pci' && file === 'sriov_numvfs') {
      return storeVirtualFunctions(this.host, device, value) ? 'done' : 'blocked';
    }
    if (device.kind === 'pci' && device.sriov && file === 'sriov_drivers_autoprobe') {
      device.sriov.autoprobe = readBool(value);
      return 'done';
    }
    const [line = ''] = value.split('\n');
    if (value.length >= Number(this.host.pageSize) - 1) refuse('EINVAL');
    device.override = line === '' ? null : line;
    return 'done';
  }

  #read(place: Place): string | undefined {
    if (place.kind === 'device')
      return place.rest.length === 1 ? readAttribute(place.device, place.rest[0] ?? '') : undefined;
    if (place.kind === 'module' && place.rest.length === 2 && place.rest[0] === 'parameters') {
      const value = this.host.modules.parameter(place.module, place.rest[1] ?? '');
      return value === undefined ? undefined : `${value}\n`;
    }
    if (place.kind === 'pool') return this.#readPool(place.pageSize, place.rest.join('/'));
    if (place.kind === 'group' && place.rest.length === 1) return readGroup(place.group, place.rest[0] ?? '');
    return undefined;
  }

  #readPool(pageSize: bigint, file: string): string | undefined {
    if (file === 'nr_hugepages') return `${this.pools.total(pageSize)}\n`;
    return file === 'free_hugepages' ? `${this.pools.free(pageSize)}\n` : undefined;
  }

  #link(place: Place): string | undefined {
    if (place.kind === 'device' && place.rest.length === 1) return this.#deviceLink(place.device, place.rest[0] ?? '');
    if (place.kind === 'driver' && place.rest.length === 1) {
      const device = this.host.on(place.bus, place.rest[0] ?? '');
      return device?.driver === place.driver ? `../../../..${device.info.sysfsPath.slice('/sys'.length)}` : undefined;
    }
    return undefined;
  }

  #deviceLink(device: SimDevice, name: string): string | undefined {
    const index = /^virtfn(\d+)$/.exec(name)?.[1];
    if (index === undefined || device.kind !== 'pci') return readDeviceLink(device, name);
    const vf = virtualFunctionsOf(this.host, device).find(({ info }) => info.virtualFunctionIndex === Number(index));
    return vf && `../${vf.info.address}`;
  }

  #writable(place: Place): boolean {
    if (place.kind === 'bus') return true;
    if (place.kind === 'pool') return place.rest.join('/') === 'nr_hugepages';
    if (place.kind === 'driver') return /^(bind|unbind|new_id|remove_id)$/.test(place.rest.join('/'));
    if (place.kind === 'module') return place.rest[0] === 'parameters' && this.#read(place) !== undefined;
    if (place.kind !== 'device') return false;
    const file = place.rest.join('/');
    if (file === 'driver/unbind') return place.device.driver !== null;
    if (file === 'driver_override') return true;
    return (
      /^sriov_(numvfs|drivers_autoprobe)$/.test(file) && place.device.kind === 'pci' && place.device.sriov !== null
    );
  }

  #find(path: string): Place | undefined {
    if (path === '/dev/vfio/vfio') return this.host.modules.containerNode ? { kind: 'node', node: null } : undefined;
    if (path.startsWith('/dev/vfio/')) {
      const vfio = groupWithNode(this.host, groupOfNode(this.host, path));
      return vfio && { kind: 'node', node: vfio.node };
    }
    return this.#findInSys(path);
  }

  #findInSys(path: string): Place | undefined {
    const split = (prefix: string) =>
      path
        .slice(prefix.length)
        .split('/')
        .filter((part) => part !== '');
    if (path.startsWith(BUSES)) return this.#findOnBus(split(BUSES));
    if (path.startsWith(GROUPS)) {
      const [id = '', ...rest] = split(GROUPS);
      const group = this.host.groups.get(Number(id));
      return group && { kind: 'group', group, rest };
    }
    if (path.startsWith(POOLS)) {
      const [name = '', ...rest] = split(POOLS);
      const pageSize = BigInt(/^hugepages-(\d{1,12})kB$/.exec(name)?.[1] ?? 0) << 10n;
      return this.pools.has(pageSize) ? { kind: 'pool', pageSize, rest } : undefined;
    }
    if (path.startsWith(MODULES)) {
      const [module = '', ...rest] = split(MODULES);
      return this.host.modules.isPresent(module) && !module.includes('-')
        ? { kind: 'module', module, rest }
        : undefined;
    }
    return path.startsWith('/sys/devices/') ? this.#findByRealPath(path) : undefined;
  }

  #findOnBus([name = '', folder, entry = '', ...rest]: readonly string[]): Place | undefined {
    const bus = Object.hasOwn(IS_BUS, name) ? IS_BUS[name] : undefined;
    if (bus === undefined) return undefined;
    if (folder === 'drivers_probe' || folder === 'drivers_autoprobe') {
      return entry === '' ? { kind: 'bus', bus, file: folder } : undefined;
    }
    if (folder === 'devices') {
      const device = this.host.on(bus, entry);
      return device && { kind: 'device', device, rest };
    }
    const isDriver = folder === 'drivers' && this.host.hasDriver(bus, entry);
    return isDriver ? { kind: 'driver', bus, driver: entry, rest } : undefined;
  }

  /** The device whose real path is the longest beginning of the given one. */
  #findByRealPath(path: string): Place | undefined {
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      const device = this.host.bySysfsPath.get(path.slice(0, end));
      if (device)
        return {
          kind: 'device',
          device,
          rest: path
            .slice(end)
            .split('/')
            .filter((part) => part !== ''),
        };
    }
    return undefined;
  }
}

/** As kstrtobool reads it (lib/kstrtox.c). */
function readBool(value: string): boolean {
  if (/^([yYtT1]|[oO][nN])/.test(value)) return true;
  return /^([nNfF0]|[oO][fF])/.test(value) ? false : refuse('EINVAL');
}

function readGroup(group: SimGroup, file: string): string | undefined {
  if (file === 'name') return group.noiommu ? 'vfio-noiommu\n' : undefined;
  if (file === 'type') return group.info.type === null ? undefined : `${group.info.type}\n`;
  if (file !== 'reserved_regions') return undefined;
  const hex = (value: bigint) => `0x${value.toString(16).padStart(16, '0')}`;
  return group.info.reservedRegions.map(({ first, last, type }) => `${hex(first)} ${hex(last)} ${type}\n`).join('');
}
