import {
  type Fact,
  hex,
  type HostDevice,
  type HostIndex,
  lockedMemory,
  modulesOf,
  type Plan,
  type ResolvedManifest,
} from '../../model/index.ts';
import { insistsOnResetHandler, resetHandlerOf } from '../../devicetree/reset-handler.ts';
import { moduleKey } from './binding.ts';
import { growingPools } from './huge-pages.ts';
import { TREE_READERS } from './tree-facts.ts';
import { physicalFunctionsOf } from './virtual-functions.ts';

/** Reads one property of the host as text; null where the host does not have it. */
type Reader = (host: HostIndex, subject: string) => string | null;

const device = (host: HostIndex, address: string) => host.byAddress.get(address);
const identityOf = (found: HostDevice): string =>
  `${found.bus === 'pci' ? `${found.vendor}:${found.device}` : `${found.bus} ${found.treePath ?? 'device'}`} at ${found.sysfsPath}`;
const group = (host: HostIndex, id: string) => host.groups.get(Number(id));

/** Everything that a plan may rely on: one row a property. */
const READERS: Readonly<Record<string, Readonly<Record<string, Reader>>>> = {
  kernel: {
    architecture: (host) => host.inventory.kernel.architecture,
    'page size': (host) => String(host.inventory.kernel.pageSize),
    'interrupt remapping': (host) => String(host.inventory.iommu.interruptRemapping),
  },
  device: {
    identity: (host, address) => {
      const found = device(host, address);
      return found ? identityOf(found) : null;
    },
    driver: (host, address) => device(host, address)?.driver ?? null,
    'driver override': (host, address) => device(host, address)?.driverOverride ?? null,
    'in use': (host, address) => {
      const found = device(host, address);
      return found ? usesOf(found).join(', ') : null;
    },
    'reset methods': (host, address) => {
      const found = device(host, address);
      return found?.bus === 'pci' ? found.resetMethods.join(' ') : null;
    },
    'reset handler': (host, address) => {
      const found = device(host, address);
      if (!found || found.bus === 'pci') return null;
      // A plan that does without must not run where the kernel does not.
      const insists = insistsOnResetHandler(host.inventory.kernel.release);
      return resetHandlerOf(host, found) ?? (insists ? 'none, and the kernel insists on one' : null);
    },
  },
  group: {
    members: (host, id) =>
      host.members
        .get(Number(id))
        ?.map((member) => `${member.address}=${member.driver ?? 'no driver'}`)
        .join(' ') ?? null,
    'reserved regions': (host, id) =>
      group(host, id)
        ?.reservedRegions.map(({ first, last, type }) => ({ first, text: `${hex(first)}-${hex(last)} ${type}` }))
        .sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : a.text < b.text ? -1 : 1))
        .map(({ text }) => text)
        .join(', ') ?? null,
  },
  module: {
    state: (host, name) => moduleOf(host, name)?.state ?? null,
    enable_unsafe_noiommu_mode: (host, name) => parameterOf(host, name, 'enable_unsafe_noiommu_mode'),
    reset_required: (host, name) => parameterOf(host, name, 'reset_required'),
  },
  /** A physical function that stays with the host. */
  pf: {
    identity: (host, address) => {
      const found = device(host, address);
      return found ? identityOf(found) : null;
    },
    driver: (host, address) => device(host, address)?.driver ?? null,
    'virtual functions': (host, address) => {
      const found = device(host, address);
      return found?.bus === 'pci' && found.sriov ? String(found.sriov.enabled) : null;
    },
  },
  /** Of huge pages, by their size in bytes. How many are free changes by itself: too few, and the allocation fails. */
  pool: {
    pages: (host, size) => poolOf(host, size)?.total.toString() ?? null,
  },
  /** The process that holds. */
  process: {
    'locked memory': ({ inventory: { limits } }) => {
      const { memlock, memlockHard = memlock } = limits;
      return `${memlock ?? 'unlimited'} of ${memlockHard ?? 'unlimited'}`;
    },
  },
  tree: TREE_READERS,
  backend: {
    identity: (host, name) => {
      const found = host.inventory.vfio.backends?.find((backend) => backend.name === name);
      if (!found) return null;
      const properties = Object.entries(found.properties).sort(([a], [b]) => (a < b ? -1 : 1));
      return [`extension ${found.extension}`, ...properties.map(([key, value]) => `${key} ${value}`)].join(', ');
    },
  },
};

const poolOf = (host: HostIndex, size: string) => host.inventory.hugePages.find((pool) => String(pool.size) === size);

// The name may come from a plan file: it is looked up among what the host has, never among what any object has.
function moduleOf(host: HostIndex, name: string) {
  const { modules } = host.inventory;
  const key = moduleKey(name);
  return Object.hasOwn(modules, key) ? modules[key] : undefined;
}

