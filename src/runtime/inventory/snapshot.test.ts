import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type HostInventory, LIMITS } from '../../model/index.ts';
import { disk, host, netdev } from '../../testing/index.ts';
import { digestOf } from './digest.ts';
import { loadInventory } from './index.ts';
import { parseSnapshot, readSnapshot } from './snapshot.ts';
import { snapshotText } from './snapshot-text.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'snapshot-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const HOST = host()
  .intelIommu()
  .hugePages(0x20_0000n, 8, 5)
  .memlock(0x80_0000n)
  .nic('0000:03:00.0', { serial: '00-11', netdevs: [netdev('cable0', { mac: '52:54:00:12:34:56' })] })
  .nvme('0000:04:00.0', { blocks: [disk('disk3', { serial: 'S77', mounts: ['/z', '/a'] })] })
  .build();
const TEXT = snapshotText(HOST, { identifiers: true });

/** The only finding of a snapshot text: its code and the line it points at. */
async function finding(text: string): Promise<{ code: string; line: string | undefined; detail: string }> {
  const { value, diagnostics } = await parseSnapshot('odd.json', text);
  expect(value).toBeUndefined();
  expect(diagnostics).toHaveLength(1);
  const [found] = diagnostics;
  const line = found?.at && text.split('\n')[found.at.start.line - 1]?.trim();
  return { code: found?.code ?? '', line, detail: found?.detail ?? '' };
}

test('reads back what was written, and writes it again byte for byte', async () => {
  const { value, diagnostics } = await parseSnapshot('host.json', TEXT);
  expect(diagnostics).toEqual([]);
  expect(value && snapshotText(value, { identifiers: true })).toBe(TEXT);
  expect(value && digestOf(value)).toBe(digestOf(HOST));
});

test('writes the same bytes whatever the order of devices, groups and keys', () => {
  const turned: HostInventory = {
    ...HOST,
    devices: [...HOST.devices].reverse(),
    groups: [...HOST.groups].reverse(),
    modules: Object.fromEntries(Object.entries(HOST.modules).reverse()),
  };
  expect(snapshotText(turned, { identifiers: true })).toBe(TEXT);
  expect(digestOf(turned)).toBe(digestOf(HOST));
});

test('R-PAMU-6: keeps what is known of backends that mainline does not have, and a plan is for a host with them', async () => {
  const backends = [
    { name: 'windows', extension: 7, properties: { dialect: 'spoken', banks: '3' } },
    { name: 'tables', extension: 40, properties: {} },
  ];
  const own: HostInventory = { ...HOST, vfio: { ...HOST.vfio, backends } };
  const { value } = await parseSnapshot('host.json', snapshotText(own, { identifiers: true }));
  expect(value?.vfio.backends).toEqual([...backends].reverse());
  expect(digestOf(own)).not.toBe(digestOf(HOST));
});

test('leaves out serial numbers and MAC addresses unless they are asked for', () => {
  const text = snapshotText(HOST, { identifiers: false });
  expect(text).not.toMatch(/00-11|52:54|S77/);
  expect(TEXT).toMatch(/52:54[^]*00-11[^]*S77/);
});

test('has a digest that only what changes by itself leaves alone', () => {
  const changed = (change: Partial<HostInventory>) => digestOf({ ...HOST, ...change });
  const device = HOST.devices[0];
  const same = changed({
    limits: { memlock: null, mayLockAnything: true },
    hugePages: HOST.hugePages.map((pool) => ({ ...pool, free: 0 })),
    groups: HOST.groups.map((group) => ({
      ...group,
      node: { uid: 5, gid: 5, mode: 0o660 },
      openedBy: [{ pid: 7, command: 'dpdk' }],
    })),
    devices: HOST.devices.map((one) => ({ ...one, serial: 'other' })),
  });
  expect(same).toBe(digestOf(HOST));
  expect(same).toMatch(/^sha256:[0-9a-f]{64}$/);
  const others = [
    changed({ kernel: { ...HOST.kernel, release: '6.0' } }),
    changed({ hugePages: HOST.hugePages.map((pool) => ({ ...pool, total: 9 })) }),
    changed({ groups: HOST.groups.map((group) => ({ ...group, type: 'identity' })) }),
    changed({ devices: device ? [{ ...device, driver: 'vfio-pci' }] : [] }),
    changed({ modules: {} }),
  ];
  expect(new Set([...others, same]).size).toBe(others.length + 1);
});

test('points at where a text stops being JSON', async () => {
  expect(await finding(TEXT.replace('"iommu":', 'iommu:'))).toMatchObject({
    code: 'snapshot-not-json',
    line: expect.stringMatching(/^iommu:/) as string,
  });
  const cut = await finding(TEXT.slice(0, TEXT.indexOf('"devices"')));
  expect(cut).toMatchObject({ code: 'snapshot-not-json' });
  expect(cut.detail).toMatch(/may not be complete/);
  expect(await finding('')).toMatchObject({ code: 'snapshot-not-json' });
});

