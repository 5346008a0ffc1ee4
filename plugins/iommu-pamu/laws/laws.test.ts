import { expect, test } from 'vitest';
import { compile } from '../../../src/compiler/compile.ts';
import type { Diagnostic, VmManifest } from '../../../src/model/index.ts';
import { manifestFrom } from '../../../src/testing/index.ts';
import {
  type Liodns,
  NIC,
  pamuBoard,
  RING0,
  RING1,
  USB0,
  USB1,
  vendorBackend,
} from '../../../src/testing/pamu-board.ts';
import { testNames } from '../../../src/testing/plan.ts';
import { textOf } from '../../../src/testing/rule.ts';
import { testPlugins } from '../../../src/testing/plugins.ts';

const HUGE = { backing: 'hugetlb', pageSize: '256MiB' } as const;
const RAM = { iova: '0', size: '512MiB', ...HUGE };
const usb = { platform: USB0, reset: 'none' } as const;

/** What the compiler finds for one VM on the board; what only this plugin is about. */
function found(vm: Partial<VmManifest>, on = pamuBoard()): readonly Diagnostic[] {
  const whole = { iommu: 'pamu', msi: { banks: 3 }, memory: [RAM], devices: { usb }, ...vm };
  const { diagnostics } = compile({
    manifest: manifestFrom({ version: 1, name: 'tested', vms: { edge: whole } }),
    inventory: on.build(),
    plugins: testPlugins,
    digest: `sha256:${'0'.repeat(64)}`,
    names: testNames,
    running: [],
    toolVersion: '0.0.1',
  });
  return diagnostics.filter(({ code }) => code.startsWith('pamu-'));
}

const report = (...args: Parameters<typeof found>): string[] =>
  found(...args).map(({ severity, code, at }) => `${severity} ${code} at ${at?.file ?? 'nowhere'}`);

const board = (liodns: Liodns) => pamuBoard(vendorBackend(), liodns);

test('a VM that a PAMU can have is found nothing about', () => {
  expect(report({})).toEqual([]);
});

test.each([
  ['no backend', null, 'lists no backend'],
  ['no dialect', vendorBackend({ dialect: 'guess' }), 'how its banks are mapped'],
  ['a number of another vendor', vendorBackend({}, 3), 'which vendor'],
  ['no count of banks', vendorBackend({ msiBanks: 'some' }), 'how many MSI banks'],
  ['an odd count of windows', vendorBackend({ maxWindows: '100' }), 'how many windows'],
])('R-PAMU-6: %s: nothing is sent on a guess, and what is missing is said', (_what, backend, missing) => {
  const on = pamuBoard(backend);
  expect(report({}, on)).toEqual(['error pamu-kernel-not-identified at vms/edge/iommu']);
  expect(textOf(found({}, on))).toContain(missing);
});

test('R-PAMU-6: a machine that is no PowerPC has no PAMU, whatever its snapshot says', () => {
  const on = pamuBoard().kernel({ architecture: 'aarch64' });
  expect(textOf(found({}, on))).toContain('this is aarch64');
});

test('R-PAMU-6: the numbers of the discussed interface are its own, so that any extension will do', () => {
  expect(report({}, pamuBoard(vendorBackend({ dialect: 'on-demand' }, 40)))).toEqual([]);
});

test('R-PAMU-4: memory beyond 36 bits is refused', () => {
  const memory = [RAM, { iova: '0xfe0000000', size: '1GiB', ...HUGE }];
  expect(report({ memory })).toContain('error pamu-memory-beyond-width at vms/edge/memory/1/iova');
});

test('R-PAMU-4: memory in pages smaller than a window is refused, with the pages and the layout that would do', () => {
  const memory = [{ iova: '0', size: '512MiB' }];
  expect(report({ memory })).toEqual(['error pamu-pages-below-window at vms/edge/memory/0']);
  const text = textOf(found({ memory }));
  expect(text).toContain('With pages of 4 MiB or more (the host has 4 MiB, 256 MiB)');
  expect(text).toContain('256 windows of 4 MiB, an aperture of 1 GiB at 0x0');
});

