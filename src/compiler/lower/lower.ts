import {
  type Assignment,
  type HostIndex,
  type NameService,
  type Plan,
  resetMethodsOn,
  type ResolvedDevice,
  type ResolvedManifest,
  type ResolvedVm,
  type Result,
} from '../../model/index.ts';
import { inBindingOrder, lowerBinding, lowerModules, refOf } from './binding.ts';
import { lowerContainer, mappingNeeds } from './container.ts';
import { lowerDevice, lowerInterrupts, lowerQuiesce } from './device.ts';
import { collectFacts } from './facts.ts';
import { groupOf, groupsOf } from './groups.ts';
import { lowerMemory } from './memory.ts';
import { lowerNode } from './nodes.ts';
import { type NodeOwner, ownerOf } from './owner.ts';
import { lowerNoiommuMode, lowerUnsafeInterrupts } from './parameters.ts';
import { lowerPlatformDevice, lowerPlatformQuiesce } from './platform-device.ts';
import { lowerPlatformInterrupts } from './platform-interrupts.ts';
import { StepList } from './steps.ts';

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
  const prepared = [
    ...modules,
    ...lowerUnsafeInterrupts(manifest, host, steps, modules),
    ...lowerNoiommuMode(manifest, host, steps, modules),
  ];
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

/** What outlives us: drivers and nodes. Returns, for each group by its handle, the steps after which it can be opened. */
function lowerHostSide(
  vm: ResolvedVm,
  owner: NodeOwner | null,
  host: HostIndex,
  steps: StepList,
  after: readonly string[],
): Map<string, string[]> {
  const bound = new Map<string, string[]>();
  for (const device of inBindingOrder(vm.devices)) {
    const last = lowerBinding(device, steps, after);
    const { handle } = groupOf(vm, device);
    bound.set(handle, [...(bound.get(handle) ?? []), ...last]);
  }
  return new Map(
    groupsOf(vm).map((group) => [
      group.handle,
      lowerNode(vm, group, owner, host, steps, [...new Set(bound.get(group.handle))]),
    ]),
  );
}

/** What dies with our file descriptors: container, devices, memory, interrupts. */
function lowerHeldSide(
  vm: ResolvedVm,
  ready: ReadonlyMap<string, readonly string[]>,
  host: HostIndex,
  steps: StepList,
): void {
  const assigned = vm.devices.filter(({ use }) => use === 'assign');
  const container = lowerContainer(vm, groupsOf(vm), ready, mappingNeeds(vm, host), steps);
  const quiet = assigned.flatMap((device) => openQuietly(device, groupOf(vm, device).handle, host, steps, container));
  // Without an IOMMU nothing can be mapped: the kernel has no such call there, and a manifest that asks is refused.
  const mapped = vm.iommu.type === 'noiommu' ? quiet : lowerMemory(vm, steps, quiet);
  for (const device of assigned) {
    if (device.bus === 'pci') lowerQuiesce(device, resetMethodsOn(host, device.device), steps);
    else lowerPlatformQuiesce(device, host, steps);
  }
  for (const device of assigned) {
    if (device.bus === 'pci') lowerInterrupts(device, steps, mapped);
    else lowerPlatformInterrupts(device, steps, mapped);
  }
}

function openQuietly(
  device: ResolvedDevice,
  groupHandle: string,
  host: HostIndex,
  steps: StepList,
  after: readonly string[],
): string[] {
  return device.bus === 'pci'
    ? lowerDevice(device, resetMethodsOn(host, device.device), groupHandle, steps, after)
    : lowerPlatformDevice(device, groupHandle, host, steps, after);
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
