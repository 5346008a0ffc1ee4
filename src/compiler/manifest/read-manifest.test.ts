import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hasErrors, type Path, type Span } from '../../model/index.ts';
import { assembleManifest, type Naming, readManifest } from './read-manifest.ts';

const ONE =
  'version: 1\nname: lab\ndevices:\n  nic0: "0000:01:00.0"\n  nic1:\n    netdev: enp2s0\nmemory:\n  - iova: 0\n    size: 2GiB\n';

const read = (texts: string | readonly string[], naming: Naming = {}, variables = {}) =>
  readManifest(
    [texts].flat().map((text, index) => ({ file: `f${index}.yaml`, text })),
    variables,
    naming,
  );

const place = ({ file, start, end }: Span) => `${file}:${start.line}:${start.column}-${end.line}:${end.column}`;

test('makes one VM of the project name from keys at the top level', () => {
  const { value } = read(ONE);
  expect(value?.document).toEqual({
    version: 1,
    name: 'lab',
    vms: {
      lab: { devices: { nic0: '0000:01:00.0', nic1: { netdev: 'enp2s0' } }, memory: [{ iova: 0, size: '2GiB' }] },
    },
  });
});

test('answers where values and keys stand by the paths of the document that it gives', () => {
  const { value } = read(ONE);
  const at = (...path: Path) => value && place(value.at(path));
  const keyAt = (...path: Path) => value && place(value.keyAt(path));
  expect(at('vms', 'lab', 'devices', 'nic0')).toBe('f0.yaml:4:9-4:23');
  expect(keyAt('vms', 'lab', 'devices', 'nic0')).toBe('f0.yaml:4:3-4:7');
  expect(at('vms', 'lab', 'memory', 0, 'size')).toBe('f0.yaml:9:11-9:15');
  expect(keyAt('vms', 'lab', 'memory', 0)).toBe('f0.yaml:8:5-9:15');
  expect(keyAt('vms', 'lab')).toBe('f0.yaml:3:1-3:8');
});

test('answers for what is left out with the nearest key around it', () => {
  const { value } = read(ONE);
  expect(value && place(value.at(['vms', 'lab', 'devices', 'nic1', 'reset', 'policy']))).toBe('f0.yaml:5:3-5:7');
  expect(value && place(value.at(['vms', 'lab', 'iommu']))).toBe('f0.yaml:3:1-3:8');
  expect(value && place(value.at(['vms', 'lab', 'memory', 9]))).toBe('f0.yaml:7:1-7:7');
});

test('finds every place of a large map', () => {
  const lines = Array.from({ length: 200 }, (_, i) => `  nic${i}: "0000:01:00.0"`);
  const { value } = read(`version: 1\nname: lab\ndevices:\n${lines.join('\n')}\n`);
  for (const i of [0, 17, 199]) expect(value?.keyAt(['vms', 'lab', 'devices', `nic${i}`]).start.line).toBe(4 + i);
});

test('lets later files override earlier ones, each value with the place of its own file', () => {
  const upper = 'devices:\n  nic0: {pci: "0000:02:00.0", reset: none}\n';
  const { value } = read([ONE, upper]);
  expect(value?.document.vms?.['lab']?.devices).toMatchObject({ nic0: { reset: 'none' }, nic1: { netdev: 'enp2s0' } });
  expect(value?.at(['vms', 'lab', 'devices', 'nic0', 'reset']).file).toBe('f1.yaml');
  expect(value?.at(['vms', 'lab', 'devices', 'nic1']).file).toBe('f0.yaml');
  expect(value?.files).toEqual(['f0.yaml', 'f1.yaml']);
});

test('shows the selector of the lower file where the upper one names a device in another way', () => {
  const { diagnostics } = read([ONE, 'devices: {nic1: {serial: x}}\n']);
  expect(diagnostics.map(({ code, at, related }) => [code, at?.file, related[0]?.at?.file])).toEqual([
    ['one-selector', 'f1.yaml', 'f0.yaml'],
  ]);
});

test('takes the name asked for, else the one of the manifest, else that of the directory', () => {
  const unnamed = ONE.replace('name: lab\n', '');
  expect(read(ONE, { projectName: 'asked', directoryName: 'dir' }).value?.name).toBe('asked');
  expect(read(ONE, { directoryName: 'dir' }).value?.name).toBe('lab');
  expect(read(unnamed, { directoryName: 'My Dir' }).value?.name).toBe('my-dir');
  expect(read(unnamed).value?.name).toBe('project');
});