test('R-PAMU-4: small memory does with the pages that it has', () => {
  expect(report({ memory: [{ iova: '0', size: '64KiB' }] })).toEqual([]);
});

test('R-PAMU-4: memory that makes the windows small is refused, and named', () => {
  const memory = [RAM, { iova: '0x20010000', size: '64KiB' }];
  expect(report({ memory })).toEqual(['error pamu-too-many-windows at vms/edge/memory/1/iova']);
  expect(textOf(found({ memory }))).toContain('The largest window that can hold the memory at 64 KiB at 0x20010000');
});

test('R-PAMU-2: banks without room are refused', () => {
  const memory = [{ iova: '0', size: '1020MiB', backing: 'hugetlb', pageSize: '4MiB' } as const];
  expect(report({ memory, msi: { banks: 1 } })).toEqual([]);
  const full = [{ ...memory[0], iova: '0xfc0000000', size: '1GiB' }];
  expect(report({ memory: full })).toEqual(['error pamu-too-many-windows at vms/edge/msi']);
});

test.each([
  ['aperture size', { aperture: { size: '3GiB' } }, 'is no power of two'],
  ['aperture start', { aperture: { start: '1GiB', size: '2GiB' } }, 'begins at a multiple'],
  ['aperture width', { aperture: { start: '0x1000000000', size: '4KiB' } }, '36 bits'],
  ['number of windows', { windows: 12 }, 'their number is a power of two'],
  ['hardware', { windows: 512 }, 'more than the 256'],
  ['smallest window', { aperture: { size: '64KiB' }, windows: 32 }, 'smaller than 4 KiB'],
  ['place of memory', { aperture: { start: '1GiB', size: '1GiB' } }, 'is not inside the aperture'],
  ['room for banks', { windows: 2 }, 'have no room'],
])('R-PAMU-4: a pinned layout against the law of the %s is refused, with one that is legal', (_law, options, text) => {
  const iommu = { type: 'pamu', options };
  expect(new Set(report({ iommu }).map((line) => line.split(' ').slice(0, 2).join(' ')))).toEqual(
    new Set(['error pamu-layout-illegal']),
  );
  const said = textOf(found({ iommu }));
  expect(said).toContain(text);
  expect(said).toContain('512 MiB and 3 MSI banks need 8 windows of 128 MiB, an aperture of 1 GiB at 0x0');
});

test('R-PAMU-4: pages, boundaries and remainders of a pinned layout are named at their memory', () => {
  const memory = [
    { iova: '0x10000000', size: '268MiB', backing: 'hugetlb', pageSize: '1GiB' } as const,
    { ...RAM, iova: '0x40000000', backing: 'hugetlb', pageSize: '1GiB' } as const,
  ];
  const iommu = { type: 'pamu', options: { aperture: { size: '4GiB' }, windows: 8 } };
  const lines = report({ memory, iommu });
  expect(lines).toEqual(['error pamu-layout-illegal at vms/edge/memory/0/iova']);
  expect(textOf(found({ memory, iommu }))).toContain('does not begin where a window of 512 MiB begins');
  const smaller = { type: 'pamu', options: { aperture: { size: '4GiB' }, windows: 16 } };
  expect(textOf(found({ memory, iommu: smaller }))).toContain('12 MiB are left over, which is no power of two');
  const whole = { type: 'pamu', options: { aperture: { size: '2GiB' }, windows: 8 } };
  const even = [{ iova: '0', size: '256MiB', backing: 'hugetlb', pageSize: '4MiB' } as const];
  expect(textOf(found({ memory: even, iommu: whole }))).toContain('is in pages smaller than a window of 256 MiB');
});