test('points at the value that has the wrong shape', async () => {
  expect(await finding(TEXT.replace('"class": "020000"', '"class": "ethernet"'))).toMatchObject({
    code: 'snapshot-invalid',
    line: '"class": "ethernet",',
  });
  const extra = await finding(TEXT.replace('"bus": "pci",', '"bus": "pci",\n      "colour": 7,'));
  expect(extra).toMatchObject({ code: 'snapshot-invalid', line: '"colour": 7,' });
  const lacking = await finding(TEXT.replace('"slot": null,', ''));
  expect(lacking).toMatchObject({ code: 'snapshot-invalid' });
  expect(lacking.detail).toContain('"slot"');
  for (const text of ['[]', 'null', '7', '{}']) expect(await finding(text)).toMatchObject({ code: 'snapshot-invalid' });
});

test('says which format it reads when a snapshot has another', async () => {
  const text = TEXT.replace('"format_version": 1', '"format_version": 2');
  expect(await finding(text)).toMatchObject({ code: 'snapshot-version', line: '"format_version": 2,' });
});

test('refuses a snapshot that contradicts itself, at the place', async () => {
  const twice = TEXT.replaceAll('0000:04:00.0', '0000:03:00.0');
  expect(await finding(twice)).toMatchObject({ code: 'snapshot-inconsistent', line: '"address": "0000:03:00.0",' });
  const group = HOST.devices[0]?.group ?? 0;
  expect(await finding(TEXT.replace(`"group": ${group},`, '"group": 9999,'))).toMatchObject({
    code: 'snapshot-inconsistent',
    line: '"group": 9999,',
  });
  const escape = TEXT.replace('/0000:03:00.0"', '/../../../0000:03:00.0"');
  expect(await finding(escape)).toMatchObject({ code: 'snapshot-inconsistent' });
  const backwards = TEXT.replace('"last": "0xfeefffff"', '"last": "0x0"');
  expect(await finding(backwards)).toMatchObject({ code: 'snapshot-inconsistent' });
});

test.each(['..', '.', '../../x', 'a/b', '', '\0', 'é', 'a\nb'])(
  'SECURITY: refuses a snapshot with a driver called %j, from which a path would be made',
  async (name) => {
    const line = `"driver": ${JSON.stringify(name)},`;
    const code = name === '' ? 'snapshot-invalid' : 'snapshot-inconsistent';
    expect(await finding(TEXT.replace(/"driver": "[^"]+",/, () => line))).toMatchObject({ code, line });
  },
);

test('SECURITY: points at a key that is half of a character', async () => {
  expect(await finding(TEXT.replace('"bus"', () => '"\\ud800"'))).toMatchObject({ code: 'snapshot-invalid' });
});

test('SECURITY: refuses a snapshot that is deeper or has more values than any host', async () => {
  const deep = TEXT.replace('"iommu":', `"x": ${'['.repeat(40)}${']'.repeat(40)}, "iommu":`);
  expect(await finding(deep)).toMatchObject({ code: 'snapshot-too-large' });
  const long = `[${'0,'.repeat(LIMITS.snapshot.values)}0]`;
  const { diagnostics } = await parseSnapshot('odd.json', long);
  expect(diagnostics).toMatchObject([{ code: 'snapshot-too-large', at: { start: { line: 1 } } }]);
});

test('shows the first contradictions of thousands and counts the rest', async () => {
  const device = HOST.devices[0];
  const devices = device ? Array.from({ length: 2000 }, () => device) : [];
  const { diagnostics } = await parseSnapshot('odd.json', snapshotText({ ...HOST, devices }, { identifiers: false }));
  expect(diagnostics).toHaveLength(21);
  expect(diagnostics.at(-1)).toMatchObject({ severity: 'note', detail: expect.stringMatching(/^1979 more/) as string });
});

test('says why a file cannot be read, and never waits for a pipe', async () => {
  const codes = async (path: string) => (await readSnapshot(path)).diagnostics.map(({ code }) => code);
  expect(await codes(join(folder, 'missing.json'))).toEqual(['snapshot-unreadable']);
  expect(await codes(folder)).toEqual(['snapshot-unreadable']);
  expect(await codes('/dev/zero')).toEqual(['snapshot-unreadable']);
  const huge = join(folder, 'huge.json');
  writeFileSync(huge, '');
  truncateSync(huge, 300 << 20);
  expect(await codes(huge)).toEqual(['snapshot-too-large']);
});

test('reads a file that an editor began with a byte order mark', async () => {
  const path = join(folder, 'bom.json');
  writeFileSync(path, `\ufeff${TEXT}`);
  expect((await loadInventory({ host: path })).value?.devices).toHaveLength(2);
});

test('says that a machine has no sysfs instead of finding no devices', async () => {
  const { value, diagnostics } = await loadInventory({ root: '/nonexistent' });
  expect(value).toBeUndefined();
  expect(diagnostics.map(({ code }) => code)).toEqual(['host-not-readable']);
});

test('gives a value or diagnostics for any text, and no exception', async () => {
  const cut = fc.tuple(fc.nat(TEXT.length), fc.nat(40), fc.string()).map(([at, length, put]) => {
    return TEXT.slice(0, at) + put + TEXT.slice(at + length);
  });
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), fc.json(), cut), async (text) => {
      const { value, diagnostics } = await parseSnapshot('odd.json', text);
      expect(value === undefined).toBe(diagnostics.length > 0);
    }),
  );
});
