import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { snapshotText } from '../../runtime/inventory/snapshot-text.ts';
import { disk, host, netdev } from '../../testing/index.ts';
import type { Terminal, Verb } from '../verb.ts';
import { UsageError } from '../verb.ts';
import { verb as capture } from './capture.ts';
import { verb as inspect } from './inspect.ts';

const HOST = host()
  .intelIommu()
  .nic('0000:03:00.0', { group: 20, serial: '00-11', netdevs: [netdev('cable0', { mac: '52:54:00:12:34:56' })] })
  .nic('0000:03:00.1', { group: 20 })
  .nvme('0000:04:00.0', { blocks: [disk('disk7')] })
  .build();

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'inspect-'));
  writeFileSync(join(folder, 'host.json'), snapshotText(HOST, { identifiers: true }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a verb on the snapshot, with the folder as working directory. */
async function run(verb: Verb, args: readonly string[], options: Record<string, unknown> = {}, file = 'host.json') {
  let out = '';
  let err = '';
  const terminal: Terminal = {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    env: {},
    cwd: folder,
    interactive: false,
    colour: () => false,
    confirm: async () => false,
    ask: () => Promise.resolve(''),
    readStdin: async () => Buffer.alloc(0),
  };
  const global = { file: [], envFile: [], host: file, quiet: false, verbose: false };
  const status = await verb.run({ args, options, global, terminal });
  return { status, out, err };
}

test('shows groups by default, and devices when asked', async () => {
  expect((await run(inspect, [])).out).toMatch(/^group 20:/m);
  expect(await run(inspect, ['groups'])).toEqual(await run(inspect, []));
  expect((await run(inspect, ['devices'])).out).toMatch(/^ADDRESS +GROUP/);
});

test('finds a device by address with or without domain, by interface, by disk with or without /dev', async () => {
  const card = await run(inspect, ['0000:03:00.0']);
  expect(card).toMatchObject({ status: 0, err: '' });
  expect(card.out).toMatch(/^0000:03:00\.0\n/);
  expect(await run(inspect, ['03:00.0'])).toEqual(card);
  expect(await run(inspect, ['cable0'])).toEqual(card);
  expect((await run(inspect, ['/dev/disk7'])).out).toBe((await run(inspect, ['disk7'])).out);
});

test('shows what the plugin of the IOMMU says of a PCI function', async () => {
  const machine = host()
    .smmuV3()
    .tree({
      'smmu@9000': { compatible: 'arm,smmu-v3', phandle: 3, '#iommu-cells': 1 },
      'pcie@4000': { compatible: 'maker,pcie', device_type: 'pci', 'iommu-map': [0, 3, 0x100, 0x10000] },
    })
    .platform('4000.pcie', { treePath: '/pcie@4000', sysfsPath: '/sys/devices/platform/4000.pcie', group: null })
    .nic('00:02.1', { sysfsPath: '/sys/devices/platform/4000.pcie/pci0000:00/0000:00:02.1' })
    .build();
  writeFileSync(join(folder, 'smmu.json'), snapshotText(machine, { identifiers: false }));
  expect((await run(inspect, ['00:02.1'], {}, 'smmu.json')).out).toMatch(/^ +IOMMU +stream 0x111 of \/smmu@9000 /m);
  expect((await run(inspect, ['03:00.0'])).out).not.toMatch(/^ +IOMMU /m);
});

test('R-NAME-3: names near devices where there is none of that name', async () => {
  const { status, out, err } = await run(inspect, ['cable1']);
  expect({ status, out }).toEqual({ status: 4, out: '' });
  expect(err).toContain('cable0');
  expect((await run(inspect, ['0000:99:00.0'])).status).toBe(4);
});

test('prints one JSON document with its format version', async () => {
  const whole = JSON.parse((await run(inspect, [], { output: 'json' })).out) as Record<string, unknown>;
  expect(whole).toMatchObject({ format_version: 1, kernel: HOST.kernel, problems: [] });
  expect(whole['devices']).toHaveLength(3);
  const one = JSON.parse((await run(inspect, ['cable0'], { output: 'json' })).out) as Record<string, unknown>;
  expect(one).toMatchObject({
    format_version: 1,
    device: { address: '0000:03:00.0' },
    group: { id: 20 },
    siblings: [{ address: '0000:03:00.1' }],
  });
  expect(JSON.stringify([whole, one])).not.toMatch(/52:54|00-11/);
});

test('refuses an output format that it does not have', async () => {
  await expect(run(inspect, [], { output: 'yaml' })).rejects.toThrow(UsageError);
});

test('fails with the reason where the snapshot cannot be read', async () => {
  const { status, out, err } = await run(inspect, [], {}, 'missing.json');
  expect({ status, out }).toEqual({ status: 4, out: '' });
  expect(err).toContain('snapshot-unreadable');
});

test('captures to standard output, without identifiers unless asked', async () => {
  expect((await run(capture, [])).out).toBe(snapshotText(HOST, { identifiers: false }));
  expect((await run(capture, [], { identifiers: true })).out).toBe(snapshotText(HOST, { identifiers: true }));
});

test('captures to a file that is whole, and its owner alone may read where it identifies', async () => {
  const { status, out, err } = await run(capture, [], { output: 'plain.json' });
  expect({ status, out }).toEqual({ status: 0, out: '' });
  expect(err).toContain('3 devices');
  expect(readFileSync(join(folder, 'plain.json'), 'utf8')).toBe(snapshotText(HOST, { identifiers: false }));
  await run(capture, [], { output: 'secret.json', identifiers: true });
  expect(statSync(join(folder, 'secret.json')).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('says why a capture cannot be written', async () => {
  const { status, err } = await run(capture, [], { output: 'no/such/folder.json' });
  expect(status).toBe(1);
  expect(err).toContain('ENOENT');
  expect((await run(capture, [], { output: '.' })).status).toBe(1);
});

const PLATFORM = host()
  .tree({
    aliases: { serial0: '/uart@1000' },
    '#address-cells': 1,
    '#size-cells': 1,
    'uart@1000': { compatible: 'x,uart', reg: [0x1000, 0x1000] },
    'off@2000': { compatible: 'x,off', reg: [0x2000, 0x1000], status: 'disabled' },
  })
  .platform('1000.uart', { treePath: '/uart@1000', driver: 'x-uart' })
  .build();

test('R-NAME-1: finds a platform device by every name that a manifest takes', async () => {
  writeFileSync(join(folder, 'platform.json'), snapshotText(PLATFORM, { identifiers: true }));
  const byName = await run(inspect, ['1000.uart'], {}, 'platform.json');
  expect(byName).toMatchObject({ status: 0, err: '' });
  expect(byName.out).toMatch(/^1000\.uart\n/);
  expect(byName.out).toMatch(/^ +0 +region +\/uart@1000 +reg +0 +0x1000 /m);
  for (const name of ['/uart@1000', 'serial0', '/sys/devices/platform/1000.uart']) {
    expect(await run(inspect, [name], {}, 'platform.json')).toEqual(byName);
  }
});

test('R-NAME-2: shows a node that has no Linux device, and says why', async () => {
  const text = await run(inspect, ['/off@2000'], {}, 'platform.json');
  expect(text).toMatchObject({ status: 0, err: '' });
  expect(text.out).toContain('! no Linux device:');
  const document = JSON.parse((await run(inspect, ['/off@2000'], { output: 'json' }, 'platform.json')).out) as object;
  expect(document).toMatchObject({ device: null, tree: { path: '/off@2000', table: [{ vfio_index: null }] } });
});

test('prints the table of a platform device as JSON too', async () => {
  const document = JSON.parse((await run(inspect, ['serial0'], { output: 'json' }, 'platform.json')).out) as object;
  expect(document).toMatchObject({
    device: { address: '1000.uart' },
    tree: { table: [{ vfio_index: 0, dt_index: 0, address: '0x1000', size: '0x1000' }] },
  });
});

test('--check is for one device with a node, bound to VFIO', async () => {
  await expect(run(inspect, ['devices'], { check: true })).rejects.toThrow(UsageError);
  await expect(run(inspect, ['serial0'], { check: true, output: 'json' })).rejects.toThrow(UsageError);
  expect((await run(inspect, ['cable0'], { check: true })).status).toBe(64);
  const unbound = await run(inspect, ['serial0'], { check: true }, 'platform.json');
  expect(unbound.status).toBe(4);
  expect(unbound.err).toContain('not bound to VFIO');
});

/** A device of the simulated kernel that is bound to VFIO, alone in a group behind an SMMU. */
const bound = (reg: number[]) =>
  host()
    .smmuV3()
    .module('vfio_platform_calxedaxgmac', 'loaded')
    .tree({
      '#address-cells': 1,
      '#size-cells': 1,
      'interrupt-parent': 1,
      'gic@f000': { compatible: 'arm,gic-v3', phandle: 1, 'interrupt-controller': true, '#interrupt-cells': 3 },
      'smmu@9000': { compatible: 'arm,smmu-v3', phandle: 3, '#iommu-cells': 1, 'dma-coherent': true },
      'dev@1000': {
        compatible: 'calxeda,hb-xgmac',
        reg,
        interrupts: [0, 7, 4, 0, 8, 1],
        iommus: [3, 7],
        'msi-parent': 5,
      },
      'its@5000': { compatible: 'arm,gic-v3-its', phandle: 5, reg: [0x5000, 0x1000] },
    })
    .platform('1000.dev', {
      treePath: '/dev@1000',
      group: 4,
      driver: 'vfio-platform',
      driverOverride: 'vfio-platform',
    });

test('R-TREE-2: --check holds the table against what the kernel says', async () => {
  writeFileSync(
    join(folder, 'bound.json'),
    snapshotText(bound([0x1000, 0x1000, 0x7000, 0x100]).build(), { identifiers: true }),
  );
  const { status, out, err } = await run(inspect, ['1000.dev'], { check: true }, 'bound.json');
  expect({ status, err }).toEqual({ status: 0, err: '' });
  expect(out).toContain('The kernel agrees: regions 2, interrupts 2.');
});

test('R-TREE-2: --check does the same in no-IOMMU mode', async () => {
  const unsafe = bound([0x1000, 0x1000])
    .module('vfio', 'loaded', { enable_unsafe_noiommu_mode: 'Y' })
    .changePlatform('1000.dev', { group: null });
  writeFileSync(join(folder, 'unsafe.json'), snapshotText(unsafe.build(), { identifiers: true }));
  const { status, out, err } = await run(inspect, ['1000.dev'], { check: true }, 'unsafe.json');
  expect({ status, err }).toEqual({ status: 0, err: '' });
  expect(out).toContain('The kernel agrees: regions 1, interrupts 2.');
});

test('--check says who holds the group, and that nothing was checked', async () => {
  const held = bound([0x1000, 0x1000]).group(4, {
    node: { uid: 0, gid: 0, mode: 0o600 },
    openedBy: [{ pid: 77, command: 'qemu' }],
  });
  writeFileSync(join(folder, 'held.json'), snapshotText(held.build(), { identifiers: true }));
  const { status, err } = await run(inspect, ['1000.dev'], { check: true }, 'held.json');
  expect(status).toBe(7);
  expect(err).toContain('/dev/vfio/4');
});