test('R-PAMU-6: a remainder that the hardware could map is refused where the kernel maps whole windows only', () => {
  const memory = [{ ...RAM, size: '256MiB' }];
  const iommu = { type: 'pamu', options: { aperture: { size: '4GiB' }, windows: 8 } };
  expect(textOf(found({ memory, iommu }))).toContain('this kernel maps whole windows only');
  expect(report({ memory, iommu }, pamuBoard(vendorBackend({ dialect: 'on-demand' })))).toEqual([]);
});

test('R-PAMU-4: a legal layout is taken as it is', () => {
  expect(report({ iommu: { type: 'pamu', options: { aperture: { start: '0', size: '4GiB' }, windows: 16 } } })).toEqual(
    [],
  );
});

test('R-PAMU-5: more banks than the machine has are refused', () => {
  expect(report({ msi: { banks: 4 } })).toEqual(['error pamu-banks-not-there at vms/edge/msi']);
});

test('R-PAMU-5: MSIs without room for a bank are refused, INTx is not', () => {
  const card = (index: 'msi' | 'intx') => ({
    card: { pci: NIC, reset: 'none' as const, irqs: [{ index, count: 1 }] },
  });
  const none = { msi: { banks: 0 } };
  expect(report({ ...none, devices: card('msi') })).toEqual([
    'error pamu-msi-without-bank at vms/edge/devices/card/irqs/0',
  ]);
  expect(report({ ...none, devices: card('intx') })).toEqual([]);
  expect(report({ devices: card('msi') })).toEqual([]);
});

test('R-PAMU-3: a VM without memory is warned of an aperture that stays closed', () => {
  expect(report({ memory: [] })).toEqual(['warning pamu-nothing-mapped at vms/edge#key']);
});

test('R-GROUP-3: a device without a LIODN is refused, a card for its controller', () => {
  expect(report({}, board({ usb0: [] }))).toEqual(['error pamu-liodn-missing at vms/edge/devices/usb/platform']);
  const card = { card: { pci: NIC, reset: 'none' } as const };
  expect(report({ devices: card }, board({ pcie: [] }))).toEqual([
    'error pamu-liodn-missing at vms/edge/devices/card/pci',
  ]);
  expect(textOf(found({ devices: card }, board({ pcie: [] })))).toContain('PCI controller ffe200000.pcie');
});

test('R-GROUP-3: a LIODN beyond the table is refused', () => {
  expect(textOf(found({}, board({ usb0: [0x500] })))).toContain('0x500, beyond the table');
  expect(report({}, board({ usb0: [0x4ff] }))).toEqual([]);
});

test('R-GROUP-1: devices with one LIODN go to one VM', () => {
  const shared = { ring0: [146, 154], ring1: [146, 154] };
  const one = { ring0: { platform: RING0, reset: 'none' } as const };
  const both = { ...one, ring1: { platform: RING1, reset: 'none' } as const };
  expect(report({ devices: one }, board(shared))).toEqual([
    'error pamu-liodn-shared at vms/edge/devices/ring0/platform',
  ]);
  expect(textOf(found({ devices: one }, board(shared)))).toContain(RING1);
  expect(report({ devices: both }, board(shared))).toEqual([]);
  expect(report({ devices: one }, board({}))).toEqual([]);
});

test('R-PAMU-4: windows of many LIODNs have to fit the table that all share', () => {
  const ids = (count: number) => Array.from({ length: count }, (_, n) => 0x100 + n);
  const iommu = { type: 'pamu', options: { windows: 256 } };
  expect(report({ iommu }, board({ usb0: ids(8) }))).toEqual([]);
  expect(report({ iommu }, board({ usb0: ids(9) }))).toEqual(['error pamu-secondary-entries at vms/edge#key']);
  const two = { usb, usb1: { platform: USB1, reset: 'none' } as const };
  expect(report({ iommu, devices: two }, board({ usb0: ids(8) }))).toEqual([
    'error pamu-secondary-entries at vms/edge#key',
  ]);
});
