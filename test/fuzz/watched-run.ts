import type { HostInventory, Plan } from '../../src/model/index.ts';
import { Execution } from '../../src/runtime/executor/execute.ts';
import { explain } from '../../src/runtime/executor/explain.ts';
import { DelegatingKernel, type PortCall } from '../../src/runtime/kernel/delegate.ts';
import { SimulatedKernel } from '../../src/runtime/kernel/sim/index.ts';
import { MemoryJournal } from '../../src/testing/memory-journal.ts';
import { holds } from './target.ts';

/**
 * Everything that a plan may touch, written down here once more and from nothing else: what the executor builds its paths
 * from must not be able to leave it. A name is never `.` or `..`.
 */
const NAME = '(?!\\.{1,2}(?:/|$))[A-Za-z0-9,._+@:# -]+';
const BUS = '/sys/bus/(?:pci|platform|amba|fsl-mc|cdx)';
const PATHS: readonly RegExp[] = [
  new RegExp(`^${BUS}/devices/${NAME}/(?:driver|driver_override|iommu_group)$`),
  new RegExp(`^${BUS}/drivers/${NAME}/(?:bind|unbind)$`),
  /^\/sys\/module\/(?:vfio[a-z0-9_]*|[a-z0-9_]*vfio[a-z0-9_]*)$/,
  /^\/sys\/module\/(?:vfio\/parameters\/enable_unsafe_noiommu_mode|vfio_iommu_type1\/parameters\/allow_unsafe_interrupts)$/,
  new RegExp(`^/sys/bus/pci/devices/${NAME}/(?:sriov_numvfs|sriov_drivers_autoprobe|virtfn\\d{1,5}(?:/driver)?)$`),
  /^\/sys\/kernel\/mm\/hugepages\/hugepages-\d{1,10}kB\/nr_hugepages$/,
  /^\/dev\/vfio\/(?:vfio|\d{1,10}|noiommu-\d{1,10})$/,
];

/** What may be written, by the end of the path. */
const WRITTEN: readonly (readonly [RegExp, RegExp])[] = [
  [/\/driver_override$/, /^(?:[A-Za-z0-9_-]*vfio[A-Za-z0-9_-]*|[A-Za-z0-9_.+ -]{0,256})\n$/],
  [/\/(?:bind|unbind)$/, new RegExp(`^${NAME}$`)],
  [/\/parameters\/[a-z0-9_]+$/, /^[YN]$/],
  [/\/sriov_drivers_autoprobe$/, /^[01]$/],
  [/\/(?:sriov_numvfs|nr_hugepages)$/, /^\d{1,16}$/],
];

/** The calls whose first argument is a path. */
const WITH_PATH: ReadonlySet<string> = new Set([
  'open',
  'readlink',
  'read',
  'exists',
  'stat',
  'chown',
  'chmod',
  'write',
]);

/** Passes calls on and keeps what is outside of the allow-list: a step's failure would hide an exception. */
export class WatchedKernel extends DelegatingKernel {
  readonly breaches: string[] = [];

  protected override now<T>(call: PortCall, run: () => T): T {
    this.breaches.push(...breachesOf(call));
    return run();
  }

  protected override async later<T>(call: PortCall, run: () => Promise<T>): Promise<T> {
    this.breaches.push(...breachesOf(call));
    return run();
  }
}

function breachesOf({ name, args }: PortCall): string[] {
  const [path, value] = args;
  if (name === 'spawn') {
    const [program, ...list] = args.map(String);
    const known = program === 'modprobe' && list.length === 2 && list[0] === '--' && isModule(list[1] ?? '');
    return known ? [] : [`starts ${program} ${JSON.stringify(list)}`];
  }
  if (!WITH_PATH.has(name) || typeof path !== 'string') return [];
  if (!PATHS.some((pattern) => pattern.test(path))) return [`${name} goes to ${JSON.stringify(path)}`];
  const fits = name !== 'write' || WRITTEN.some(([where, what]) => where.test(path) && what.test(String(value)));
  return fits ? [] : [`writes ${JSON.stringify(value)} to ${path}`];
}

const isModule = (name: string): boolean => /^[a-z0-9][a-z0-9_-]{0,63}$/.test(name) && name.includes('vfio');

/** Carries a plan out on a simulated host and takes it back, with every path watched. It may fail; it may not lead elsewhere. */
export async function watchedRun(plan: Plan, inventory: HostInventory): Promise<void> {
  const kernel = new WatchedKernel(new SimulatedKernel(inventory));
  const execution = new Execution({
    plan,
    host: { kernel, holders: () => [] },
    journal: new MemoryJournal(),
    explain,
    events: {},
    stepTimeoutMs: 1_000,
  });
  const { ran } = await execution.up();
  const left = await execution.back({ ran });
  for (const failure of left) {
    holds(failure.explanation !== '', () => `${failure.step.id} is left, and nothing says why`);
  }
  holds(kernel.breaches.length === 0, () => `the plan ${kernel.breaches.join('; ')}`);
}
