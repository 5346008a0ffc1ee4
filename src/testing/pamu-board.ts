import type { VfioBackend } from '../model/index.ts';
import { deviceTree, type NodeLiteral } from './device-tree.ts';
import { host, type HostBuilder } from './host.ts';

const PAMU0 = 0x40;
const PAMU1 = 0x16;

/** LIODNs of the board's devices; an empty list is a node without `fsl,liodn`. */
export interface Liodns {
  readonly usb0?: readonly number[];
  readonly usb1?: readonly number[];
  readonly ring0?: readonly number[];
  readonly ring1?: readonly number[];
  readonly pcie?: readonly number[];
}

const liodn = (ids: readonly number[]): NodeLiteral => (ids.length > 0 ? { 'fsl,liodn': [...ids] } : {});

const usb = (at: number, ids: readonly number[]): NodeLiteral => ({
  compatible: 'fsl-usb2-mph',
  reg: [at, 0x1000],
  'fsl,iommu-parent': PAMU1,
  ...liodn(ids),
});

const ring = (at: number, ids: readonly number[]): NodeLiteral => ({
  compatible: 'fsl,sec-v4.0-job-ring',
  reg: [at, 0x1000],
  ...liodn(ids),
});

function boardTree({ usb0 = [0x21], usb1 = [0x22], ring0 = [0x31], ring1 = [0x32], pcie = [0x41] }: Liodns) {
  return deviceTree({
    compatible: 'fsl,P4080DS',
    '#address-cells': 2,
    '#size-cells': 2,
    'soc@ffe000000': {
      compatible: 'simple-bus',
      '#address-cells': 1,
      '#size-cells': 1,
      ranges: [0, 0xf, 0xfe00_0000, 0x100_0000],
      'iommu@20000': {
        compatible: ['fsl,pamu-v1.0', 'fsl,pamu'],
        reg: [0x2_0000, 0x5000],
        'pamu@0': { phandle: PAMU0 },
        'pamu@1000': { phandle: PAMU1 },
      },
      'usb@210000': usb(0x21_0000, usb0),
      'usb@211000': usb(0x21_1000, usb1),
      'crypto@300000': {
        compatible: 'fsl,sec-v4.0',
        '#address-cells': 1,
        '#size-cells': 1,
        reg: [0x30_0000, 0x1_0000],
        ranges: [0, 0x30_0000, 0x1_0000],
        'fsl,iommu-parent': PAMU1,
        'jr@1000': ring(0x1000, ring0),
        'jr@2000': ring(0x2000, ring1),
      },
    },
    'pcie@ffe200000': {
      compatible: 'fsl,qoriq-pcie-v2.1',
      device_type: 'pci',
      reg: [0xf, 0xfe20_0000, 0, 0x1000],
      'fsl,iommu-parent': PAMU0,
      ...liodn(pcie),
    },
  });
}

/** What is known of a vendor's kernel with three MSI banks. */
export const vendorBackend = (properties: VfioBackend['properties'] = {}, extension = 2): VfioBackend => ({
  name: 'pamu',
  extension,
  properties: { dialect: 'explicit', msiBanks: '3', maxWindows: '256', ...properties },
});

export const USB0 = 'ffe210000.usb';
export const USB1 = 'ffe211000.usb';
export const RING0 = 'ffe301000.jr';
export const RING1 = 'ffe302000.jr';
export const NIC = '0001:01:00.0';

/** A QorIQ machine: two USB controllers, two job rings, and a card below a PCI Express controller. */
export function pamuBoard(backend: VfioBackend | null = vendorBackend(), liodns: Liodns = {}): HostBuilder {
  const controller = '/sys/devices/ffe200000.pcie';
  return host()
    .pamu()
    .vfio(backend ? { backends: [backend] } : {})
    .hugePages(4n << 20n, 64)
    .hugePages(256n << 20n, 8)
    .module('vfio_platform', 'loaded', { reset_required: 'N' })
    .tree(boardTree(liodns))
    .platform(USB0, { treePath: '/soc@ffe000000/usb@210000', group: 3 })
    .platform(USB1, { treePath: '/soc@ffe000000/usb@211000', group: 4 })
    .platform(RING0, { treePath: '/soc@ffe000000/crypto@300000/jr@1000', group: 5 })
    .platform(RING1, { treePath: '/soc@ffe000000/crypto@300000/jr@2000', group: 6 })
    .platform('ffe200000.pcie', { treePath: '/pcie@ffe200000', sysfsPath: controller, group: null })
    .nic(NIC, { sysfsPath: `${controller}/pci0001:00/0001:00:00.0/${NIC}`, group: 7 });
}
