import { expect, test } from 'vitest';
import type { VmManifest } from '../../../src/model/index.ts';
import { host, type HostBuilder, type NodeLiteral } from '../../../src/testing/index.ts';
import { check, report, textOf } from '../../../src/testing/law.ts';
import { msiDoorbellsLaw } from './msi-doorbells.ts';
import { msiWindowLaw } from './msi-window.ts';
import { nestingLaw } from './nesting.ts';
import { streamOutOfRangeLaw } from './stream-out-of-range.ts';
import { streamSharedLaw } from './stream-shared.ts';

/** The arguments of {@link report} behind the law. */
type Case = readonly [{ readonly a: VmManifest }, HostBuilder];

const nic = () => host().smmuV3().nic('01:00.0');
const x = { x: '01:00.0' };

const memory = (msiWindow: string, ...entries: [string, string][]): Case => [
  { a: { devices: x, iommu: { options: { msiWindow } }, memory: entries.map(([iova, size]) => ({ iova, size })) } },
  nic(),
];

test('msi-window: says of which memory the window takes a part, and of which it is moved', () => {
  expect(report(msiWindowLaw, ...memory('hole', ['0', '1GiB']))).toEqual([
    'note smmu-memory-hole at vms/a/memory/0/iova',
  ]);
  expect(report(msiWindowLaw, ...memory('move', ['0', '1GiB']))).toEqual([
    'note smmu-memory-moved at vms/a/memory/0/iova',
  ]);
  expect(textOf(check(msiWindowLaw, ...memory('move', ['0', '1GiB'])))).toContain('0x8100000-0x400fffff');
});

test('msi-window: refuses to move memory to where something is', () => {
  const crowded = memory('move', ['0', '0x8001000'], ['0x8100000', '4KiB']);
  expect(report(msiWindowLaw, ...crowded)).toEqual(['error smmu-memory-stuck at vms/a/memory/0/iova']);
  expect(textOf(check(msiWindowLaw, ...crowded))).toContain('memory 1 has 0x8100000-0x8100fff');
});

test('msi-window: silent where nothing lies on the window, and where it is to be refused', () => {
  expect(report(msiWindowLaw, ...memory('hole', ['0x40000000', '1GiB']))).toEqual([]);
  expect(report(msiWindowLaw, ...memory('refuse', ['0', '1GiB']))).toEqual([]);
});

const doorbells = (banks: number, pageSize = 4096): Case => [
  { a: { devices: x, ...(banks > 0 ? { msi: { banks } } : {}) } },
  nic().kernel({ pageSize }),
];

test.each([
  [256, 4096, ['note smmu-doorbells-fit at vms/a/msi']],
  [257, 4096, ['error smmu-too-many-doorbells at vms/a/msi']],
  [16, 65536, ['note smmu-doorbells-fit at vms/a/msi']],
  [17, 65536, ['error smmu-too-many-doorbells at vms/a/msi']],
  [0, 4096, []],
])('R-PAMU-5: msi-doorbells: room for %i in a window of pages of %i bytes', (banks, pageSize, expected) => {
  expect(report(msiDoorbellsLaw, ...doorbells(banks, pageSize))).toEqual(expected);
});

test('nesting: refused with the reason, silent where it is not asked for', () => {
  const asked = { a: { devices: x, iommu: { options: { nesting: true } } } };
  expect(report(nestingLaw, asked, nic())).toEqual(['error smmu-nesting-not-offered at vms/a/iommu']);
  expect(report(nestingLaw, { a: { devices: x } }, nic())).toEqual([]);
});

const V3: NodeLiteral = { compatible: 'arm,smmu-v3', phandle: 3, '#iommu-cells': 1 };
const V2: NodeLiteral = { compatible: 'arm,smmu-v2', phandle: 3, '#iommu-cells': 2 };

/** Two devices of a tree; the first goes to the VM. */
const pair = (
  smmu: NodeLiteral,
  one: readonly number[],
  other: readonly number[],
  groups: readonly [number | null, number | null],
): Case => [
  { a: { devices: { x: '1000.dma' } } },
  host()
    .smmuV3()
    .tree({
      'smmu@9000': smmu,
      'dma@1000': { compatible: 'maker,dma', iommus: [3, ...one] },
      'uart@2000': { compatible: 'maker,uart', iommus: [3, ...other] },
    })
    .platform('1000.dma', { treePath: '/dma@1000', group: groups[0] })
    .platform('2000.uart', { treePath: '/uart@2000', group: groups[1] }),
];

const AT = 'vms/a/devices/x';

test.each([
  ['SMMUv3, one id, the other device has no group', V3, [5], [5], [4, null], [`warning smmu-stream-conflict at ${AT}`]],
  ['SMMUv3, one id, this device has no group', V3, [5], [5], [null, 4], [`error smmu-stream-conflict at ${AT}`]],
  ['SMMUv3, neighbours', V3, [5], [6], [4, 5], []],
  ['SMMUv2, one id', V2, [5, 0], [5, 0], [4, 4], [`note smmu-stream-shared at ${AT}`]],
  [
    'SMMUv2, id under the mask of the other',
    V2,
    [0x400, 0x3f],
    [0x420, 0],
    [4, 4],
    [`note smmu-stream-shared at ${AT}`],
  ],
  ['SMMUv2, masks that cut each other', V2, [0, 1], [1, 2], [null, 4], [`error smmu-stream-conflict at ${AT}`]],
  ['SMMUv2, ids that the masks keep apart', V2, [0x400, 0x3f], [0x440, 0x3f], [4, 5], []],
] as const)('R-GROUP-5: stream-shared: %s', (_, node, one, other, groups, expected) => {
  expect(report(streamSharedLaw, ...pair(node, one, other, groups))).toEqual(expected);
});

test('R-GROUP-5: stream-shared: names the ids and both devices', () => {
  const text = textOf(check(streamSharedLaw, ...pair(V2, [0x400, 0x3f], [0x420, 0], [4, 4])));
  expect(text).toContain('0x400 under mask 0x3f of /smmu@9000');
  expect(text).toContain('2000.uart has 0x420');
});

test('stream-out-of-range: an id of 17 bits behind an SMMUv2 is said to be cut, behind an SMMUv3 it is one', () => {
  const cut = pair(V2, [0x10005, 0], [7, 0], [4, 5]);
  expect(report(streamOutOfRangeLaw, ...cut)).toEqual([`warning smmu-stream-cut at ${AT}`]);
  expect(textOf(check(streamOutOfRangeLaw, ...cut))).toContain('the kernel takes 0x5');
  expect(report(streamOutOfRangeLaw, ...pair(V3, [0x10005], [7], [4, 5]))).toEqual([]);
});
