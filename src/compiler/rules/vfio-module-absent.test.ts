import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { report } from '../../testing/rule.ts';
import { vfioModuleAbsentRule as rule } from './vfio-module-absent.ts';

const machine = () => host().intelIommu().nic('01:00.0').nic('02:00.0');
const vms = { a: { devices: { x: '01:00.0', y: '02:00.0' } } };

test('fires once for a driver that the kernel does not have', () => {
  expect(report(rule, vms, machine().withoutModule('vfio_pci'))).toEqual([
    'error vfio-module-absent at vms/a/devices/x',
  ]);
});

test.each(['mlx5_vfio_pci', 'constructor'])('fires for the driver %s where there is no such module', (driver) => {
  const own = { a: { devices: { x: { pci: '01:00.0', driver } } } };
  expect(report(rule, own, machine())).toEqual(['error vfio-module-absent at vms/a/devices/x']);
});

test('fires for a kernel without type1, and for one without containers', () => {
  expect(report(rule, vms, machine().withoutModule('vfio_iommu_type1'))).toEqual([
    'error vfio-module-absent at vms/a/iommu',
  ]);
  expect(report(rule, vms, machine().vfio({ container: false }))).toEqual(['error vfio-module-absent at vms/a/iommu']);
});

test('fires once for what the IOMMU model of several VMs needs, and for what that of another needs', () => {
  const three = {
    a: { devices: { x: '01:00.0' } },
    b: { devices: { y: '02:00.0' } },
    c: { iommu: 'noiommu' as const, devices: { z: 'a.dma' } },
  };
  const bare = machine().platform('a.dma', { group: null }).withoutModule('vfio_iommu_type1').withoutModule('vfio');
  expect(report(rule, three, bare)).toEqual([
    'error vfio-module-absent at vms/a/iommu',
    'error vfio-module-absent at vms/c/iommu',
  ]);
});

test('stays silent for modules that are loaded, built in, or can be loaded', () => {
  expect(report(rule, vms, machine())).toEqual([]);
  const fresh = machine().vfio({ container: false }).module('vfio', 'available').module('vfio_pci', 'builtin');
  expect(report(rule, vms, fresh.module('vfio_iommu_type1', 'available'))).toEqual([]);
});

test('fires for the driver of platform and of AMBA devices', () => {
  const on = () => machine().platform('a.dma').amba('b.uart');
  const own = { a: { devices: { x: 'a.dma', y: 'b.uart' } } };
  expect(report(rule, own, on())).toEqual([]);
  expect(report(rule, own, on().withoutModule('vfio_platform'))).toEqual([
    'error vfio-module-absent at vms/a/devices/x',
  ]);
  expect(report(rule, own, on().withoutModule('vfio_amba'))).toEqual(['error vfio-module-absent at vms/a/devices/y']);
});

test('stays silent without type1 where no VM has an IOMMU', () => {
  const bare = host().withoutModule('vfio_iommu_type1').platform('a.dma');
  expect(report(rule, { a: { iommu: 'noiommu' as const, devices: { x: 'a.dma' } } }, bare)).toEqual([]);
});
