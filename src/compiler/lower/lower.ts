import {
  type Assignment,
  defineDiagnostic,
  type Diagnostic,
  didYouMean,
  type HostIndex,
  type NameService,
  type Plan,
  resetMethodsOn,
  type ResolvedManifest,
  type ResolvedPciDevice,
  type ResolvedVm,
  type Result,
} from '../../model/index.ts';
import { lowerBinding, lowerModules, lowerUnsafeInterrupts, refOf } from './binding.ts';
import { lowerContainer, mappingNeeds } from './container.ts';
import { lowerDevice, lowerInterrupts, lowerQuiesce } from './device.ts';
import { collectFacts } from './facts.ts';
import { lowerMemory } from './memory.ts';
import { groupsOf, lowerNode, type NodeOwner } from './nodes.ts';
import { StepList } from './steps.ts';

export const unknownOwner = defineDiagnostic({
  code: 'unknown-user-or-group',
  severity: 'error',
  category: 'host',
  summary: 'The host does not know this user or group',
  explanation:
    '`handoff: bind` gives the device nodes to a user and a group. Their names are looked up in /etc/passwd and ' +
    '/etc/group when the plan is made.\n\nCreate the account, correct the name, or write its number.',
});

export interface LoweringInput {
  readonly manifest: ResolvedManifest;
  readonly host: HostIndex;
  readonly names: NameService;
  readonly toolVersion: string;
  /** Digest of the inventory, `sha256:…`. */
  readonly digest: string;
}

/** Turns a manifest that keeps every law into the steps of `up` and of the way back. */
export function lower(input: LoweringInput): Result<Plan> {
  const { manifest, host } = input;
  const owners = new Map<ResolvedVm, NodeOwner | null>();
  const diagnostics = manifest.vms.flatMap((vm) => {
    const owner = ownerOf(vm, input.names);
    owners.set(vm, owner.value ?? null);
    return owner.diagnostics;
  });
  if (diagnostics.length > 0) return { diagnostics };

  const steps = new StepList();
  const modules = lowerModules(manifest, host, steps);
  const prepared = [...modules, ...lowerUnsafeInterrupts(manifest, host, steps, modules)];
  const nodesReady = manifest.vms.map((vm) => lowerHostSide(vm, owners.get(vm) ?? null, host, steps, prepared));
  manifest.vms.forEach((vm, index) => {
    if (vm.handoff.mode === 'hold') lowerHeldSide(vm, nodesReady[index] ?? new Map(), host, steps);
  });
  return {
    value: {
      format_version: 1,
      toolVersion: input.toolVersion,
      project: manifest.name,
      host: {
        digest: input.digest,
        release: host.inventory.kernel.release,
        architecture: host.inventory.kernel.architecture,
      },
      plugins: [],
      facts: collectFacts(manifest, host),
      assignments: assignmentsOf(manifest),
      up: steps.up,
      down: steps.down,
    },
    diagnostics,
  };
}

/** What outlives us: drivers and nodes. Returns, for each group, the steps after which its node can be opened. */
function lowerHostSide(
  vm: ResolvedVm,
  owner: NodeOwner | null,
  host: HostIndex,
  steps: StepList,
  after: readonly string[],
): Map<number, string[]> {
  const bound = new Map<number, string[]>();
  // A member that only loses its driver goes first: with it, the group would not be viable.
  const detachFirst = [...vm.devices].sort((a, b) => Number(a.use === 'assign') - Number(b.use === 'assign'));
  for (const device of detachFirst) {
    const last = lowerBinding(device, steps, after);
    const group = device.device.group ?? -1;
    bound.set(group, [...(bound.get(group) ?? []), ...last]);
  }
  return new Map(
    groupsOf(vm).map((group) => [group, lowerNode(vm, group, owner, host, steps, [...new Set(bound.get(group))])]),
  );
}

/** What dies with our file descriptors: container, devices, memory, interrupts. */
function lowerHeldSide(
  vm: ResolvedVm,
  ready: ReadonlyMap<number, readonly string[]>,
  host: HostIndex,
  steps: StepList,
): void {
  const assigned = vm.devices.filter(
    (device): device is ResolvedPciDevice => device.bus === 'pci' && device.use === 'assign',
  );
  const container = lowerContainer(vm, groupsOf(vm), ready, mappingNeeds(vm, host), steps);
  const quiet = assigned.flatMap((device) =>
    lowerDevice(device, resetMethodsOn(host, device.device), steps, container),
  );
  const mapped = lowerMemory(vm, steps, quiet);
  for (const device of assigned) lowerQuiesce(device, resetMethodsOn(host, device.device), steps);
  for (const device of assigned) lowerInterrupts(device, steps, mapped);
}

function ownerOf(vm: ResolvedVm, names: NameService): Result<NodeOwner> {
  const { handoff } = vm;
  if (handoff.mode === 'hold') return { diagnostics: [] };
  const diagnostics: Diagnostic[] = [];
  const number = (what: 'user' | 'group'): number | null => {
    const wanted = handoff[what];
    if (wanted === null || typeof wanted === 'number') return wanted;
    const found = /^[0-9]+$/.test(wanted) ? Number(wanted) : names[what](wanted);
    if (found !== undefined) return found;
    diagnostics.push(
      unknownOwner({
        at: handoff.at,
        detail:
          `This host has no ${what} "${wanted}", and the nodes of ${vm.name} are to be given to it. ${didYouMean(wanted, ['root'])}`.trim(),
      }),
    );
    return null;
  };
  const value = { uid: number('user'), gid: number('group'), mode: handoff.permissions };
  return diagnostics.length > 0 ? { diagnostics } : { value, diagnostics };
}

function assignmentsOf(manifest: ResolvedManifest): Assignment[] {
  return manifest.vms.flatMap((vm) =>
    vm.devices
      .filter((entry) => entry.use === 'assign')
      .map((entry) => ({
        vm: vm.name,
        device: entry.name,
        bus: refOf(entry.device).bus,
        address: entry.device.address,
        group: entry.device.group,
        driver: entry.driver,
        handoff: vm.handoff.mode,
        guest: entry.bus === 'pci' ? entry.guest : { placement: 'function', address: null },
      })),
  );
}
