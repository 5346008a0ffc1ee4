import { expect, test } from 'vitest';
import { deviceTree, nodeAt } from '../testing/index.ts';
import { correlate, type CorrelationOptions, correlateParts, type CorrelationRow } from './correlate.ts';

/** Facts of the P4080: its crypto block and the third of its PCIe controllers, behind the four-cell interrupts of its MPIC. */
const P4080 = deviceTree({
  compatible: 'fsl,P4080DS',
  '#address-cells': 2,
  '#size-cells': 2,
  'interrupt-parent': 1,
  'soc@ffe000000': {
    compatible: 'simple-bus',
    '#address-cells': 1,
    '#size-cells': 1,
    ranges: [0, 0xf, 0xfe00_0000, 0x100_0000],
    'pic@40000': {
      compatible: 'fsl,mpic',
      reg: [0x40000, 0x40000],
      phandle: 1,
      'interrupt-controller': true,
      '#interrupt-cells': 4,
      '#address-cells': 0,
    },
    'crypto@300000': {
      compatible: 'fsl,sec-v4.0',
      '#address-cells': 1,
      '#size-cells': 1,
      reg: [0x30_0000, 0x1_0000],
      ranges: [0, 0x30_0000, 0x1_0000],
      interrupts: [92, 2, 0, 0],
      'jr@1000': { compatible: 'fsl,sec-v4.0-job-ring', reg: [0x1000, 0x1000], interrupts: [88, 2, 0, 0] },
      'rtic@6000': { reg: [0x6000, 0x100] },
    },
  },
  'pcie@ffe200000': {
    compatible: 'fsl,p4080-pcie',
    device_type: 'pci',
    '#address-cells': 3,
    '#size-cells': 2,
    reg: [0xf, 0xfe20_0000, 0, 0x1000],
    ranges: [0x200_0000, 0, 0xe000_0000, 0xc, 0, 0, 0x2000_0000, 0x100_0000, 0, 0, 0xf, 0xf800_0000, 0, 0x1_0000],
    interrupts: [16, 2, 1, 15],
    'pcie@0': {
      '#address-cells': 3,
      '#size-cells': 2,
      '#interrupt-cells': 1,
      device_type: 'pci',
      reg: [0, 0, 0, 0, 0],
      interrupts: [16, 2, 1, 15],
      'interrupt-map-mask': [0xf800, 0, 0, 7],
      'interrupt-map': [0, 0, 0, 1, 1, 40, 1, 0, 0, 0, 0, 0, 2, 1, 1, 1, 0, 0],
    },
  },
});

const TRANSLATE: CorrelationOptions = { bus: 'platform', ranges: 'translate', interruptMap: 'translate' };

/** A row as one line: `0 region reg[0] ffe300000+10000`. */
function line(row: CorrelationRow): string {
  const start = `${row.vfioIndex ?? '-'} ${row.kind} ${row.property}[${row.dtIndex}]`;
  if (row.kind === 'region') {
    return `${start} ${row.address?.toString(16) ?? row.reason}+${row.size.toString(16)} ${row.flags.space}`;
  }
  const route = row.route.kind === 'direct' ? 'direct' : `${row.route.nexus}[${row.route.entry}]`;
  return `${start} ${row.controller ?? row.reason} ${row.hwirq ?? '?'} ${row.trigger} ${route}`;
}
const table = (path: string, options: Partial<CorrelationOptions> = {}) =>
  correlate(P4080, nodeAt(P4080, path), { ...TRANSLATE, ...options }).map(line);

const PIC = '/soc@ffe000000/pic@40000';

test("R-TREE-2: the P4080's crypto block: its registers are region 0, its ranges only translate", () => {
  expect(table('/soc@ffe000000/crypto@300000')).toEqual([
    '0 region reg[0] ffe300000+10000 memory',
    '- region ranges[0] ffe300000+10000 memory',
    `0 interrupt interrupts[0] ${PIC} 92 level-high direct`,
  ]);
});

