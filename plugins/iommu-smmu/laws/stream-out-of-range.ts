import { defineDiagnostic, type DomainContext, type PluginLaw, titleOf } from 'vfio-compose/plugin';
import { deviceStreams, idText } from '../streams.ts';

export const smmuStreamCut = defineDiagnostic({
  code: 'smmu-stream-cut',
  severity: 'warning',
  category: 'host',
  summary: 'A stream id is wider than the SMMU can hold',
  explanation: `A stream-map entry of an SMMU of version 1 or 2 has 16 bits for the id and 16 for the mask. Linux cuts what the
device tree says to that without a word (arm_smmu_of_xlate in drivers/iommu/arm/arm-smmu/arm-smmu.c), so that the entry may
match the transactions of another device and not those of this one. What the hardware has fewer bits for, the driver
refuses with "stream ID … out of range for SMMU" or "SMR mask … out of range" and EINVAL: the device then has no group.

With \`#iommu-cells = <2>\` the second cell of \`iommus\` is the mask: bits that are set do not matter. With one cell, several
ids are several entries. Correct the device tree after the manual of the chip.`,
});

/** Streams are what the device tree says they are. */
export const streamOutOfRangeLaw: PluginLaw<DomainContext> = {
  id: 'smmu-stream-out-of-range',
  reports: [smmuStreamCut],
  check: ({ vm, host }) =>
    vm.devices
      .filter(({ use }) => use === 'assign')
      .flatMap((entry) =>
        deviceStreams(entry.device, host).streams.flatMap((stream) => {
          if (!stream.written) return [];
          const detail = `${stream.from} gives ${titleOf(entry)} the stream ${idText(stream.written)} of ${stream.smmu.path}, and the kernel takes ${idText(stream)}: an SMMU of version 1 or 2 has 16 bits for each. Correct the device tree.`;
          return [smmuStreamCut({ detail, at: entry.selectorAt })];
        }),
      ),
};
