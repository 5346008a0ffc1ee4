import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { identifySelf, isAlive } from './process-identity.ts';
import { BrokenRecord, type ProjectRecord, readRecord, writeRecord } from './record.ts';
import { StateDirectory } from './state-directory.ts';

const RECORD: ProjectRecord = {
  format_version: 1,
  name: 'edge',
  toolVersion: '0.0.1',
  phase: 'up',
  owner: { ...identifySelf(), kind: 'supervisor' },
  hostFile: null,
  source: 'f'.repeat(64),
  since: '2026-01-01T00:00:00.000Z',
  plugins: [{ name: './reset-mine', writtenIn: '/srv/vfio-compose.yaml' }],
  assignments: [
    {
      vm: 'edge',
      device: 'wan',
      bus: 'pci',
      address: '0000:31:00.0',
      group: 26,
      driver: 'vfio-pci',
      handoff: 'hold',
      guest: { placement: 'function', address: null },
    },
  ] as ProjectRecord['assignments'],
  left: [{ step: 'a', resource: 'b', explanation: 'c' }],
  failure: null,
};

let folder: string;
let state: StateDirectory;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'record-'));
  state = new StateDirectory(folder);
  state.project('edge').create();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const edge = () => state.project('edge');
const write = (value: unknown): void =>
  writeFileSync(edge().record(), typeof value === 'string' ? value : JSON.stringify(value), { mode: 0o600 });

it('reads what it wrote, and nothing where there is nothing', () => {
  expect(readRecord(edge())).toBeUndefined();
  writeRecord(edge(), RECORD);
  expect(readRecord(edge())).toEqual(RECORD);
  write({ ...RECORD, ofALaterVersion: 1, owner: null });
  expect(readRecord(edge())).toMatchObject({ owner: null });
});

/** Each of these led somewhere that a record must not lead: to every process, to another folder, into an exception. */
it.each([
  ['owner', { pid: -1, startTime: null, kind: 'supervisor' }],
  ['owner', { pid: 0, startTime: null, kind: 'supervisor' }],
  ['owner', { pid: 2 ** 31, startTime: null, kind: 'supervisor' }],
  ['owner', { pid: 1.5, startTime: null, kind: 'supervisor' }],
  ['owner', { pid: 7, startTime: 7, kind: 'supervisor' }],
  ['owner', undefined],
  ['name', '../../etc'],
  ['name', 'other'],
  ['hostFile', 'relative'],
  ['hostFile', '/a\0b'],
  ['assignments', [null]],
  ['assignments', [{ ...RECORD.assignments[0], address: '../../x' }]],
  ['assignments', [{ ...RECORD.assignments[0], bus: '../pci' }]],
  ['assignments', [{ ...RECORD.assignments[0], group: '26/../..' }]],
  ['plugins', [{ name: './x', writtenIn: 'relative' }]],
  ['plugins', {}],
  ['left', [{}]],
  ['phase', 'constructor'],
  ['format_version', 2],
])('SECURITY: refuses a record whose %s is %j', (key, value) => {
  write({ ...RECORD, [key]: value });
  expect(() => readRecord(edge())).toThrow(BrokenRecord);
});

it.each(['', 'null', '[]', '{', '{"__proto__": {"format_version": 1}}', '['.repeat(100_000), '\ufeff{}'])(
  'SECURITY: refuses a record that is %.40j',
  (text) => {
    write(text);
    expect(() => readRecord(edge())).toThrow(BrokenRecord);
  },
);

it('SECURITY: refuses a record that is a link, that others may write, or that is not UTF-8', () => {
  write(RECORD);
  chmodSync(edge().record(), 0o666);
  expect(() => readRecord(edge())).toThrow('may be written by others');
  chmodSync(edge().record(), 0o600);
  renameSync(edge().record(), join(folder, 'moved'));
  symlinkSync(join(folder, 'moved'), edge().record());
  expect(() => readRecord(edge())).toThrow('is a symbolic link');
  rmSync(edge().record());
  writeFileSync(edge().record(), Buffer.from([0x7b, 0xff]), { mode: 0o600 });
  expect(() => readRecord(edge())).toThrow('is not UTF-8');
});

it('SECURITY: writes over a link in the place of a record, and not through it', () => {
  writeFileSync(join(folder, 'other'), 'untouched');
  symlinkSync(join(folder, 'other'), edge().record());
  writeRecord(edge(), RECORD);
  expect(readFileSync(join(folder, 'other'), 'utf8')).toBe('untouched');
  expect(readRecord(edge())).toEqual(RECORD);
});

it.runIf(process.getuid?.() === 0)(
  'SECURITY: refuses a record, and a directory of records, that belong to somebody else',
  () => {
    writeRecord(edge(), RECORD);
    chownSync(edge().record(), 65_534, 65_534);
    expect(() => readRecord(edge())).toThrow('belongs to uid 65534');
    chownSync(edge().record(), 0, 0);
    chownSync(edge().path, 65_534, 65_534);
    expect(() => readRecord(edge())).toThrow('belongs to uid 65534');
    chownSync(edge().path, 0, 0);
    expect(readRecord(edge())).toEqual(RECORD);
  },
);

it.runIf(identifySelf().startTime !== null)(
  'SECURITY: takes no other process for the one that holds a project, whatever the record says of its start',
  () => {
    expect(isAlive(identifySelf())).toBe(true);
    expect(isAlive({ pid: process.pid, startTime: null })).toBe(false);
    expect(isAlive({ pid: process.pid, startTime: '1' })).toBe(false);
  },
);

it('SECURITY: removes a project without what links in it lead to', () => {
  const outside = join(folder, 'outside');
  mkdirSync(outside);
  writeFileSync(join(outside, 'kept'), '');
  symlinkSync(outside, join(edge().path, 'link'));
  edge().remove();
  expect(edge().exists()).toBe(false);
  expect(readFileSync(join(outside, 'kept'), 'utf8')).toBe('');
});
