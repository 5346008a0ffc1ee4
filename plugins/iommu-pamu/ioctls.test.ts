import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytes, type ContainerIoctl, hex, iova } from 'vfio-compose/plugin';
import { expect, test } from 'vitest';
import { containerIoctl } from '../../src/runtime/uapi/container-ioctl.ts';
import { scriptedKernel } from '../../src/testing/scripted-kernel.ts';
import {
  expectGeometry,
  expectWindows,
  getMsiBankCount,
  mapMsiBank,
  setGeometry,
  setWindows,
  unmapMsiBank,
} from './ioctls.ts';

/** What a C program says of the same values, run as big-endian PowerPC: testdata/ioctls.c. */
const GOLDEN = new Map(
  readFileSync(join(import.meta.dirname, 'testdata', 'ioctls.ppc.txt'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [name = '', number = '', argument = ''] = line.split(' ');
      return [name, { number, argument: argument === '-' ? null : argument }] as const;
    }),
);

const layout = { first: iova(0x4_0000_0000n), size: bytes(0x4000_0000n), windows: 16 };
const bank = { bank: 2, window: 13, iova: iova(0x4_3400_0000n) };

const CALLS: Readonly<Record<string, ContainerIoctl>> = {
  count: getMsiBankCount('explicit', 3),
  'set-geometry': setGeometry('explicit', layout),
  'get-geometry': expectGeometry('explicit', layout),
  'set-windows': setWindows('explicit', layout),
  'get-windows': expectWindows('explicit', layout),
  'map-bank': mapMsiBank(bank),
  'unmap-bank': unmapMsiBank(bank),
};

test('the C program and the test speak of the same calls', () => {
  expect([...GOLDEN.keys()].sort()).toEqual(Object.keys(CALLS).sort());
});

test.each(Object.entries(CALLS))(
  'R-PAMU-6: %s has the number and the bytes of C on big-endian PowerPC',
  (name, call) => {
    const { kernel, asked } = scriptedKernel('ppc');
    containerIoctl(kernel, 3, { name: call.request, number: call.number }, call.fields);
    expect(asked.map(({ number, argument }) => ({ number: hex(BigInt(number)), argument }))).toEqual([
      GOLDEN.get(name),
    ]);
  },
);

test('R-PAMU-6: the dialects have names of their own for what they share', () => {
  const names = (dialect: 'explicit' | 'on-demand') => setGeometry(dialect, layout).request;
  expect([names('explicit'), names('on-demand')]).toEqual(['VFIO_IOMMU_PAMU_SET_ATTR', 'VFIO_IOMMU_SET_ATTR']);
});

test('what is read back must be what was set', () => {
  const expected = ({ fields }: ContainerIoctl) =>
    fields.flatMap(({ name, expect: value }) => (value === undefined ? [] : [[name, value]]));
  expect(expected(expectGeometry('explicit', layout))).toEqual([
    ['aperture_start', 0x4_0000_0000n],
    ['aperture_end', 0x4_3fff_ffffn],
  ]);
  expect(expected(expectWindows('explicit', layout))).toEqual([['windows', 16n]]);
});
