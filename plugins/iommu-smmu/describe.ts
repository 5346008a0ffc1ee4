import { type HostDevice, type HostIndex, isPci, rangeText } from 'vfio-compose/plugin';
import { deviceStreams, idText } from './streams.ts';

const TITLES = { 'smmu-v3': 'SMMUv3', 'smmu-v2': 'SMMUv2' } as const;

/** What an SMMU is to a device, a line each: its streams, and where its group has the doorbells of MSIs. */
export function describe(device: HostDevice, host: HostIndex): readonly string[] {
  const { streams, remarks } = deviceStreams(device, host);
  const lines = streams.map(
    (stream) => `stream ${idText(stream)} of ${stream.smmu.path} (${TITLES[stream.version]}), ${stream.from}`,
  );
  if (lines.length === 0 && remarks.length === 0 && device.group !== null) lines.push(unknown(device, host));
  const group = device.group === null ? undefined : host.groups.get(device.group);
  const windows = (group?.reservedRegions ?? []).filter(({ type }) => type === 'msi');
  return [...lines, ...remarks, ...windows.map((window) => `MSI doorbells at ${rangeText(window)}`)];
}

function unknown(device: HostDevice, host: HostIndex): string {
  if (!host.tree) return 'streams not shown: without a device tree the ACPI table IORT has them';
  return isPci(device)
    ? 'streams not shown: no host bridge with an iommu-map is known above it'
    : 'streams not shown: its node has no iommus';
}
