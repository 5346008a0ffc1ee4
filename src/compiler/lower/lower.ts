import {
  type Assignment,
  type HostIndex,
  invariant,
  type Plan,
  pluginId,
  type ResolvedDevice,
  type ResolvedManifest,
  type ResolvedVm,
  type Result,
} from '../../model/index.ts';
import { inBindingOrder, lowerBinding, lowerModules, refOf } from './binding.ts';
import type { Asked, AskedDomain } from '../plugins/asked.ts';
import { lowerContainer, lowerDomainSteps } from './container.ts';
import { lowerDevice, lowerInterrupts } from './device.ts';
import { collectFacts } from './facts.ts';
import { groupOf, groupsOf } from './groups.ts';
import { lowerHugePages } from './huge-pages.ts';
import type { LoweringInput } from './input.ts';
import { lowerMemlock } from './memlock.ts';
import { lowerMemory } from './memory.ts';
import { lowerNode } from './nodes.ts';
import { type NodeOwner, ownerOf } from './owner.ts';
import { lowerHotResets, lowerHotResetsBack } from './hot-reset.ts';
import { lowerParameters } from './parameters.ts';
import { kernelResetOf, lowerPlatformDevice } from './platform-device.ts';
import { lowerPlatformInterrupts } from './platform-interrupts.ts';
import { checkNames, lowerProcesses, usersOf } from './process.ts';
import { askedOf, programSteps, type ProgramStep, regionsOf } from './program.ts';
import { lowerProgramBack } from './programs.ts';
import { lowerRecovery } from './recover.ts';
import { StepList } from './steps.ts';
import { lowerVirtualFunctions } from './virtual-functions.ts';

/** Turns a manifest that keeps every law into the steps of `up` and of the way back. */
export function lower(input: LoweringInput): Result<Plan> {
  const { manifest, host } = input;
  const owners = new Map<ResolvedVm, NodeOwner | null>();
  const diagnostics = manifest.vms.flatMap((vm) => {
    const owner = ownerOf(vm, input.names);
    owners.set(vm, owner.value ?? null);
    return owner.diagnostics;
  });
  const users = usersOf(manifest.vms, input.names);
  diagnostics.push(...users.diagnostics);
  if (diagnostics.length > 0 || !users.value) return { diagnostics };

  const programs = new Map(manifest.vms.flatMap(assignedOf).map((device) => [device, programsOf(device, input)]));
  const steps = new StepList();
  lowerHugePages(manifest, host, steps);
  lowerVirtualFunctions(manifest, steps);
  const modules = lowerModules(manifest, host, steps);
  const prepared = [...modules, ...lowerParameters(input, steps, modules)];
  const nodesReady = manifest.vms.map((vm) => lowerHostSide(vm, owners.get(vm) ?? null, host, steps, prepared));
  lowerMemlock(manifest, host, steps);
  manifest.vms.forEach((vm, index) => {
    if (vm.handoff.mode === 'hold') lowerHeldSide(vm, nodesReady[index] ?? new Map(), input, programs, steps);
  });
  for (const vm of manifest.vms) {
    for (const device of assignedOf(vm)) lowerRecovery(vm, device, ofDevice(programs, device).afterCrash, steps);
  }
  const assignments = assignmentsOf(manifest, input.asked);
  const lists = { up: steps.up, down: steps.down, recover: steps.recovery };
  const processes = lowerProcesses(manifest.vms, users.value, assignments, lists);
  diagnostics.push(...checkNames(manifest.vms, processes));
  if (diagnostics.length > 0) return { diagnostics };
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
      plugins: [...input.asked.plugins],
      facts: collectFacts(manifest, host),
      assignments,
      ...(processes.length > 0 ? { processes } : {}),
      up: lists.up,
      down: lists.down,
      ...(lists.recover.length > 0 ? { recover: lists.recover } : {}),
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
  input: LoweringInput,
  programs: AllPrograms,
  steps: StepList,
): void {
  const { asked } = input;
  const domain = domainOf(vm, asked);
  const assigned = assignedOf(vm);
  const container = lowerContainer(vm, groupsOf(vm), ready, domain, steps);
  const opened = assigned.flatMap((device) =>
    openQuietly(vm, device, input.host, ofDevice(programs, device), steps, container),
  );
  const quiet = lowerHotResets(vm, asked.devices, steps, opened);
  const mapped = lowerMemory(vm, domain.mappings, steps, quiet);
  const complete = lowerDomainSteps(vm, domain.plugin, domain.complete, steps, mapped);
  lowerHotResetsBack(vm, asked.devices, steps);
  for (const device of assigned) lowerProgramBack(device, ofDevice(programs, device).afterUse, steps);
  for (const device of assigned) {
    if (device.bus === 'pci') lowerInterrupts(device, steps, complete);
    else lowerPlatformInterrupts(device, steps, complete);
  }
}

const assignedOf = (vm: ResolvedVm): ResolvedDevice[] => vm.devices.filter(({ use }) => use === 'assign');

function domainOf(vm: ResolvedVm, asked: Asked): AskedDomain {
  const domain = asked.domains.get(vm);
  invariant(domain !== undefined, `the IOMMU plugin of ${vm.name} was not asked`);
  return domain;
}

/** What is done to a device before it is used, after, and when its holder is gone. */
interface Programs {
  readonly beforeUse: readonly ProgramStep[];
  readonly afterUse: readonly ProgramStep[];
  readonly afterCrash: readonly ProgramStep[];
}

type AllPrograms = ReadonlyMap<ResolvedDevice, Programs>;

function ofDevice(programs: AllPrograms, device: ResolvedDevice): Programs {
  const found = programs.get(device);
  invariant(found !== undefined, `${device.name} is not assigned and has no programs`);
  return found;
}

function programsOf(device: ResolvedDevice, { asked, host }: LoweringInput): Programs {
  const answer = askedOf(asked.devices, device);
  const kernel = device.bus === 'pci' ? null : kernelResetOf(device, host);
  return {
    beforeUse: programSteps(device, answer, answer?.beforeUse, kernel),
    afterUse: programSteps(device, answer, answer?.afterUse, kernel),
    // What the kernel does by itself it has done when the last descriptor of the device went.
    afterCrash: programSteps(device, answer, answer?.afterCrash, null),
  };
}

function openQuietly(
  vm: ResolvedVm,
  device: ResolvedDevice,
  host: HostIndex,
  { beforeUse, afterUse }: Programs,
  steps: StepList,
  after: readonly string[],
): string[] {
  const regions = regionsOf([...beforeUse, ...afterUse]);
  const { handle } = groupOf(vm, device);
  return device.bus === 'pci'
    ? lowerDevice(device, beforeUse, regions, handle, steps, after)
    : lowerPlatformDevice(device, beforeUse, regions, handle, host, steps, after);
}

function assignmentsOf(manifest: ResolvedManifest, asked: Asked): Assignment[] {
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
        ...notesOf(vm, entry, asked),
      })),
  );
}

/** What a reviewer should know of a device beyond who gets it: which plugin resets it, and what its IOMMU is to it. */
function notesOf(vm: ResolvedVm, entry: ResolvedDevice, asked: Asked): Pick<Assignment, 'notes'> {
  const { resetBy } = entry;
  const described = domainOf(vm, asked).descriptions.get(entry) ?? [];
  const reset = resetBy ? [`reset by ${pluginId(resetBy.plugin)} (${resetBy.because})`] : [];
  const notes = [...reset, ...described];
  return notes.length > 0 ? { notes } : {};
}
