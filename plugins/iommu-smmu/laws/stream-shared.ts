import {
  defineDiagnostic,
  describeDevice,
  type Diagnostic,
  type DomainContext,
  type HostDevice,
  type HostIndex,
  type PluginLaw,
  type ResolvedDevice,
  titleOf,
} from 'vfio-compose/plugin';
import { deviceStreams, idText, meets, type SmmuStream } from '../streams.ts';

export const smmuStreamShared = defineDiagnostic({
  code: 'smmu-stream-shared',
  severity: 'note',
  category: 'host',
  summary: 'Devices share a group because they share a stream',
  explanation: `An SMMU of version 1 or 2 tells devices apart by entries of its stream map. A device whose stream ids are those
of another, or lie under the other's mask, uses the same entry, and both have to be in one domain: Linux puts them into one
group (arm_smmu_find_sme and arm_smmu_device_group in drivers/iommu/arm/arm-smmu/arm-smmu.c). The finding says which
devices and ids they are.

They go to one VM together, or stay together. Only a device tree with ids that the hardware really tells apart parts them.`,
});

export const smmuStreamConflict = defineDiagnostic({
  code: 'smmu-stream-conflict',
  severity: 'error',
  category: 'host',
  summary: 'Two devices claim one stream of the SMMU',
  explanation: `Two devices have the same stream id of one SMMU, and Linux lets only the first one have it. Behind an SMMUv3 the second
is refused with ENODEV and "Aliasing StreamID … unsupported, expect DMA to be broken" in the kernel's log
(arm_smmu_insert_master in drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c). Behind an older SMMU ids under overlapping masks, of
which neither holds the other, are refused with EINVAL (arm_smmu_find_sme in arm-smmu.c). A refused device has no
group and cannot be assigned; the transactions of both are taken for those of the first.

Correct \`iommus\` or \`iommu-map\` in the device tree after the manual of the chip. An id that is only invented makes a group
appear and isolates nothing: the hardware sends another one.`,
});

/** Devices that an SMMU does not tell apart are named, with their ids (R-GROUP-5). */
export const streamSharedLaw: PluginLaw<DomainContext> = {
  id: 'smmu-stream-shared',
  reports: [smmuStreamShared, smmuStreamConflict],
  check({ vm, host }) {
    const assigned = vm.devices.filter(({ use }) => use === 'assign');
    if (!host.tree || assigned.length === 0) return [];
    const all = streamsOfHost(host);
    return assigned.flatMap((entry) => findings(entry, all));
  },
};

interface Owned {
  readonly device: HostDevice;
  readonly stream: SmmuStream;
}

const streamsOfHost = (host: HostIndex): Owned[] =>
  [...host.byAddress.values()].flatMap((device) =>
    deviceStreams(device, host).streams.map((stream) => ({ device, stream })),
  );

/** One finding for each other device, at the first stream that both have. */
function findings(entry: ResolvedDevice, all: readonly Owned[]): Diagnostic[] {
  const own = all.filter(({ device }) => device === entry.device);
  const seen = new Set<HostDevice>([entry.device]);
  return all.flatMap((other) => {
    const mine = seen.has(other.device) ? undefined : own.find(({ stream }) => meets(stream, other.stream));
    if (!mine) return [];
    seen.add(other.device);
    return finding(entry, mine.stream, other);
  });
}

function finding(entry: ResolvedDevice, mine: SmmuStream, { device, stream }: Owned): Diagnostic[] {
  const { group } = entry.device;
  // Two groups: the kernel tells them apart by something that the tree does not show.
  if (group !== null && device.group !== null && group !== device.group) return [];
  const ids = `${titleOf(entry)} has the stream ${idText(mine)} of ${mine.smmu.path}, and ${device.address} has ${idText(stream)}`;
  const related = [{ message: `the other one: ${describeDevice(device)}` }];
  const at = entry.selectorAt;
  if (group !== null && group === device.group) {
    const detail = `${ids}: the SMMU does not tell them apart, so they share IOMMU group ${group}. They go to one VM together.`;
    return [smmuStreamShared({ detail, at, related })];
  }
  const refused =
    group !== null ? device.address : device.group !== null ? titleOf(entry) : 'the one that comes second';
  const errno = mine.version === 'smmu-v3' ? 'ENODEV' : 'EINVAL';
  const reach =
    group === null ? '' : ` What ${device.address} does is taken for the assigned device, and reaches its memory.`;
  const detail = `${ids}: the kernel refuses ${refused} (${errno}), which then has no group.${reach} Correct the ids in the device tree.`;
  return [smmuStreamConflict({ detail, at, related, severity: device.group === null ? 'warning' : 'error' })];
}