test("R-TREE-2: a job ring's registers are translated through its parent's ranges", () => {
  expect(table('/soc@ffe000000/crypto@300000/jr@1000')).toEqual([
    '0 region reg[0] ffe301000+1000 memory',
    `0 interrupt interrupts[0] ${PIC} 88 level-high direct`,
  ]);
});

test('R-TREE-3: a PCIe controller has its own interrupt, and its root port those of the map', () => {
  expect(table('/pcie@ffe200000')).toEqual([
    '0 region reg[0] ffe200000+1000 memory',
    '- region ranges[0] c00000000+20000000 memory',
    '- region ranges[1] ff8000000+10000 io',
    // An error interrupt shares a source: its number is the driver's choice.
    `0 interrupt interrupts[0] ${PIC} ? level-high direct`,
  ]);
  const parts = correlateParts(P4080, nodeAt(P4080, '/pcie@ffe200000'), () => false);
  expect(parts.map((row) => row.path)).toEqual(Array(3).fill('/pcie@ffe200000/pcie@0'));
  expect(parts.map(line)).toEqual([
    `- interrupt interrupts[0] ${PIC} ? level-high direct`,
    `- interrupt interrupt-map[0] ${PIC} 40 level-low /pcie@ffe200000/pcie@0[0]`,
    `- interrupt interrupt-map[1] ${PIC} 1 level-low /pcie@ffe200000/pcie@0[1]`,
  ]);
});

test('R-TREE-4: where ranges and interrupt-map are exposed, they are numbered behind the others', () => {
  expect(table('/pcie@ffe200000', { ranges: 'expose' }).slice(0, 3)).toEqual([
    '0 region reg[0] ffe200000+1000 memory',
    '1 region ranges[0] c00000000+20000000 memory',
    '2 region ranges[1] ff8000000+10000 io',
  ]);
  expect(table('/pcie@ffe200000/pcie@0', { interruptMap: 'expose' }).slice(-2)).toEqual([
    `1 interrupt interrupt-map[0] ${PIC} 40 level-low /pcie@ffe200000/pcie@0[0]`,
    `2 interrupt interrupt-map[1] ${PIC} 1 level-low /pcie@ffe200000/pcie@0[1]`,
  ]);
});

test('parts that are devices speak for themselves, and registers that the CPU does not reach are left out', () => {
  const crypto = nodeAt(P4080, '/soc@ffe000000/crypto@300000');
  const rows = correlateParts(P4080, crypto, (node) => node.name === 'jr@1000');
  expect(rows.map((row) => `${row.path} ${line(row)}`)).toEqual([
    '/soc@ffe000000/crypto@300000/rtic@6000 - region reg[0] ffe306000+100 memory',
  ]);
});

const ODD = deviceTree({
  '#address-cells': 1,
  '#size-cells': 1,
  'interrupt-parent': 1,
  'pic@0': { phandle: 1, 'interrupt-controller': true, '#interrupt-cells': 1 },
  'amba@1000': {
    compatible: 'arm,primecell',
    reg: [0x1000, 0x1000, 0x3000, 0x1000],
    interrupts: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  },
  'cut@5000': { 'interrupts-extended': [1, 5, 99, 6] },
});

test('VFIO numbers one region and nine interrupts of an AMBA device; the tree may have more', () => {
  const rows = correlate(ODD, nodeAt(ODD, '/amba@1000'), { ...TRANSLATE, bus: 'amba' });
  expect(rows.filter(({ kind }) => kind === 'region').map(({ vfioIndex }) => vfioIndex)).toEqual([0, null]);
  expect(rows.filter(({ kind }) => kind === 'interrupt').map(({ vfioIndex }) => vfioIndex)).toEqual([
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    null,
  ]);
});

test('an interrupt that leads nowhere has no index, and says why', () => {
  const rows = correlate(ODD, nodeAt(ODD, '/cut@5000'), TRANSLATE).map(line);
  expect(rows).toEqual([
    '0 interrupt interrupts-extended[0] /pic@0 5 unknown direct',
    '- interrupt interrupts-extended[1] no node has the phandle 0x63 ? unknown direct',
  ]);
});
