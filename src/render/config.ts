import {
  hex,
  type Origin,
  type ResolvedDevice,
  type ResolvedManifest,
  type ResolvedPciDevice,
  type ResolvedPlatformDevice,
  type ResolvedVm,
  type Span,
  unreachable,
} from '../model/index.ts';

/** How a 64-bit value is put into the document: JSON has no numbers that large, YAML has. */
export type PutU64 = (value: bigint) => unknown;

const span = ({ file, start }: Span): string => `${file}:${start.line}:${start.column}`;

/**
 * A manifest as it was understood, for the verb `config`: variables, includes and defaults put in, every device with its
 * address, what it is, and where in the manifest it comes from (`from`, `file:line:column`).
 */
export function configDocument(resolved: ResolvedManifest, u64: PutU64 = hex): object {
  return {
    format_version: 1,
    name: resolved.name,
    vms: Object.fromEntries(resolved.vms.map((vm) => [vm.name, vmDocument(vm, u64)])),
  };
}

function vmDocument(vm: ResolvedVm, u64: PutU64): object {
  const { iommu, handoff, memory, msi, devices, run } = vm;
  return {
    from: span(vm.at),
    iommu: { type: iommu.type, unsafeInterrupts: iommu.unsafeInterrupts },
    handoff: handoffDocument(handoff),
    memory: memory.map((one) => ({
      iova: u64(one.iova),
      size: u64(one.size),
      backing: one.backing,
      ...(one.pageSize === null ? {} : { pageSize: u64(one.pageSize) }),
      access: one.access,
      from: span(one.at),
    })),
    msi: { banks: msi.banks },
    devices: Object.fromEntries(devices.map((device) => [device.name, deviceDocument(device, u64)])),
    ...runDocument(run),
  };
}

function handoffDocument(handoff: ResolvedVm['handoff']): object {
  if (handoff.mode === 'hold') return { mode: 'hold' };
  const { user, group, permissions } = handoff;
  return {
    mode: 'bind',
    ...(user === null ? {} : { user }),
    ...(group === null ? {} : { group }),
    ...(permissions === null ? {} : { permissions: permissions.toString(8).padStart(4, '0') }),
  };
}

function runDocument(run: ResolvedVm['run']): object {
  if (run === null) return {};
  const { command, user, group, workingDirectory, environment, onExit } = run;
  return {
    run: {
      command,
      ...(user === null ? {} : { user }),
      ...(group === null ? {} : { group }),
      workingDirectory,
      environment: Object.fromEntries(environment.map(({ name, value }) => [name, value])),
      from: span(run.at),
    },
    onExit,
  };
}

function deviceDocument(resolved: ResolvedDevice, u64: PutU64): object {
  const { device } = resolved;
  return {
    ...(device.bus === 'pci'
      ? { pci: device.address, id: `${device.vendor}:${device.device}`, class: device.class }
      : { [device.bus]: device.address, ...(device.treePath === null ? {} : { treePath: device.treePath }) }),
    iommuGroup: device.group,
    use: resolved.use,
    ...originDocument(resolved.origin),
    driver: resolved.driver,
    reset: resolved.reset,
    group: resolved.groupPolicy,
    inUse: resolved.inUse,
    ...(resolved.bus === 'pci' ? pciDocument(resolved) : platformDocument(resolved, u64)),
    from: span(resolved.selectorAt),
  };
}

function pciDocument({ irqs, guest }: ResolvedPciDevice): object {
  return {
    irqs: irqs.map(({ index, count }) => ({ index, count })),
    guest: { placement: guest.placement, ...(guest.address === null ? {} : { address: guest.address }) },
  };
}

function platformDocument(resolved: ResolvedPlatformDevice, u64: PutU64): object {
  const { irqs, regions, ranges, interruptMap, children, guest } = resolved;
  return {
    irqs: irqs.map(({ index, unmask }) => ({ index, unmask })),
    regions: regions.map(({ index, cacheable, mmap }) => ({
      index,
      ...(cacheable === null ? {} : { cacheable }),
      ...(mmap === null ? {} : { mmap }),
    })),
    ranges: ranges.mode,
    interruptMap: interruptMap.mode,
    children: { included: children.included, excluded: children.excluded },
    guest: {
      ...(guest.base === null ? {} : { base: u64(guest.base) }),
      ...(guest.interrupt === null ? {} : { interrupt: guest.interrupt }),
    },
  };
}

function originDocument(origin: Origin): object {
  switch (origin.kind) {
    case 'named':
    case 'one-of-all':
      return { origin: origin.kind };
    case 'below-bridge':
      return { origin: origin.kind, bridge: origin.bridge.address };
    case 'group-sibling':
      return { origin: origin.kind, siblingOf: origin.of.address };
    case 'child':
      return { origin: origin.kind, childOf: origin.of.address };
    default:
      return unreachable(origin);
  }
}
