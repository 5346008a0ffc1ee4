import type { AskedDevice, Program } from '../plugins/asked.ts';
import { busOf, type ResolvedDevice, type ResolvedPciDevice, type ResolvedVm } from '../../model/index.ts';
import { groupOf } from './groups.ts';
import { deviceHandle } from './handles.ts';
import type { StepList } from './steps.ts';

/** The functions of a bus that are reset together, on behalf of the first of them. */
interface Reset {
  readonly first: ResolvedPciDevice;
  readonly plugin: string;
  readonly cause: string;
  readonly bestEffort: boolean;
  /** Those of the VM that are on the bus, in the order in which they are opened. */
  readonly hit: readonly ResolvedPciDevice[];
}

/** The hot resets of a VM: one for each bus of which a plugin wants one, whichever of its functions asked first. */
function hotResetsOf(
  vm: ResolvedVm,
  asked: ReadonlyMap<ResolvedDevice, AskedDevice>,
  at: (device: AskedDevice) => Program,
): Reset[] {
  const own = vm.devices.filter((entry): entry is ResolvedPciDevice => entry.bus === 'pci' && entry.use === 'assign');
  const resets = new Map<string, Reset>();
  for (const entry of own) {
    const answer = asked.get(entry);
    const wish = answer && at(answer).reset.find((action) => action.kind === 'hot-reset');
    const bus = busOf(entry.device);
    if (!answer || !wish || resets.has(bus)) continue;
    const hit = own.filter(({ device }) => busOf(device) === bus);
    const bestEffort = hit.every(({ reset }) => reset !== 'required');
    resets.set(bus, { first: entry, plugin: answer.plugin, cause: wish.why, bestEffort, hit });
  }
  return [...resets.values()];
}

/**
 * Resets of whole buses, once every function on them is open and before memory is mapped. Of one that is only for the way back
 * it is asked now already what it hits.
 */
export function lowerHotResets(
  vm: ResolvedVm,
  asked: ReadonlyMap<ResolvedDevice, AskedDevice>,
  steps: StepList,
  after: readonly string[],
): string[] {
  const now = hotResetsOf(vm, asked, ({ beforeUse }) => beforeUse);
  const later = hotResetsOf(vm, asked, ({ afterUse }) => afterUse);
  let last = [...after];
  for (const reset of now) {
    const { first, cause } = reset;
    const { address } = first.device;
    const check = checkHotReset(vm, reset, steps, last);
    const reason = { resource: `device ${address}`, cause, at: first.at, after: [check] };
    last = [steps.add('hot-reset', address, reason, detailsOf(vm, reset))];
  }
  for (const reset of later) {
    if (!now.some(({ first }) => first === reset.first)) last = [checkHotReset(vm, reset, steps, last)];
  }
  return last;
}

function checkHotReset(
  vm: ResolvedVm,
  { first, plugin }: Pick<Reset, 'first' | 'plugin'>,
  steps: StepList,
  after: readonly string[],
): string {
  const { address } = first.device;
  const cause = 'whoever resets a bus must hold all that is on it';
  const reason = { resource: `device ${address}`, cause, at: first.at, after };
  return steps.add('check-hot-reset', address, reason, {
    plugin,
    deviceHandle: deviceHandle(first),
    owned: ownedBy(vm),
  });
}

/**
 * The same on the way back, added before the programs of the devices so that it runs after all of them are silent. It is
 * carried out where the last function of its bus had been opened.
 */
export function lowerHotResetsBack(
  vm: ResolvedVm,
  asked: ReadonlyMap<ResolvedDevice, AskedDevice>,
  steps: StepList,
): void {
  for (const reset of hotResetsOf(vm, asked, ({ afterUse }) => afterUse)) {
    const { first, cause, hit } = reset;
    const { address } = first.device;
    const last = hit.at(-1) ?? first;
    const reason = { resource: `device ${address}`, cause };
    steps.undo('hot-reset', `open-device:${last.device.address}`, address, reason, detailsOf(vm, reset));
  }
}

const ownedBy = (vm: ResolvedVm) =>
  vm.devices.flatMap((entry) => (entry.bus === 'pci' && entry.use === 'assign' ? [entry.device.address] : []));

const detailsOf = (vm: ResolvedVm, { first, plugin, bestEffort, hit }: Reset) => ({
  plugin,
  deviceHandle: deviceHandle(first),
  groupHandles: [...new Set(hit.map((entry) => groupOf(vm, entry).handle))],
  bestEffort,
});
