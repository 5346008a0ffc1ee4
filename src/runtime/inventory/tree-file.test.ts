import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeFdt } from '../../devicetree/fdt/write-fdt.ts';
import { deviceTree, type NodeLiteral } from '../../testing/index.ts';
import { loadInventory } from './index.ts';
import { readTreeInventory } from './tree-file.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'blob-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const BASE = writeFdt(
  deviceTree({
    '#address-cells': 1,
    '#size-cells': 1,
    'dma@4000': { compatible: 'acme,dma', reg: [0x4000, 0x100], status: 'disabled', phandle: 1 },
    __symbols__: { dma: '/dma@4000' },
  }),
);
const overlay = (body: NodeLiteral): Uint8Array => writeFdt(deviceTree({ 'fragment@0': body }));
const SWITCH_ON = overlay({ 'target-path': '/dma@4000', __overlay__: { status: 'okay' } });

function file(name: string, content: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const codes = (dtb: string, ...dtbo: string[]) => {
  const { value, diagnostics } = readTreeInventory({ dtb, dtbo });
  expect(value === undefined).toBe(diagnostics.length > 0);
  return diagnostics.map(({ code }) => code);
};

test('reads a blob, and what an overlay switches on in it', async () => {
  const dtb = file('board.dtb', BASE);
  const dtbo = file('on.dtbo', SWITCH_ON);
  const names = async (...overlays: string[]) =>
    (await loadInventory({ tree: { dtb, dtbo: overlays } })).value?.devices.map(({ address }) => address);
  expect(await names()).toEqual([]);
  expect(await names(dtbo)).toEqual(['4000.dma']);
});

test('says where a blob stops being one, and of which file', () => {
  const bad = BASE.slice(0, BASE.length - 20);
  const [found] = readTreeInventory({ dtb: file('cut.dtb', bad), dtbo: [] }).diagnostics;
  expect(found).toMatchObject({
    code: 'device-tree-malformed',
    detail: expect.stringMatching(/cut\.dtb.*byte 4 /) as string,
  });
  const dtb = file('board.dtb', BASE);
  expect(codes(dtb, file('cut.dtbo', SWITCH_ON.slice(0, 50)))).toEqual(['overlay-malformed']);
});

test('says what a file is that is no blob', () => {
  const detail = (content: Uint8Array | string) =>
    readTreeInventory({ dtb: file('odd.dtb', content), dtbo: [] }).diagnostics[0]?.detail;
  expect(detail('/dts-v1/;\n/ { };\n')).toContain('dtc -I dts');
  expect(detail(Buffer.from([0x1f, 0x8b, 8, 0, ...new Array<number>(60).fill(0)]))).toContain('gzip');
});

test('says which overlay does not fit, and where', () => {
  const dtb = file('board.dtb', BASE);
  const stray = file('stray.dtbo', overlay({ 'target-path': '/nowhere', __overlay__: { status: 'okay' } }));
  const [found] = readTreeInventory({ dtb, dtbo: [file('on.dtbo', SWITCH_ON), stray] }).diagnostics;
  expect(found).toMatchObject({
    code: 'overlay-does-not-apply',
    detail: expect.stringMatching(/stray\.dtbo.*fragment@0/) as string,
  });
  expect(codes(dtb, dtb)).toEqual(['overlay-does-not-apply']);
});

test('refuses what cannot be a tree by its kind or its size, and never waits for a pipe', () => {
  expect(codes(join(folder, 'missing.dtb'))).toEqual(['device-tree-unreadable']);
  expect(codes(folder)).toEqual(['device-tree-unreadable']);
  expect(codes('/dev/zero')).toEqual(['device-tree-unreadable']);
  const huge = file('huge.dtb', '');
  truncateSync(huge, (64 << 20) + 1);
  expect(codes(huge)).toEqual(['device-tree-too-large']);
});

test('refuses what a snapshot could not hold', () => {
  const long = writeFdt(deviceTree({ image: { data: new Uint8Array((2 << 20) + 1) } }));
  expect(codes(file('fit.dtb', long))).toEqual(['device-tree-too-large']);
});

test('gives an inventory or a diagnostic for any bytes, and no exception', () => {
  const path = join(folder, 'fuzz.dtb');
  const changed = fc
    .array(fc.tuple(fc.nat(BASE.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 })
    .map((changes) => {
      const bytes = Uint8Array.from(BASE);
      for (const [at, value] of changes) bytes[at] = value;
      return bytes;
    });
  fc.assert(
    fc.property(fc.oneof(changed, fc.uint8Array()), (bytes) => {
      writeFileSync(path, bytes);
      codes(path);
    }),
    { numRuns: 300 },
  );
});