test('refuses a name asked for that is not allowed', () => {
  const { value, diagnostics } = read(ONE, { projectName: '../x' });
  expect([value, diagnostics.map(({ code }) => code)]).toEqual([undefined, ['bad-project-name']]);
});

test('does not report what is missing while a file could not be read', () => {
  expect(read(['version: [\n', 'name: lab\n']).diagnostics.map(({ code }) => code)).toEqual(['yaml-syntax']);
});

test('reports unset variables together with mistakes of the form', () => {
  const { diagnostics } = read('version: 1\nbla: 1\ndevices: {nic0: "${NIC}"}\n');
  expect(diagnostics.map(({ code }) => code).sort()).toEqual(['unknown-key', 'unset-variable']);
});

test('refuses includes that were not read', () => {
  expect(read(`include: a.yaml\n${ONE}`).diagnostics.map(({ code }) => code)).toEqual(['include-not-readable']);
});

test('has nothing to say about nothing', () => {
  expect(assembleManifest([], {})).toEqual({ diagnostics: [] });
});

test('gives the same for the same texts', () => {
  expect(JSON.stringify(read(ONE).value?.document)).toBe(JSON.stringify(read(ONE).value?.document));
});

const FULL = `version: 1
name: lab
x-q: &quiet {reset: {policy: preferred}}
vms:
  a:
    iommu: {type: type1v2, unsafeInterrupts: false}
    memory:
      - {iova: "0x0", size: 2GiB, backing: hugetlb, pageSize: 2MiB}
    handoff: {mode: bind, user: \${USER:-dpdk}}
    devices:
      b: {<<: *quiet, pci: "01:00.0", expect: {id: 8086:10d3}}
      c: {vf: {pf: enp3s0, index: 1}, guest: {placement: own-bus}}
`;

/** A finding with a place, or a value; never an exception, never both an error and a value. */
function isSound(texts: readonly string[]): void {
  const { value, diagnostics } = read(texts, { directoryName: 'd' });
  expect(value !== undefined).toBe(!hasErrors(diagnostics));
  for (const { detail, code, at } of diagnostics) {
    expect(detail.length).toBeGreaterThan(0);
    expect(at !== undefined || code === 'manifest-too-large' || code === 'too-many-findings').toBe(true);
    if (at) expect(at.start.offset).toBeLessThanOrEqual(at.end.offset);
  }
}

test('gives a value or findings for random texts, never an exception', () => {
  fc.assert(fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 3 }), isSound), { numRuns: 1000 });
});

test('gives a value or findings for mutated manifests, never an exception', () => {
  const piece = fc.constantFrom(
    '',
    ' ',
    '\n',
    ':',
    '{',
    '}',
    '[',
    ']',
    '"',
    '*quiet',
    '&x',
    '$',
    '${X}',
    '-',
    '0',
    '~',
    'null',
    '9e99',
    'x-',
    '- ',
    '<<: ',
    '\t',
    '__proto__',
  );
  const cut = fc.record({ at: fc.nat(FULL.length), length: fc.nat(30), piece });
  fc.assert(
    fc.property(fc.array(cut, { minLength: 1, maxLength: 4 }), (cuts) => {
      isSound([
        cuts.reduce((text, { at, length, piece: put }) => text.slice(0, at) + put + text.slice(at + length), FULL),
      ]);
    }),
    { numRuns: 3000 },
  );
});

test('gives a value or findings for any value in the place of any other', () => {
  const value = fc.json({ maxDepth: 3 });
  const key = fc.constantFrom(
    'version',
    'name',
    'vms',
    'devices',
    'memory',
    'iommu',
    'msi',
    'handoff',
    'include',
    'x-a',
    'zzz',
  );
  const inner = fc.constantFrom(
    'pci',
    'id',
    'vf',
    'reset',
    'irqs',
    'guest',
    'expect',
    'children',
    'index',
    'all',
    'slot',
  );
  fc.assert(
    fc.property(key, inner, value, (outer, within, json) => {
      isSound([`version: 1\ndevices: {a: {pci: "01:00.0"}}\n`, `${outer}: ${json}`]);
      isSound([`version: 1\ndevices: {a: {${within}: ${json}}}\n`]);
    }),
    { numRuns: 1500 },
  );
});
