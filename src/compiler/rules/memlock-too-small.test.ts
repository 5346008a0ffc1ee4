import { expect, test } from 'vitest';
import { bytes } from '../../model/index.ts';
import { host } from '../../testing/index.ts';
import { check, report, textOf } from '../../testing/rule.ts';
import { memlockTooSmallRule as rule } from './memlock-too-small.ts';

const machine = () => host().intelIommu().nic('01:00.0').nic('02:00.0');
const gib = 1n << 30n;
const vm = (pci: string, handoff: 'hold' | { mode: 'bind'; user?: string | number }) => ({
  devices: { x: pci },
  memory: [{ iova: 0, size: '1GiB' }],
  handoff,
});

test('fires where all that one process holds exceeds its limit, at the entry that exceeds it', () => {
  const vms = { a: vm('01:00.0', 'hold'), b: vm('02:00.0', 'hold') };
  expect(report(rule, vms, machine().memlock(2n * gib - 1n))).toEqual([
    'error memlock-too-small at vms/b/memory/0/size',
  ]);
  expect(textOf(check(rule, vms, machine().memlock(gib)))).toContain('2 GiB');
});

test('stays silent up to the limit, without a limit, and with CAP_IPC_LOCK', () => {
  const vms = { a: vm('01:00.0', 'hold') };
  expect(report(rule, vms, machine().memlock(gib))).toEqual([]);
  expect(report(rule, vms, machine().memlock(null))).toEqual([]);
  expect(report(rule, vms, machine().memlock(4096n, true))).toEqual([]);
});

test('R-BACK-1: stays silent where the process may raise its own limit, and fires above a hard limit that it may not raise', () => {
  const vms = { a: vm('01:00.0', 'hold') };
  const hard = (memlockHard: bigint | null) => ({ memlockHard: memlockHard === null ? null : bytes(memlockHard) });
  expect(report(rule, vms, machine().memlock(4096n, false, hard(gib)))).toEqual([]);
  expect(report(rule, vms, machine().memlock(4096n, false, hard(null)))).toEqual([]);
  expect(report(rule, vms, machine().memlock(4096n, false, { mayRaiseLimits: true }))).toEqual([]);
  expect(report(rule, vms, machine().memlock(4096n, false, hard(gib - 1n)))).toEqual([
    'error memlock-too-small at vms/a/memory/0/size',
  ]);
});

test('warns of what the user of bound devices needs, and does not count it to the process that binds', () => {
  const vms = { a: vm('01:00.0', { mode: 'bind', user: 'packets' }) };
  expect(report(rule, vms, machine().memlock(4096n))).toEqual(['warning memlock-needed at vms/a/handoff']);
  expect(textOf(check(rule, vms, machine()))).toContain(String(gib));
});

test('stays silent where bound devices go to root or to nobody in particular', () => {
  expect(report(rule, { a: vm('01:00.0', { mode: 'bind', user: 0 }) }, machine())).toEqual([]);
  expect(report(rule, { a: vm('01:00.0', { mode: 'bind' }) }, machine())).toEqual([]);
});
