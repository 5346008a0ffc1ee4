import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type HostInventory, indexHost } from '../../model/index.ts';
import { host } from '../../testing/index.ts';
import { digestOf } from './digest.ts';
import { parseSnapshot } from './snapshot.ts';
import { snapshotText } from './snapshot-text.ts';

const HOST = host()
  .smmuV3()
  .tree({
    '#address-cells': 1,
    '#size-cells': 1,
    chosen: { bootargs: 'quiet' },
    soc: {
      compatible: 'simple-bus',
      ranges: true,
      '#address-cells': 1,
      '#size-cells': 1,
      'dma@7000': { compatible: 'acme,dma', reg: [0x7000, 0x100], __proto: [1], empty: true },
    },
  })
  .platform('7000.dma', { treePath: '/soc/dma@7000', driver: 'acme-dma' })
  .amba('8000.spare', { group: null })
  .nic('0000:03:00.0')
  .origin('kernel')
  .build();
const TEXT = snapshotText(HOST, { identifiers: true });

async function findings(text: string): Promise<{ code: string; line: string | undefined }[]> {
  const { value, diagnostics } = await parseSnapshot('odd.json', text);
  expect(value).toBeUndefined();
  return diagnostics.map(({ code, at }) => ({ code, line: at && text.split('\n')[at.start.line - 1]?.trim() }));
}

const withPaths = (paths: readonly string[]): string =>
  snapshotText(
    { ...HOST, deviceTree: { nodes: paths.map((path) => ({ path, properties: {} })) } },
    { identifiers: true },
  );

const inconsistent = (line: RegExp) => ({
  code: 'snapshot-inconsistent',
  line: expect.stringMatching(line) as string,
});

test('reads platform devices and a device tree back, and writes them again byte for byte', async () => {
  const { value, diagnostics } = await parseSnapshot('host.json', TEXT);
  expect(diagnostics).toEqual([]);
  expect(value && snapshotText(value, { identifiers: true })).toBe(TEXT);
  expect(value && digestOf(value)).toBe(digestOf(HOST));
  const node = value && indexHost(value).tree?.byPath.get('/soc/dma@7000');
  expect(node?.properties.get('reg')).toEqual(new Uint8Array([0, 0, 0x70, 0, 0, 0, 1, 0]));
  expect(node?.properties.get('empty')).toEqual(new Uint8Array());
});

test('has a digest that a change of the tree changes, and a secret in it does not', () => {
  const nodes = HOST.deviceTree?.nodes ?? [];
  const changed = (path: string, properties: Record<string, string>): HostInventory => ({
    ...HOST,
    deviceTree: {
      nodes: nodes.map((node) =>
        node.path === path ? { path, properties: { ...node.properties, ...properties } } : node,
      ),
    },
  });
  expect(digestOf(changed('/chosen', { bootargs: 'ff', 'rng-seed': '00' }))).toBe(digestOf(HOST));
  expect(digestOf(changed('/soc/dma@7000', { reg: '0000800000000100' }))).not.toBe(digestOf(HOST));
  const { deviceTree: _, ...without } = HOST;
  expect(digestOf(without)).not.toBe(digestOf(HOST));
});

test('refuses a device whose node the tree does not have, and one without any tree', async () => {
  expect(await findings(TEXT.replace('"treePath": "/soc/dma@7000"', '"treePath": "/soc/dma@7"'))).toEqual([
    inconsistent(/^"treePath": "\/soc\/dma@7",/),
  ]);
  const { deviceTree: _, ...without } = HOST;
  expect(await findings(snapshotText(without, { identifiers: true }))).toEqual([inconsistent(/^"treePath"/)]);
});

test.each([
  ['without its root', ['/soc', '/soc/dma@7000']],
  ['with two roots', ['/', '/', '/soc', '/soc/dma@7000']],
  ['with a child before its parent', ['/', '/soc/dma@7000', '/soc']],
  ['with a child without a parent', ['/', '/a/b', '/soc', '/soc/dma@7000']],
  ['with a node twice', ['/', '/soc', '/soc/dma@7000', '/soc']],
  ['with a name that is empty', ['/', '/soc', '/soc/', '/soc/dma@7000']],
  ['with a name that leads up', ['/', '/soc', '/soc/..', '/soc/dma@7000']],
  ['with a name that a terminal would obey', ['/', '/soc', '/soc/\u001b[2J', '/soc/dma@7000']],
])('refuses a tree %s', async (_, paths) => {
  expect(await findings(withPaths(paths))).toEqual([inconsistent(/"path"/)]);
});

test('takes a tree of 64 levels and refuses one more', async () => {
  const chain = (levels: number) => Array.from({ length: levels }, (_, index) => '/n'.repeat(index + 1));
  const paths = ['/', '/soc', '/soc/dma@7000'];
  expect((await parseSnapshot('host.json', withPaths([...paths, ...chain(64)]))).diagnostics).toEqual([]);
  expect(await findings(withPaths([...paths, ...chain(65)]))).toEqual([inconsistent(/"path"/)]);
});

test('refuses a platform device with the path of another, a path outside, and one name twice', async () => {
  const path = '/sys/devices/platform/soc/7000.dma';
  for (const other of ['/sys/devices/platform/8000.dma', '/sys/bus/7000.dma', '/sys/devices/../7000.dma']) {
    expect(await findings(TEXT.replace(`"sysfsPath": "${path}"`, `"sysfsPath": "${other}"`))).toEqual([
      inconsistent(/^"sysfsPath"/),
    ]);
  }
  const twice = { ...HOST, devices: [...HOST.devices, ...HOST.devices.slice(0, 1)] };
  expect(await findings(snapshotText(twice, { identifiers: true }))).toEqual([inconsistent(/^"address"/)]);
});

test('refuses values that are no pairs of hexadecimal digits, and names that Linux cannot give', async () => {
  const [shape] = await findings(TEXT.replace('"0000700000000100"', '"000070000000010"'));
  expect(shape?.code).toBe('snapshot-invalid');
  const [name] = await findings(TEXT.replaceAll('7000.dma', '7000 dma'));
  expect(name?.code).toBe('snapshot-invalid');
});

test('any snapshot with a tree gives diagnostics, or a value whose tree can be made', async () => {
  const nodes = fc.array(
    fc.record({
      path: fc.oneof(
        fc.constantFrom('/', '/soc', '/soc/dma@7000', '/a', '/a/b', '//', '/a/../b', '/.', ''),
        fc.string().map((text) => `/${text}`),
      ),
      properties: fc.dictionary(
        fc.oneof(fc.constantFrom('__proto__', 'phandle', 'reg'), fc.string()),
        fc.constantFrom('', '00', '00000001', 'f', 'xy'),
      ),
    }),
    { maxLength: 12 },
  );
  const cut = fc.tuple(fc.nat(TEXT.length), fc.nat(40), fc.string()).map(([at, length, put]) => {
    return TEXT.slice(0, at) + put + TEXT.slice(at + length);
  });
  const treed = nodes.map((list) =>
    JSON.stringify({
      ...(JSON.parse(TEXT) as object),
      deviceTree: { nodes: [{ path: '/', properties: {} }, ...list] },
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.oneof(cut, treed), async (text) => {
      const { value, diagnostics } = await parseSnapshot('odd.json', text);
      expect(value === undefined).toBe(diagnostics.length > 0);
      if (value) expect(indexHost(value).tree?.nodes).toHaveLength(value.deviceTree?.nodes.length ?? 0);
    }),
    { numRuns: 300 },
  );
});
