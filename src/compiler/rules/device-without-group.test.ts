import { expect, test } from 'vitest';
import { host, type NodeLiteral } from '../../testing/index.ts';
import { check, report, textOf } from '../../testing/rule.ts';
import { SOC, soc } from '../../testing/soc.ts';
import { deviceWithoutGroupRule as rule } from './device-without-group.ts';

const vms = { a: { devices: { x: '01:00.0' } } };

test.each([
  ['x86_64', 'intel_iommu=on'],
  ['aarch64', 'SMMU'],
  ['s390x', 's390x'],
])('R-GROUP-3: fires without any IOMMU and says how %s switches it on', (architecture, hint) => {
  const machine = host().kernel({ architecture }).nic('01:00.0');
  expect(report(rule, vms, machine)).toEqual(['error device-without-group at vms/a/devices/x']);
  expect(textOf(check(rule, vms, machine))).toContain(hint);
});

test('R-GROUP-3: fires with an IOMMU that leaves the device out, and names the unit', () => {
  const machine = host().intelIommu().nic('01:00.0', { group: null });
  expect(textOf(check(rule, vms, machine))).toContain('dmar0');
});

test('R-GROUP-3: fires for a PCI function of a device tree on which no driver was tried, and says that it has to be', () => {
  const machine = (driver: string | null) => host().smmuV3().tree({}).nic('01:00.0', { group: null, driver });
  expect(textOf(check(rule, vms, machine(null)))).toContain('Bind it once');
  expect(textOf(check(rule, vms, machine('e1000e')))).not.toContain('Bind it once');
});

test('stays silent for a device in a group', () => {
  expect(report(rule, vms, host().amdIommu().nic('01:00.0'))).toEqual([]);
});

const platform = (properties: NodeLiteral, beside: NodeLiteral = {}) =>
  host()
    .tree(
      soc(
        { iommus: [SOC.smmuV3, 1], 'dma@40000': { compatible: 'x,dma', reg: [0x4_0000, 0x1000], ...properties } },
        beside,
      ),
    )
    .platform('40000.dma', { treePath: '/soc/dma@40000' });
const dma = { a: { devices: { x: '40000.dma' } } };

test.each<[string, NodeLiteral, NodeLiteral, string]>([
  ['without "iommus" of its own, and says that those above do not count', {}, {}, 'Those of /soc do not count'],
  [
    'whose IOMMU is switched off',
    { iommus: [100, 1] },
    { 'iommu@7000000': { '#iommu-cells': 1, phandle: 100, status: 'disabled' } },
    '"status" of /iommu@7000000',
  ],
  ['whose IOMMU has no driver', { iommus: [SOC.smmuV3, 1] }, {}, 'arm,smmu-v3'],
  ['whose "iommus" names nothing', { iommus: [99, 1] }, {}, 'cannot be read'],
  ['behind a PAMU', { 'fsl,iommu-parent': 101 }, { 'iommu@20000': { phandle: 101 } }, 'CONFIG_FSL_PAMU'],
])('R-GROUP-3: fires for a platform device %s', (_which, properties, beside, why) => {
  expect(report(rule, dma, platform(properties, beside))).toEqual(['error device-without-group at vms/a/devices/x']);
  const text = textOf(check(rule, dma, platform(properties, beside)));
  expect(text).toContain(why);
  expect(text).toContain('iommu: noiommu');
});

test('R-GROUP-3: says of a device on which no driver was tried that its group comes with the first bind', () => {
  const machine = (driver: string | null) =>
    host()
      .smmuV3()
      .tree(soc({ 'dma@40000': { compatible: 'x,dma', reg: [0x4_0000, 0x1000], iommus: [SOC.smmuV3, 1] } }))
      .platform('40000.dma', { treePath: '/soc/dma@40000', driver, group: null });
  expect(textOf(check(rule, dma, machine(null)))).toContain('Bind it once, to vfio-platform');
  expect(textOf(check(rule, dma, machine('x-dma')))).toContain('has not taken it into use');
});

test('R-GROUP-3: fires for a platform device that only ACPI describes', () => {
  expect(textOf(check(rule, { a: { devices: { x: 'ACPI:00' } } }, host().platform('ACPI:00')))).toContain('IORT');
});

test('R-GROUP-3: stays silent where no IOMMU is asked for by name', () => {
  expect(report(rule, { a: { iommu: 'noiommu' as const, devices: { x: '40000.dma' } } }, platform({}))).toEqual([]);
});
