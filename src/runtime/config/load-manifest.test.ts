import { execFileSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { LIMITS } from '../../model/index.ts';
import { loadManifest, type ManifestRequest } from './load-manifest.ts';
import { directoryWith } from '../../testing/directory.ts';

const ONE = 'version: 1\ndevices:\n  nic0: "0000:01:00.0"\n';

const load = (cwd: string, request: Partial<ManifestRequest> = {}) =>
  loadManifest({
    file: [],
    envFile: [],
    env: {},
    cwd,
    readStdin: () => Promise.reject(new Error('not asked')),
    ...request,
  });

async function codes(cwd: string, request: Partial<ManifestRequest> = {}): Promise<string[]> {
  const { diagnostics, value } = await load(cwd, request);
  expect(value).toBeUndefined();
  return diagnostics.map(({ code, at }) => (at ? `${code}@${at.file}:${at.start.line}:${at.start.column}` : code));
}

test('reads the file that is named, under the name that was given', async () => {
  const cwd = directoryWith({ 'sub/lab.yaml': ONE });
  const { value, sources } = await load(cwd, { file: ['sub/lab.yaml'] });
  expect(value?.files).toEqual(['sub/lab.yaml']);
  expect(sources.get('sub/lab.yaml')).toBe(ONE);
});

test('finds the manifest upwards where none is named', async () => {
  const cwd = directoryWith({ 'vfio-compose.yaml': ONE, 'a/b/keep': '' });
  const { value } = await load(join(cwd, 'a/b'));
  expect(value?.files).toEqual(['../../vfio-compose.yaml']);
});

test('takes VFIO_COMPOSE_FILE where none is named, and -f before it', async () => {
  const cwd = directoryWith({ 'a.yaml': ONE, 'b.yaml': 'name: b\n', 'c.yaml': ONE });
  const env = { VFIO_COMPOSE_FILE: 'a.yaml:b.yaml' };
  expect((await load(cwd, { env })).value?.files).toEqual(['a.yaml', 'b.yaml']);
  expect((await load(cwd, { env, file: ['c.yaml'] })).value?.files).toEqual(['c.yaml']);
});

test('says where it looked where there is no manifest', async () => {
  const cwd = directoryWith({ 'a/keep': '' });
  const { diagnostics } = await load(join(cwd, 'a'));
  expect(diagnostics.map(({ code }) => code)).toEqual(['manifest-not-found']);
  expect(diagnostics[0]?.detail).toContain(join(cwd, 'a'));
});

test('reads stdin for -, once', async () => {
  const cwd = directoryWith({ 'sub/more.yaml': 'memory: []\n' });
  let asked = 0;
  const readStdin = () => {
    asked++;
    return Promise.resolve(Buffer.from(`include: sub/more.yaml\n${ONE}`));
  };
  const { value } = await load(cwd, { file: ['-', '-'], readStdin });
  expect(asked).toBe(1);
  expect(value?.files).toEqual(['sub/more.yaml', '<stdin>']);
});

test('lets the last of -f win over the ones before, and every file over what it includes', async () => {
  const cwd = directoryWith({
    'base.yaml': 'version: 1\nname: base\ndevices: {n: {pci: "01:00.0", reset: none}}\n',
    'main.yaml': 'include: base.yaml\nname: main\ndevices: {n: {reset: preferred}}\n',
    'site.yaml': 'name: site\n',
  });
  const { value } = await load(cwd, { file: ['main.yaml', 'site.yaml'] });
  expect(value?.name).toBe('site');
  expect(value?.document.vms?.['site']?.devices).toEqual({ n: { pci: '01:00.0', reset: 'preferred' } });
  expect(value?.files).toEqual(['base.yaml', 'main.yaml', 'site.yaml']);
});

test('counts includes from the directory of the including file', async () => {
  const cwd = directoryWith({
    'm/main.yaml': `include: [parts/one.yaml]\n${ONE}`,
    'm/parts/one.yaml': 'include: ../two.yaml\n',
    'm/two.yaml': 'name: two\n',
  });
  expect((await load(cwd, { file: ['m/main.yaml'] })).value?.files).toEqual([
    'm/two.yaml',
    'm/parts/one.yaml',
    'm/main.yaml',
  ]);
});

test('accepts a file that is included twice by different ways', async () => {
  const cwd = directoryWith({
    'm.yaml': `include: [a.yaml, b.yaml]\n${ONE}`,
    'a.yaml': 'include: c.yaml',
    'b.yaml': 'include: c.yaml',
    'c.yaml': 'name: c',
  });
  expect((await load(cwd, { file: ['m.yaml'] })).value?.name).toBe('c');
});

test('refuses a circle of includes, and shows it', async () => {
  const cwd = directoryWith({
    'a.yaml': `include: b.yaml\n${ONE}`,
    'b.yaml': 'include: sub/c.yaml',
    'sub/c.yaml': 'include: ../b.yaml',
  });
  const { diagnostics } = await load(cwd, { file: ['a.yaml'] });
  expect(diagnostics.map(({ code, at, related }) => [code, at?.file, related.map((one) => one.at?.file)])).toEqual([
    ['include-cycle', 'sub/c.yaml', ['b.yaml']],
  ]);
});

test('refuses a file that includes itself through a link', async () => {
  const cwd = directoryWith({ 'a.yaml': `include: link.yaml\n${ONE}` });
  symlinkSync('a.yaml', join(cwd, 'link.yaml'));
  expect(await codes(cwd, { file: ['a.yaml'] })).toEqual(['include-cycle@a.yaml:1:10']);
});

test('refuses includes that are missing, directories, pipes or not text, at their place', async () => {
  const cwd = directoryWith({
    'm.yaml': 'include:\n  - gone.yaml\n  - dir.yaml\n  - pipe.yaml\n  - bytes.yaml\n',
    'dir.yaml/x': '',
    'bytes.yaml': Buffer.from([0x61, 0xff, 0xfe]),
  });
  execFileSync('mkfifo', [join(cwd, 'pipe.yaml')]);
  expect(await codes(cwd, { file: ['m.yaml'] })).toEqual(
    [2, 3, 4, 5].map((line) => `include-not-readable@m.yaml:${line}:5`),
  );
});

test('refuses a chain of includes that is too long', async () => {
  const files = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`f${i}.yaml`, `include: f${i + 1}.yaml\n`]));
  const cwd = directoryWith(files);
  expect(await codes(cwd, { file: ['f0.yaml'] })).toEqual([expect.stringMatching(/^manifest-too-large@f16\.yaml/)]);
});

