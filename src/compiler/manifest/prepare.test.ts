import { expect, test } from 'vitest';
import { LIMITS } from '../../model/index.ts';
import { parseYaml, SourceText } from '../source/index.ts';
import type { Variables } from './interpolate.ts';
import { prepare } from './prepare.ts';
import { toValue } from './value.ts';

function prepared(text: string, variables: Variables = {}) {
  const { value } = parseYaml(new SourceText('m.yaml', text));
  if (!value) throw new Error('not YAML');
  const { node, diagnostics } = prepare(value, variables);
  return {
    value: toValue(node),
    unchanged: node === value,
    faults: diagnostics.map(({ code, at }) => `${code}@${at?.start.line}:${at?.start.column}-${at?.end.column}`),
    details: diagnostics.map(({ detail }) => detail),
  };
}

test('types an unquoted scalar again after its variables are in, and not a quoted one', () => {
  const { value } = prepared('a: ${N}\nb: "${N}"\nc: 0x${N}\nd: $T', { N: '4096', T: 'true' });
  expect(value).toEqual({ a: 4096, b: '4096', c: 0x4096, d: true });
});

test('makes an unquoted value that becomes empty empty, so that the shape check refuses it', () => {
  expect(prepared('a: ${E}\nb: "${E}"', { E: '' }).value).toEqual({ a: null, b: '' });
});

test('does not put variables into keys', () => {
  expect(prepared('${A}: 1', { A: 'x' }).value).toEqual({ '${A}': 1 });
});

test('takes extension keys out, at every level, with what is wrong in them', () => {
  const { value, faults } = prepared('x-a: ${UNSET}\nb:\n  x-c: 1\n  d: 2\nlist:\n- {x-e: 1, f: 2}\n');
  expect(value).toEqual({ b: { d: 2 }, list: [{ f: 2 }] });
  expect(faults).toEqual([]);
});

test('keeps names that begin with x- where people choose names', () => {
  const text = 'vms: {x-ray: {x-note: 1, devices: {x-nic: {x-note: 1, pci: a}}}}\ndevices: {devices: {x-note: 1}}\n';
  expect(prepared(text).value).toEqual({
    vms: { 'x-ray': { devices: { 'x-nic': { pci: 'a' } } } },
    devices: { devices: {} },
  });
});

test('points at the variable inside of its value', () => {
  expect(prepared('a: one-${NIC}\nb: "é ${NIC}"\nc: x$').faults).toEqual([
    'unset-variable@1:8-14',
    'unset-variable@2:7-13',
    'bad-interpolation@3:5-6',
  ]);
});

test('points at the whole value where escapes keep the place from being known', () => {
  expect(prepared('a: "\\t${NIC}"').faults).toEqual(['unset-variable@1:4-14']);
});

test('reports what an anchor marks once, however often it is used', () => {
  expect(prepared('a: &a {b: $NIC}\nc: *a\nd: *a\n').faults).toEqual(['unset-variable@1:11-15']);
});

test('passes the message of the manifest on, and says how to set a variable', () => {
  const [detail] = prepared('a: ${NIC:?the uplink}').details;
  expect(detail).toContain('the uplink');
  expect(detail).toContain('--env-file');
});

test('returns a document without variables and extensions as it is', () => {
  expect(prepared('a: {b: [1, {c: 2}]}').unchanged).toBe(true);
  expect(prepared('a: {b: [1, {c: $$}]}').unchanged).toBe(false);
});

test('SECURITY: refuses values that variables make longer than all files may be, once, and takes what is shorter', () => {
  const list = (count: number) => Array.from({ length: count }, () => '- "$LONG"').join('\n');
  const LONG = 'x'.repeat(LIMITS.manifest.token);
  const most = LIMITS.manifest.allTexts / LIMITS.manifest.token;
  expect(prepared(list(most), { LONG }).faults).toEqual([]);
  expect(prepared(list(most + 9), { LONG }).faults).toEqual([`manifest-too-large@${most + 1}:3-10`]);
});

test('SECURITY: puts the variables of an anchored value in once, however often it is used', () => {
  let asked = 0;
  const variables = Object.defineProperty({}, 'A', { enumerable: true, get: () => `${asked++}` }) as Variables;
  const aliases = Array.from({ length: 1000 }, () => '- *a').join('\n');
  expect(prepared(`- &a "$A"\n- &b {c: *a}\n- *b\n${aliases}`, variables).faults).toEqual([]);
  expect(asked).toBe(1);
});
