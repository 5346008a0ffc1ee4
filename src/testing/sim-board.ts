import { host, type HostBuilder } from './index.ts';
import type { NodeLiteral } from './device-tree.ts';
import type { Kernel } from '../runtime/kernel/port.ts';
import * as uapi from '../runtime/uapi/index.ts';

/** A board that nobody built: one device for each thing that VFIO makes a difference of. A bigint is two cells. */
export const BOARD: NodeLiteral = {
  '#address-cells': 2,
  '#size-cells': 2,
  compatible: 'acme,board',
  'interrupt-parent': 1,
  'interrupt-controller@8000000': {
    compatible: 'arm,gic-v3',
    '#interrupt-cells': 3,
    'interrupt-controller': true,
    phandle: 1,
    reg: [0x800_0000n, 0x1_0000n],
    '#address-cells': 2,
    '#size-cells': 2,
    ranges: true,
    'msi-controller@8080000': {
      compatible: 'arm,gic-v3-its',
      'msi-controller': true,
      '#msi-cells': 1,
      phandle: 3,
      reg: [0x808_0000n, 0x2_0000n],
    },
  },
  'iommu@9050000': {
    compatible: 'arm,smmu-v3',
    '#iommu-cells': 1,
    'dma-coherent': true,
    phandle: 2,
    reg: [0x905_0000n, 0x2_0000n],
  },
  'iommu@9080000': { compatible: 'arm,smmu-v3', '#iommu-cells': 1, phandle: 4, reg: [0x908_0000n, 0x2_0000n] },
  'ethernet@fff51000': {
    compatible: ['calxeda,hb-xgmac'],
    reg: [0xfff5_1000n, 0x1000n],
    interrupts: [0, 80, 4, 0, 81, 4, 0, 82, 1],
    'dma-coherent': true,
  },
  'sensor@a000000': { compatible: 'acme,sensor', reg: [0xa00_0000n, 0x200n], interrupts: [0, 16, 1] },
  'dma@10000000': {
    compatible: ['acme,dma-2', 'calxeda,hb-xgmac'],
    reg: [0x1000_0000n, 0x3000n, 0x1001_0800n, 0x800n],
    iommus: [2, 0x10],
    'msi-parent': [3, 0x10],
  },
  'video@10020000': { compatible: 'acme,video', reg: [0x1002_0000n, 0x1000n], iommus: [2, 0x20] },
  'camera@10030000': {
    compatible: 'acme,camera',
    reg: [0x1003_0000n, 0x1000n],
    iommus: [4, 0x1],
    'msi-parent': [3, 1],
  },
  'serial@9000000': {
    compatible: ['arm,pl011', 'arm,primecell'],
    reg: [0x900_0000n, 0x1000n, 0x900_2000n, 0x1000n],
    interrupts: [0, 1, 4],
  },
  'pcie@40000000': {
    compatible: 'acme,pcie',
    device_type: 'pci',
    '#address-cells': 3,
    '#size-cells': 2,
    '#interrupt-cells': 1,
    reg: [0x4000_0000n, 0x1_0000n],
    interrupts: [0, 90, 4],
    ranges: [0x0200_0000, 0n, 0x5000_0000n, 0x1000_0000n],
    'interrupt-map-mask': [0xf800, 0, 0, 7],
    'interrupt-map': [0, 0, 0, 1, 1, 0, 0, 0, 91, 4],
  },
};

export const XGMAC = 'fff51000.ethernet';
export const SENSOR = 'a000000.sensor';
export const DMA = '10000000.dma';
export const VIDEO = '10020000.video';
export const CAMERA = '10030000.camera';
export const SERIAL = '9000000.serial';
export const PCIE = '40000000.pcie';

/** The board with everything loaded; devices behind an SMMU in groups 5 to 7, nothing allowed that is unsafe. */
export const board = (noiommu: 'Y' | 'N' = 'N'): HostBuilder =>
  host()
    .smmuV3()
    .module('vfio', 'loaded', { enable_unsafe_noiommu_mode: noiommu })
    .module('vfio_platform_calxedaxgmac', 'available')
    .tree(BOARD)
    .platform(XGMAC, { treePath: '/ethernet@fff51000', driver: 'calxedaxgmac', group: null })
    .platform(SENSOR, { treePath: '/sensor@a000000', driver: 'acme-sensor', group: null })
    .platform(DMA, { treePath: '/dma@10000000', driver: 'acme-dma', group: 5 })
    .platform(VIDEO, { treePath: '/video@10020000', group: 6 })
    .platform(CAMERA, { treePath: '/camera@10030000', group: 7 })
    .amba(SERIAL, { treePath: '/serial@9000000', driver: 'uart-pl011', group: null })
    .platform(PCIE, { treePath: '/pcie@40000000', group: null });

/** Without the reset handler that hardly any device has. */
export const relaxed = (noiommu: 'Y' | 'N' = 'Y'): HostBuilder =>
  board(noiommu).module('vfio_platform', 'loaded', { reset_required: 'N' });

const busOf = (name: string): 'platform' | 'amba' => (name === SERIAL ? 'amba' : 'platform');

/** Takes a device from its driver to VFIO, as a plan does. */
export async function take(kernel: Kernel, name: string): Promise<void> {
  const bus = busOf(name);
  const device = `/sys/bus/${bus}/devices/${name}`;
  await kernel.writeFile(`${device}/driver_override`, `vfio-${bus}`);
  if (kernel.exists(`${device}/driver`)) await kernel.writeFile(`${device}/driver/unbind`, name);
  await kernel.writeFile(`/sys/bus/${bus}/drivers/vfio-${bus}/bind`, name);
}

/** Gives it back to whatever driver wants it. */
export async function give(kernel: Kernel, name: string): Promise<void> {
  const device = `/sys/bus/${busOf(name)}/devices/${name}`;
  if (kernel.exists(`${device}/driver`)) await kernel.writeFile(`${device}/driver/unbind`, name);
  await kernel.writeFile(`${device}/driver_override`, '\n');
  await kernel.writeFile(`/sys/bus/${busOf(name)}/drivers_probe`, name);
}

/** The node of the group that a device is in now. */
export function nodeOf(kernel: Kernel, name: string): string {
  const id =
    kernel
      .readlink(`/sys/bus/${busOf(name)}/devices/${name}/iommu_group`)
      .split('/')
      .pop() ?? '';
  return kernel.exists(`/dev/vfio/noiommu-${id}`) ? `/dev/vfio/noiommu-${id}` : `/dev/vfio/${id}`;
}

/** Takes a device without an IOMMU and opens it: the descriptors in the order of their opening. */
export async function opened(
  kernel: Kernel,
  name: string,
): Promise<{ readonly container: number; readonly group: number; readonly device: number }> {
  await take(kernel, name);
  const container = kernel.open('/dev/vfio/vfio', 'read-write');
  const group = kernel.open(nodeOf(kernel, name), 'read-write');
  uapi.setContainer(kernel, group, container);
  uapi.setIommu(kernel, container, 'noiommu');
  return { container, group, device: await uapi.getDeviceFd(kernel, group, name) };
}