test('refuses includes that multiply', async () => {
  const wide = (next: string) => `include: [${Array.from({ length: 20 }, () => next).join(', ')}]\n`;
  const cwd = directoryWith({
    'a.yaml': wide('b.yaml'),
    'b.yaml': wide('c.yaml'),
    'c.yaml': wide('d.yaml'),
    'd.yaml': 'name: d\n',
  });
  expect((await codes(cwd, { file: ['a.yaml'] }))[0]).toMatch(/^manifest-too-large@/);
});

test('refuses named files that cannot be read, each with its reason', async () => {
  const cwd = directoryWith({ 'dir/x': '', 'bytes.yaml': Buffer.from([0xff]) });
  const { diagnostics } = await load(cwd, { file: ['gone.yaml', 'dir', 'bytes.yaml', '/dev/zero'] });
  expect(diagnostics.map(({ code }) => code)).toEqual(Array(4).fill('file-not-readable'));
  expect(diagnostics.map(({ detail }) => detail)).toEqual([
    'gone.yaml does not exist.',
    'dir is a directory.',
    'bytes.yaml is not UTF-8 text.',
    '/dev/zero is neither a regular file nor a pipe.',
  ]);
});

test('lets the environment win over env files, and later env files over earlier ones', async () => {
  const text = 'version: 1\nname: ${A}-${B}-${C}\ndevices: {n: "01:00.0"}\n';
  const cwd = directoryWith({ 'm.yaml': text, 'one.env': 'A=one\nB=one\nC=one\n', 'two.env': 'B=two\nC=two\n' });
  const env = { C: 'env' };
  expect((await load(cwd, { file: ['m.yaml'], envFile: ['one.env', 'two.env'], env })).value?.name).toBe('one-two-env');
  const byVariable = { ...env, VFIO_COMPOSE_ENV_FILES: 'one.env,two.env' };
  expect((await load(cwd, { file: ['m.yaml'], env: byVariable })).value?.name).toBe('one-two-env');
});

