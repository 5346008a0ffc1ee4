import type { DeviceTree } from '../model/index.ts';
import { deviceTree, type NodeLiteral } from './device-tree.ts';

/** Phandles of the excerpt, as the board's blob has them. */
const PIC = 1;
const PAMU0 = 0x40;
const PAMU1 = 0x16;
const GUTS = 0x17;

const jobRing = (at: number, interrupt: number): NodeLiteral => ({
  compatible: 'fsl,sec-v4.0-job-ring',
  reg: [at, 0x1000],
  interrupts: [interrupt, 2, 0, 0],
});

const msiBank = (at: number, mirror: number, first: number): NodeLiteral => ({
  compatible: 'fsl,mpic-msi',
  reg: [at, 0x200, mirror, 4],
  'msi-available-ranges': [0, 0x100],
  interrupts: Array.from({ length: 8 }, (_, index) => [first + index, 0, 0, 0]).flat(),
});

const crypto: NodeLiteral = {
  compatible: 'fsl,sec-v4.0',
  '#address-cells': 1,
  '#size-cells': 1,
  reg: [0x30_0000, 0x1_0000],
  ranges: [0, 0x30_0000, 0x1_0000],
  interrupts: [0x5c, 2, 0, 0],
  'fsl,iommu-parent': PAMU1,
  'jr@1000': jobRing(0x1000, 0x58),
  'jr@2000': jobRing(0x2000, 0x59),
  'jr@3000': jobRing(0x3000, 0x5a),
  'jr@4000': jobRing(0x4000, 0x5b),
};

const pcie: NodeLiteral = {
  compatible: ['fsl,p4080-pcie', 'fsl,qoriq-pcie-v2.1'],
  device_type: 'pci',
  '#size-cells': 2,
  '#address-cells': 3,
  reg: [0xf, 0xfe20_0000, 0, 0x1000],
  ranges: [
    ...[0x200_0000, 0, 0xe000_0000, 0xc, 0, 0, 0x2000_0000],
    ...[0x100_0000, 0, 0, 0xf, 0xf800_0000, 0, 0x1_0000],
  ],
  interrupts: [0x10, 2, 1, 0xf],
  'fsl,iommu-parent': PAMU0,
  'fsl,liodn-reg': [GUTS, 0x500],
  'pcie@0': {
    device_type: 'pci',
    '#interrupt-cells': 1,
    '#size-cells': 2,
    '#address-cells': 3,
    reg: [0, 0, 0, 0, 0],
    ranges: [
      ...[0x200_0000, 0, 0xe000_0000, 0x200_0000, 0, 0xe000_0000, 0, 0x2000_0000],
      ...[0x100_0000, 0, 0, 0x100_0000, 0, 0, 0, 0x1_0000],
    ],
    interrupts: [0x10, 2, 1, 0xf],
    'interrupt-map-mask': [0xf800, 0, 0, 7],
    'interrupt-map': [
      ...[0, 0, 0, 1, PIC, 0x28, 1, 0, 0],
      ...[0, 0, 0, 2, PIC, 1, 1, 0, 0],
      ...[0, 0, 0, 3, PIC, 2, 1, 0, 0],
      ...[0, 0, 0, 4, PIC, 3, 1, 0, 0],
    ],
  },
};

const soc: NodeLiteral = {
  compatible: 'simple-bus',
  device_type: 'soc',
  '#address-cells': 1,
  '#size-cells': 1,
  reg: [0xf, 0xfe00_0000, 0, 0x1000],
  ranges: [0, 0xf, 0xfe00_0000, 0x100_0000],
  'soc-sram-error': { compatible: 'fsl,soc-sram-error', interrupts: [0x10, 2, 1, 0x1d] },
  'iommu@20000': {
    compatible: ['fsl,pamu-v1.0', 'fsl,pamu'],
    reg: [0x2_0000, 0x5000],
    ranges: [0, 0x2_0000, 0x5000],
    '#address-cells': 1,
    '#size-cells': 1,
    interrupts: [0x18, 2, 0, 0, 0x10, 2, 1, 0x1e],
    'pamu@0': { reg: [0, 0x1000], phandle: PAMU0 },
    'pamu@1000': { reg: [0x1000, 0x1000], phandle: PAMU1 },
  },
  'pic@40000': {
    'interrupt-controller': true,
    '#address-cells': 0,
    '#interrupt-cells': 4,
    reg: [0x4_0000, 0x4_0000],
    compatible: ['fsl,mpic', 'chrp,open-pic'],
    device_type: 'open-pic',
    phandle: PIC,
  },
  'msi@41600': msiBank(0x4_1600, 0x4_4140, 0xe0),
  'msi@41800': msiBank(0x4_1800, 0x4_5140, 0xe8),
  'msi@41a00': msiBank(0x4_1a00, 0x4_6140, 0xf0),
  'timer@41100': {
    compatible: 'fsl,mpic-global-timer',
    reg: [0x4_1100, 0x100, 0x4_1300, 4],
    interrupts: [0, 0, 3, 0, 1, 0, 3, 0],
  },
  'global-utilities@e0000': {
    compatible: 'fsl,qoriq-device-config-1.0',
    reg: [0xe_0000, 0xe00],
    phandle: GUTS,
  },
  'global-utilities@e1000': {
    compatible: ['fsl,p4080-clockgen', 'fsl,qoriq-clockgen-1.0'],
    reg: [0xe_1000, 0x1000],
    '#clock-cells': 2,
    phandle: 2,
  },
  'i2c@119000': {
    '#address-cells': 1,
    '#size-cells': 0,
    compatible: 'fsl-i2c',
    reg: [0x11_9000, 0x100],
    interrupts: [0x27, 2, 0, 0],
    'eeprom@51': { compatible: 'atmel,24c256', reg: 0x51 },
  },
  'usb@210000': {
    compatible: ['fsl-usb2-mph-v1.6', 'fsl,mpc85xx-usb2-mph', 'fsl-usb2-mph'],
    '#address-cells': 1,
    '#size-cells': 0,
    reg: [0x21_0000, 0x1000],
    interrupts: [0x2c, 2, 0, 0],
    'fsl,iommu-parent': PAMU1,
    'fsl,liodn-reg': [GUTS, 0x520],
  },
  'crypto@300000': crypto,
};

/** The parts of a P4080DS board that the project talks about: facts of its blob, without what surrounds them. */
export function p4080Tree(): DeviceTree {
  return deviceTree({
    compatible: 'fsl,P4080DS',
    '#address-cells': 2,
    '#size-cells': 2,
    'interrupt-parent': PIC,
    aliases: {
      usb0: '/soc@ffe000000/usb@210000',
      crypto: '/soc@ffe000000/crypto@300000',
      sec_jr0: '/soc@ffe000000/crypto@300000/jr@1000',
      pci0: '/pcie@ffe200000',
    },
    cpus: { '#address-cells': 1, '#size-cells': 0, 'PowerPC,e500mc@0': { device_type: 'cpu', reg: 0 } },
    'soc@ffe000000': soc,
    'pcie@ffe200000': pcie,
  });
}
