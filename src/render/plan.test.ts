import { expect, it } from 'vitest';
import { host, planFor } from '../testing/index.ts';
import { midwayPlan, smmuPlan, XGBE, XGMAC } from '../testing/platform-plan.ts';
import { renderPlan, renderSummary } from './plan.ts';
import { describeStep } from './step.ts';

const ADDRESS = '0000:31:00.0';

it('R-GROUP-3: is loud about a device without an IOMMU, and silent about others', () => {
  const summary = renderSummary(midwayPlan()).join('\n');
  expect(summary).toContain(`${XGMAC}  NO IOMMU  calxedaxgmac -> vfio-platform`);
  expect(summary).toContain('UNSAFE');
  expect(renderSummary(smmuPlan()).join('\n')).not.toMatch(/UNSAFE|NO IOMMU/);
  expect(renderSummary(smmuPlan()).join('\n')).toContain(`${XGBE}  group 5  amd-xgbe -> vfio-platform`);
});

it('calls the interrupts of PCI by their names and those of other devices by their numbers', () => {
  const devices = { wan: { pci: ADDRESS, irqs: [{ index: 'msix' as const, count: 2 }] } };
  const pci = planFor({ edge: { devices } }, host().intelIommu().nic(ADDRESS, { group: 26 }).build());
  expect(pci.up.map(describeStep)).toContain(`VFIO_DEVICE_SET_IRQS device:${ADDRESS} msix: 2 eventfds`);
  const platform = smmuPlan().up.map(describeStep);
  expect(platform).toContain(`VFIO_DEVICE_SET_IRQS device:${XGBE} interrupt 1: eventfd#${XGBE}/1 is signalled`);
  expect(platform).toContain(`VFIO_DEVICE_GET_IRQ_INFO device:${XGBE} interrupt 1 is edge`);
});

it('has each step with its number and its cause, and marks those that outlive the process', () => {
  const lines = renderPlan(midwayPlan()).split('\n');
  const bind = lines.find((line) => line.includes('drivers/vfio-platform/bind'));
  expect(bind).toMatch(/^ {3}4 \* write /);
  expect(lines.find((line) => line.includes('VFIO_SET_IOMMU'))).toMatch(
    /^ {2}12 {3}VFIO_SET_IOMMU .* UNSAFE: iommu: noiommu/,
  );
});

it('shows a process in the summary that is approved, and all that it is given in the plan', () => {
  const run = { command: ['/usr/bin/router', 'a b'], user: 'packets', environment: { LEVEL: 'high' } };
  const vms = { edge: { devices: { wan: ADDRESS }, run, onExit: 'restart' as const } };
  const plan = planFor(vms, host().intelIommu().nic(ADDRESS, { group: 26 }).build());
  const starts = '    starts /usr/bin/router "a b" as packets:4710; when it ends: restart';
  expect(renderSummary(plan)).toContain(starts);
  const text = renderPlan(plan);
  expect(text).toContain('    user         packets (4711:4710)');
  expect(text).toContain('    environment  LEVEL=high');
  expect(text).toContain('    descriptor   5 device-0000-31-00.0');
  expect(text).toContain(`back:reset-device:${ADDRESS}`);
});
