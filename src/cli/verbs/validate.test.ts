import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { snapshotText } from '../../runtime/inventory/snapshot-text.ts';
import { host, netdev, recordingTerminal } from '../../testing/index.ts';
import { runCommandLine } from '../run.ts';

const HOST = host()
  .intelIommu()
  .nic('0000:03:00.0', { group: 20, netdevs: [netdev('cable0')] })
  .nic('0000:04:00.0', { group: 21 })
  .build();

const FILES = {
  'host.json': snapshotText(HOST, { identifiers: true }),
  'good.yaml': `version: 1
name: lab
devices:
  uplink: {netdev: cable0, reset: none}
memory:
  - iova: 0x100000000
    size: \${SIZE:-16MiB}
`,
  'faulty.yaml': 'version: 1\ndevices:\n  uplink: {pci: "03:00.0", rest: none}\n',
  'absent.yaml': 'version: 1\ndevices: {uplink: "09:00.0"}\n',
  'override.yaml': 'devices: {uplink: {reset: preferred}}\n',
};

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'validate-'));
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(...args: string[]) {
  const terminal = recordingTerminal({ cwd: folder });
  const whole = [...args, '--host', join(folder, 'host.json'), '--state-dir', join(folder, 'state')];
  const status = await runCommandLine(whole, '1.2.3', () => terminal);
  return { status, ...terminal.output };
}

test('validates a manifest against the host', async () => {
  expect(await run('validate', 'good.yaml')).toMatchObject({ status: 0, out: expect.stringContaining('valid') });
});

test('ends with 3 and shows the line where the manifest is wrong, on stderr', async () => {
  const { status, out, err } = await run('validate', 'faulty.yaml');
  expect(status).toBe(3);
  expect(out).toBe('');
  expect(err).toContain('error[unknown-key]');
  expect(err).toContain('faulty.yaml:3:28\n');
  expect(err).toMatch(/^1 error$/m);
});

test('reports what the host does not have, unless told to look at the manifest only', async () => {
  const { status, err } = await run('validate', 'absent.yaml');
  expect(status).toBeGreaterThan(0);
  expect(err).toContain('absent.yaml:2:');
  expect(await run('validate', '--manifest-only', 'absent.yaml')).toMatchObject({ status: 0, err: '' });
});

test('prints findings as one JSON document on stdout', async () => {
  const { status, out, err } = await run('validate', '-o', 'json', 'faulty.yaml');
  expect([status, err]).toEqual([3, '']);
  expect(JSON.parse(out)).toMatchObject({
    format_version: 1,
    valid: false,
    diagnostics: [
      { code: 'unknown-key', range: { file: 'faulty.yaml', start: { line: 3, column: 28 } }, snippet: { line: 3 } },
    ],
  });
  expect(JSON.parse((await run('validate', '-o', 'json', 'good.yaml')).out)).toMatchObject({
    valid: true,
    error_count: 0,
  });
});

test('says nothing about a valid manifest with -q', async () => {
  expect((await run('validate', '-q', 'good.yaml')).out).toBe('');
});

test('refuses an output format that it does not have', async () => {
  expect((await run('validate', '-o', 'xml', 'good.yaml')).status).toBe(64);
  expect((await run('config', '-o', 'toml', 'good.yaml')).status).toBe(64);
});

test('shows the manifest as it was understood, with addresses and sizes exact', async () => {
  const { status, out } = await run('config', '-o', 'json', 'good.yaml');
  expect(status).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    format_version: 1,
    name: 'lab',
    vms: {
      lab: {
        iommu: { type: 'type1v2', unsafeInterrupts: false },
        handoff: { mode: 'hold' },
        memory: [{ iova: '0x100000000', size: '0x1000000', backing: 'anonymous', access: 'read-write' }],
        devices: {
          uplink: {
            pci: '0000:03:00.0',
            iommuGroup: 20,
            use: 'assign',
            origin: 'named',
            driver: 'vfio-pci',
            from: expect.stringMatching(/^good\.yaml:4:/),
          },
        },
      },
    },
  });
});

test('shows the same as YAML, with numbers in hexadecimal', async () => {
  const { out } = await run('config', 'good.yaml');
  expect(out).toContain('iova: 0x100000000\n');
  const json = JSON.parse((await run('config', '-o', 'json', 'good.yaml')).out);
  json.vms.lab.memory[0].iova = 0x1_0000_0000;
  json.vms.lab.memory[0].size = 0x100_0000;
  expect(parse(out)).toEqual(json);
});

test('shows what several files make together', async () => {
  const { out } = await run('config', '-o', 'json', '-f', 'good.yaml', '-f', 'override.yaml');
  expect(JSON.parse(out)).toMatchObject({ vms: { lab: { devices: { uplink: { reset: 'preferred' } } } } });
});

test('prints the schema that manifests are checked against', async () => {
  const { status, out } = await run('schema');
  expect(status).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ $id: 'vfio-compose/manifest', properties: { vms: {}, devices: {} } });
});
