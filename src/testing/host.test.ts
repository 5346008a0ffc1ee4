import { expect, test } from 'vitest';
import { indexHost } from '../model/index.ts';
import { bdf, host, netdev } from './index.ts';

test('puts a device below the bridge whose bus it is on', () => {
  const inventory = host().intelIommu().bridge('0000:00:1c.4', { bus: '01' }).nic('0000:01:00.0').build();
  const index = indexHost(inventory);
  expect(index.byAddress.get(bdf('01:00.0'))?.sysfsPath).toBe('/sys/devices/pci0000:00/0000:00:1c.4/0000:01:00.0');
  expect(index.below.get('/sys/devices/pci0000:00/0000:00:1c.4')?.map((device) => device.address)).toEqual([
    '0000:01:00.0',
  ]);
});

test('gives each device a group of its own with the regions of the IOMMU, unless told otherwise', () => {
  const inventory = host().amdIommu().nic('01:00.0').gpu('02:00.0', { group: 40 }).audio('02:00.1', { group: 40 });
  const groups = inventory.build().groups;
  expect(groups.map((group) => group.id)).toEqual([11, 40]);
  expect(groups[0]?.reservedRegions.map((region) => region.type)).toEqual(['msi', 'reserved']);
});

test('gives no groups without an IOMMU', () => {
  const inventory = host().nic('01:00.0').build();
  expect(inventory.groups).toEqual([]);
  expect(inventory.devices[0]?.group).toBeNull();
});

test('counts virtual functions into their PF', () => {
  const inventory = host().intelIommu().pf('03:00.0').vf('03:10.0', '03:00.0', 0).vf('03:10.2', '03:00.0', 1).build();
  expect(inventory.devices[0]).toMatchObject({ sriov: { total: 7, enabled: 2 } });
  expect(inventory.devices[2]).toMatchObject({ physicalFunction: '0000:03:00.0' });
});

test('takes what the test says over what is usual', () => {
  const inventory = host()
    .intelIommu({ addressBits: 39, interruptRemapping: false })
    .nic('01:00.0', { netdevs: [netdev('wan7', { up: true })] })
    .group(11, { openedBy: [{ pid: 4711, command: 'guestd' }] })
    .build();
  expect(inventory.devices[0]?.netdevs[0]).toMatchObject({ name: 'wan7', up: true });
  expect(inventory.groups[0]?.openedBy).toEqual([{ pid: 4711, command: 'guestd' }]);
  expect(inventory.iommu).toMatchObject({ interruptRemapping: false, units: [{ addressBits: 39 }] });
});

const TREE = {
  'soc@1000000': {
    compatible: 'simple-bus',
    '#address-cells': 1,
    '#size-cells': 1,
    ranges: [0, 0x100_0000, 0x10_0000],
    'ethernet@4000': { compatible: 'calxeda,hb-xgmac', reg: [0x4000, 0x1000] },
  },
  '#address-cells': 1,
  '#size-cells': 1,
};

test('puts a platform device where Linux puts it, and finds it by its node', () => {
  const inventory = host()
    .tree(TREE)
    .platform('1004000.ethernet', { treePath: '/soc@1000000/ethernet@4000', driver: 'xgmac' })
    .amba('9000000.uart')
    .build();
  const index = indexHost(inventory);
  const device = index.byTreePath.get('/soc@1000000/ethernet@4000');
  expect(device).toMatchObject({ bus: 'platform', driver: 'xgmac', group: null });
  expect(device?.sysfsPath).toBe('/sys/devices/platform/soc@1000000/1004000.ethernet');
  expect(index.byAddress.get('9000000.uart')).toMatchObject({
    bus: 'amba',
    sysfsPath: '/sys/devices/platform/9000000.uart',
  });
  expect(index.tree?.byPath.has('/soc@1000000/ethernet@4000')).toBe(true);
  expect(inventory.modules['vfio_platform']?.parameters).toEqual({ reset_required: 'Y' });
});

test('gives platform devices groups as it does PCI functions, and changes them', () => {
  const builder = host().smmuV3().platform('a.dma').platform('b.dma', { group: 30 }).platform('c.dma', { group: null });
  const devices = builder.changePlatform('a.dma', { driver: 'pl330' }).build().devices;
  expect(devices.map(({ group }) => group)).toEqual([11, 30, null]);
  expect(devices[0]).toMatchObject({ driver: 'pl330' });
});
