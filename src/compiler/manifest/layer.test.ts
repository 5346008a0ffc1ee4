import { expect, test } from 'vitest';
import { openLayer } from './layer.ts';

const open = (text: string, variables = {}) => openLayer({ file: 'dir/m.yaml', text }, variables);
const codes = (text: string) =>
  open(text).diagnostics.map(({ code, at }) => `${code}@${at?.start.line}:${at?.start.column}`);

test('lists the files to include, with their places', () => {
  const { includes } = open('include: [a.yaml, b.yaml]\n');
  expect(includes.map(({ path, at }) => `${path}@${at.start.line}:${at.start.column}`)).toEqual([
    'a.yaml@1:11',
    'b.yaml@1:19',
  ]);
  expect(open('include: a.yaml\n').includes.map(({ path }) => path)).toEqual(['a.yaml']);
  expect(open('version: 1\n').includes).toEqual([]);
});

test('puts variables into the names of included files', () => {
  expect(open('include: ${SITE}/a.yaml\n', { SITE: 'lab' }).includes[0]?.path).toBe('lab/a.yaml');
});

test('takes the include out of the document', () => {
  expect(open('include: a.yaml\nversion: 1\n').root?.entries.map(({ key }) => key)).toEqual(['version']);
});

test('refuses an include that is not a path', () => {
  expect(codes('include: {a: b}\n')).toEqual(['wrong-type@1:10']);
  expect(codes('include: [a.yaml, [b.yaml], ""]\n')).toEqual(['wrong-type@1:19', 'wrong-type@1:29']);
  expect(codes('include:\n')).toEqual(['wrong-type@1:9']);
});

test('refuses a document that is not a map, and takes an empty one for an empty map', () => {
  expect(codes('- a\n')).toEqual(['wrong-type@1:1']);
  expect(codes('just text\n')).toEqual(['wrong-type@1:1']);
  expect(open('# all commented out\n').root?.entries).toEqual([]);
});