const parameterOf = (host: HostIndex, name: string, parameter: string): string | null =>
  moduleOf(host, name)?.parameters[parameter] ?? null;

/** What the host does with a device: a plan made while a disk was free must not run once it is mounted. */
function usesOf(found: HostDevice): string[] {
  const disks = found.blocks.flatMap((block) => [
    ...block.mounts.map((mount) => `${block.name} mounted at ${mount}`),
    ...(block.swap ? [`${block.name} is swap`] : []),
    ...block.holders.map((holder) => `${block.name} holds ${holder}`),
  ]);
  const interfaces = found.netdevs.flatMap((netdev) => [
    ...(netdev.up && netdev.hasAddress ? [`${netdev.name} has an address`] : []),
    ...(netdev.defaultRoute ? [`${netdev.name} has the default route`] : []),
    ...(netdev.master === null ? [] : [`${netdev.name} is part of ${netdev.master}`]),
  ]);
  return [...disks, ...interfaces];
}

/** What a fact's property is now; undefined for a property that this version does not know. */
export function readFact(host: HostIndex, fact: Pick<Fact, 'subject' | 'property'>): string | null | undefined {
  const space = fact.subject.indexOf(' ');
  const kind = space < 0 ? fact.subject : fact.subject.slice(0, space);
  const name = space < 0 ? '' : fact.subject.slice(space + 1);
  const kindReaders = Object.hasOwn(READERS, kind) ? READERS[kind] : undefined;
  if (!kindReaders || !Object.hasOwn(kindReaders, fact.property)) return undefined;
  return kindReaders[fact.property]?.(host, name);
}

/** The facts that a plan for this manifest relies on, as they are. */
export function collectFacts(manifest: ResolvedManifest, host: HostIndex): Fact[] {
  return subjectsOf(manifest, host).flatMap(({ subject, without = [] }) =>
    Object.keys(READERS[subject.split(' ', 1)[0] ?? ''] ?? {})
      .filter((property) => !without.includes(property))
      .map((property) => ({ subject, property, value: readFact(host, { subject, property }) ?? null })),
  );
}

interface Subject {
  readonly subject: string;
  /** Properties that mean nothing for it. */
  readonly without?: readonly string[];
}

/** Parameters count where the plan has to do with them. */
const PARAMETER_OF: Readonly<Record<string, string>> = {
  enable_unsafe_noiommu_mode: 'vfio',
  reset_required: 'vfio_platform',
};

function subjectsOf(manifest: ResolvedManifest, host: HostIndex): Subject[] {
  const subjects: Subject[] = [{ subject: 'kernel' }];
  const groups = new Set<number>();
  const nodes = new Set<string>();
  const modules = new Set<string>();
  const backends = new Set<string>();
  for (const vm of manifest.vms) {
    const { devices } = vm;
    for (const { module } of modulesOf(vm)) modules.add(module);
    const backend = vm.iommu.plugins.find((plugin) => plugin.backend)?.backend?.(host);
    if (backend) backends.add(backend.name);
    for (const { device: found, driver, use } of devices) {
      const pci = found.bus === 'pci';
      subjects.push({ subject: `device ${found.address}`, without: [pci ? 'reset handler' : 'reset methods'] });
      if (found.group !== null) groups.add(found.group);
      if (!pci && found.treePath !== null) nodes.add(found.treePath);
      if (use === 'assign') modules.add(driver);
    }
  }
  const parametersWithout = (name: string): string[] =>
    Object.keys(PARAMETER_OF).filter((parameter) => PARAMETER_OF[parameter] !== moduleKey(name));
  return [
    ...subjects,
    ...physicalFunctionsOf(manifest).map((address) => ({ subject: `pf ${address}` })),
    ...growingPools(manifest, host).map(({ pageSize }) => ({ subject: `pool ${pageSize}` })),
    ...(lockedMemory(manifest, host.inventory).kind === 'raise' ? [{ subject: 'process' }] : []),
    ...[...backends].sort().map((name) => ({ subject: `backend ${name}` })),
    ...[...nodes].sort().map((path) => ({ subject: `tree ${path}` })),
    ...[...groups].sort((a, b) => a - b).map((id) => ({ subject: `group ${id}` })),
    ...[...modules].sort().map((name) => ({ subject: `module ${name}`, without: parametersWithout(name) })),
  ];
}

/** A fact that no longer holds. */
export interface ChangedFact {
  readonly fact: Fact;
  readonly now: string | null;
}

/** The facts of a plan that do not hold on this host. A property that this version does not know counts as changed. */
export function changedFacts(plan: Plan, host: HostIndex): ChangedFact[] {
  return plan.facts.flatMap((fact) => {
    const now = readFact(host, fact);
    return now === fact.value ? [] : [{ fact, now: now ?? null }];
  });
}
