import { expect, test } from 'vitest';
import { hex } from '../../src/model/index.ts';
import { host, type HostBuilder, region } from '../../src/testing/index.ts';
import { domains } from '../../src/testing/law.ts';
import { layoutOf } from './window.ts';

type Entry = readonly [iova: string, size: string];

const domain = (msiWindow: string, entries: readonly Entry[], on: HostBuilder = host().smmuV3().nic('01:00.0')) => {
  const memory = entries.map(([iova, size]) => ({ iova, size }));
  const [context] = domains({ a: { devices: { x: '01:00.0' }, iommu: { options: { msiWindow } }, memory } }, on);
  if (!context) throw new Error('the manifest of the test has no VM');
  return context;
};

/** `memory+offset at iova, size`. */
const mappings = (...args: Parameters<typeof domain>) =>
  layoutOf(domain(...args)).mappings.map(
    ({ memory, offset, iova, size }) => `${memory}+${hex(offset)} at ${hex(iova)}, ${hex(size)}`,
  );

const effects = (...args: Parameters<typeof domain>) => layoutOf(domain(...args)).effects.map(({ kind }) => kind);

test('refuse leaves the memory as the manifest has it, for type 1 to refuse', () => {
  expect(mappings('refuse', [['0', '1GiB']])).toEqual(['0+0x0 at 0x0, 0x40000000']);
});

test('hole maps what is before and what is behind the window, each at its own addresses', () => {
  expect(mappings('hole', [['0', '1GiB']])).toEqual([
    '0+0x0 at 0x0, 0x8000000',
    '0+0x8100000 at 0x8100000, 0x37f00000',
  ]);
});

test('move maps the rest of the entry behind the window, and loses nothing', () => {
  expect(mappings('move', [['0', '1GiB']])).toEqual([
    '0+0x0 at 0x0, 0x8000000',
    '0+0x8000000 at 0x8100000, 0x38000000',
  ]);
});

test.each([
  ['ends at the window', ['0', '0x8000000'], ['0+0x0 at 0x0, 0x8000000']],
  ['begins behind the window', ['0x8100000', '4KiB'], ['0+0x0 at 0x8100000, 0x1000']],
] as const)('memory that %s stays as it is', (_, entry, expected) => {
  expect(mappings('hole', [entry])).toEqual(expected);
  expect(mappings('move', [entry])).toEqual(expected);
  expect(effects('move', [entry])).toEqual([]);
});

test.each([
  ['its last page', ['0x7fff000', '0x2000'], ['0+0x0 at 0x7fff000, 0x1000']],
  ['its first page', ['0x80ff000', '0x2000'], ['0+0x1000 at 0x8100000, 0x1000']],
] as const)('a hole takes no more than the window: of an entry with %s outside that page is left', (_, entry, left) => {
  expect(mappings('hole', [entry])).toEqual(left);
});

test('an entry that lies in the window as a whole cannot have a hole, and stays to be refused', () => {
  expect(mappings('hole', [['0x8000000', '64KiB']])).toEqual(['0+0x0 at 0x8000000, 0x10000']);
  expect(mappings('move', [['0x8000000', '64KiB']])).toEqual(['0+0x0 at 0x8100000, 0x10000']);
});

test('other entries keep their numbers and their places', () => {
  expect(
    mappings('hole', [
      ['0x40000000', '4KiB'],
      ['0', '0x8200000'],
      ['0x50000000', '4KiB'],
    ]),
  ).toEqual([
    '0+0x0 at 0x40000000, 0x1000',
    '1+0x0 at 0x0, 0x8000000',
    '1+0x8100000 at 0x8100000, 0x100000',
    '2+0x0 at 0x50000000, 0x1000',
  ]);
});

test('what cannot be moved stays: another entry is there, another one was moved there, a region is, the IOMMU ends', () => {
  const entry: Entry = ['0', '0x8001000'];
  expect(effects('move', [entry, ['0x8100000', '4KiB']])).toEqual(['stuck']);
  expect(mappings('move', [entry, ['0x8100000', '4KiB']])).toEqual([
    '0+0x0 at 0x0, 0x8001000',
    '1+0x0 at 0x8100000, 0x1000',
  ]);
  expect(effects('move', [entry, ['0x8001000', '4KiB']])).toEqual(['moved', 'stuck']);
  const regions = [region(0x800_0000n, 0x80f_ffffn, 'msi'), region(0x810_0000n, 0x810_0fffn, 'reserved')];
  const crowded = host().smmuV3().group(60, { reservedRegions: regions }).nic('01:00.0', { group: 60 });
  expect(effects('move', [entry], crowded)).toEqual(['stuck']);
  const narrow = host().smmuV3({ addressBits: 27 }).nic('01:00.0');
  expect(effects('move', [entry], narrow)).toEqual(['stuck']);
});

test('the hole is of whole pages of the host', () => {
  const odd = host()
    .smmuV3()
    .kernel({ pageSize: 65536 })
    .group(60, { reservedRegions: [region(0x800_1000n, 0x800_1fffn, 'msi')] })
    .nic('01:00.0', { group: 60 });
  expect(mappings('hole', [['0', '0x9000000']], odd)).toEqual([
    '0+0x0 at 0x0, 0x8000000',
    '0+0x8010000 at 0x8010000, 0xff0000',
  ]);
});

test('says of each mapping what a reviewer has to know', () => {
  expect(layoutOf(domain('move', [['0', '1GiB']])).mappings.map(({ remark }) => remark)).toEqual([
    'up to the MSI window 0x8000000-0x80fffff; the rest is behind it',
    'moved from 0x8000000, behind the MSI window 0x8000000-0x80fffff',
  ]);
});