test('refuses env files that are missing or malformed', async () => {
  const cwd = directoryWith({ 'm.yaml': ONE, 'bad.env': 'A=1\noops\n' });
  expect(await codes(cwd, { file: ['m.yaml'], envFile: ['bad.env', 'gone.env'] })).toEqual([
    'bad-env-file@bad.env:2:1',
    'file-not-readable',
  ]);
});

test('names the project by flag, variable, manifest, project directory, directory of the first file', async () => {
  const cwd = directoryWith({ 'Lab One/m.yaml': ONE, 'named.yaml': `name: own\n${ONE}` });
  const name = async (request: Partial<ManifestRequest>) => (await load(cwd, request)).value?.name;
  const env = { VFIO_COMPOSE_PROJECT_NAME: 'by-env' };
  expect(await name({ file: ['named.yaml'], env, projectName: 'by-flag' })).toBe('by-flag');
  expect(await name({ file: ['named.yaml'], env })).toBe('by-env');
  expect(await name({ file: ['named.yaml'] })).toBe('own');
  expect(await name({ file: ['Lab One/m.yaml'], projectDirectory: '/srv/edge' })).toBe('edge');
  expect(await name({ file: ['Lab One/m.yaml'] })).toBe('lab-one');
  expect(await name({ file: ['-'], readStdin: () => Promise.resolve(Buffer.from(ONE)) })).toBe(
    basename(cwd).toLowerCase(),
  );
});

test('does not report keys as missing while a file is missing', async () => {
  const cwd = directoryWith({ 'm.yaml': 'include: gone.yaml\n' });
  expect(await codes(cwd, { file: ['m.yaml'] })).toEqual(['include-not-readable@m.yaml:1:10']);
});

test('SECURITY: an include reaches YAML files alone, whatever it is called on the way, so that no other file is shown', async () => {
  const cwd = directoryWith({
    'm.yaml': 'include:\n  - secret\n  - link.yaml\n  - /proc/kmsg\n  - good.yml\n',
    secret: 'root:$6$abc\n',
    'good.yml': 'memory: []\n',
  });
  symlinkSync('secret', join(cwd, 'link.yaml'));
  const { diagnostics, sources } = await load(cwd, { file: ['m.yaml'] });
  expect(diagnostics.map(({ at, detail }) => `${at?.start.line}: ${detail.split(':')[0]}`)).toEqual([
    '2: secret is not called .yaml or .yml',
    `3: link.yaml leads to ${join(cwd, 'secret')}, which is not called .yaml or .yml`,
    '4: /proc/kmsg is not called .yaml or .yml',
  ]);
  expect([...sources.keys()]).toEqual(['m.yaml', 'good.yml']);
});

test('SECURITY: stdin may have as much as a file, and what is more or not text is refused', async () => {
  const cwd = directoryWith({});
  const faults = async (data: Buffer) => {
    const { diagnostics } = await load(cwd, { file: ['-'], readStdin: () => Promise.resolve(data) });
    return diagnostics.map(({ detail }) => detail);
  };
  const most = Buffer.alloc(LIMITS.manifest.text, `#${'x'.repeat(60_000)}\n`);
  most.write(`${ONE}#`);
  expect(await faults(most)).toEqual([]);
  expect(await faults(Buffer.concat([most, Buffer.from('\n')]))).toEqual([
    `stdin has more than ${LIMITS.manifest.text} bytes, the most that are read.`,
  ]);
  expect(await faults(Buffer.from([0xff]))).toEqual(['stdin is not UTF-8 text.']);
});
