import { expect, test } from 'vitest';
import { deviceTree, nodeAt, type PropertyLiteral } from '../testing/index.ts';
import { readSpecifier } from './interrupt-specifier.ts';

function line(compatible: PropertyLiteral, specifier: readonly number[]): string {
  const { hwirq, trigger } = readSpecifier(nodeAt(deviceTree({ pic: { compatible } }), '/pic'), specifier);
  return `${hwirq} ${trigger}`;
}

test('adds 32 to an SPI and 16 to a PPI of a GIC, and reads the trigger', () => {
  expect(line('arm,cortex-a15-gic', [0, 77, 4])).toBe('109 level-high');
  expect(line('arm,gic-400', [0, 80, 1])).toBe('112 edge-rising');
  expect(line('arm,gic-v3', [1, 13, 8])).toBe('29 level-low');
});

test('ignores the CPU mask of a PPI', () => {
  expect(line('arm,cortex-a9-gic', [1, 13, 0xf04])).toBe('29 level-high');
});

test('knows extended SPIs and PPIs of a GICv3 alone', () => {
  expect(line('arm,gic-v3', [2, 3, 4])).toBe('4099 level-high');
  expect(line('arm,gic-v3', [3, 3, 4])).toBe('1059 level-high');
  expect(line('arm,gic-400', [2, 3, 4])).toBe('null unknown');
});

test('gives no number for a GIC specifier that is too short', () => {
  expect(line('arm,gic-v3', [0, 3])).toBe('null unknown');
});

test("reads the MPIC's sense, in two and in four cells", () => {
  const mpic = ['fsl,mpic', 'chrp,open-pic'];
  expect(line(mpic, [0x5c, 2, 0, 0])).toBe('92 level-high');
  expect(['0', '1', '2', '3'].map((sense) => line('open-pic', [5, Number(sense)]))).toEqual([
    '5 edge-rising',
    '5 level-low',
    '5 level-high',
    '5 edge-falling',
  ]);
});

test('gives no number for an error bit, an IPI or a timer of an MPIC', () => {
  expect([1, 2, 3].map((type) => line('fsl,mpic', [16, 2, type, 15]))).toEqual([
    'null level-high',
    'null level-high',
    'null level-high',
  ]);
});

test('reads the senses of an 8259', () => {
  expect([line('chrp,iic', [12, 3]), line('chrp,iic', [12, 1])]).toEqual(['12 edge-rising', '12 level-high']);
});

test('takes one or two cells of any other controller as number and trigger, and more for its driver to read', () => {
  expect([line('acme,pic', [9]), line('acme,pic', [9, 3]), line('acme,pic', [9, 2, 0])]).toEqual([
    '9 unknown',
    '9 edge-both',
    'null unknown',
  ]);
});
