import { expect, it } from 'vitest';
import type { ResetAction, ResetTarget } from '../../model/index.ts';
import { defineRegisters, delay, when } from '../../plugin/index.ts';
import { WIDGET_OFF, widget } from '../../testing/fake-plugins.ts';
import { host } from '../../testing/index.ts';
import { pciTarget } from '../../testing/pci-target.ts';
import { platformTarget } from '../../testing/reset-target.ts';
import { faultOfProgram } from './check-program.ts';

const target = platformTarget('acme,widget', 0x1000, null);
const nic = pciTarget(host().intelIommu().nic('01:00.0'), '01:00.0', { '01:00.0': 'a' });
const PATIENCE = { intervalMicroseconds: 10, timeoutMilliseconds: 100 };
const [write, clear, expectClear] = WIDGET_OFF;
const poll = widget.DMA_CONTROL.pollClear(['RUN'], PATIENCE, 'it stops');

const fault = (action: unknown, of: ResetTarget = target) => faultOfProgram([action], of) ?? 'none';
/** An access to a register with something about it changed. */
const at = (change: object) => ({ ...write, register: { ...widget.IRQ_ENABLE, ...change } });

it('finds nothing in a program that keeps to its device', () => {
  const { CONFIG } = defineRegisters({ CONFIG: { region: 7, offset: 0xffc, order: 'big' } });
  const { FAR } = defineRegisters({ FAR: { region: 1, offset: 0x10_0000, width: 8 } });
  const good: readonly ResetAction[] = [
    ...WIDGET_OFF,
    poll,
    delay(100, 'a frame under way is moved whole'),
    when(widget.IRQ_ENABLE.reads(0xffff_ffff), FAR.write(1, 'its size only the kernel knows')),
    { kind: 'kernel-reset', why: 'the kernel knows how' },
  ];
  expect(faultOfProgram(good, target)).toBeUndefined();
  expect(faultOfProgram([], target)).toBeUndefined();
  const ofPci: readonly ResetAction[] = [
    CONFIG.write(0, 'the last one'),
    { kind: 'hot-reset', why: 'nothing less does' },
  ];
  expect(faultOfProgram(ofPci, nic)).toBeUndefined();
});

it.each([
  ['nothing', undefined],
  ['a text', 'write'],
  ['an object', { length: 0 }],
])('R-RESET-2: %s is no list of actions', (_what, answer) => {
  expect(faultOfProgram(answer, target)).toBe('it is no list of actions');
});

it('says which action it is about', () => {
  expect(faultOfProgram([...WIDGET_OFF, null], target)).toBe('action 4 is no action');
});

it('refuses a program that nobody could review', () => {
  expect(faultOfProgram(new Array(10_001).fill(write), target)).toContain('10001 actions');
  expect(faultOfProgram(new Array(10_000).fill(write), target)).toBeUndefined();
});

it.each([
  ['no action', null, 'is no action'],
  ['an unknown kind', { kind: 'peek', why: 'x' }, 'of the kind "peek", which there is not'],
  ['no reason', { ...write, why: '' }, 'does not say why'],
  ['a reason that is no text', { ...write, why: 7 }, 'does not say why'],
  ['an action without words', { ...clear, action: '' }, 'says nothing of what it does to DMA_CONTROL'],
  ['words that are none', { ...write, action: 7 }, 'says nothing of what it does to IRQ_ENABLE'],
  ['no time to wait', delay(0, 'x'), 'waits for no time'],
  ['too long a wait', delay(10_000_001, 'x'), 'more than ten seconds'],
  ['half a microsecond', delay(0.5, 'x'), 'waits for no time'],
  ['a hot reset of another device than of PCI', { kind: 'hot-reset', why: 'x' }, 'only PCI functions have'],
])('R-RESET-2: refuses %s', (_what, action, words) => {
  expect(fault(action)).toContain(words);
});

it.each([
  ['no register', { ...write, register: null }, 'names no register'],
  ['a register without a name', at({ name: '' }), 'names no register'],
  ['an offset that is no bigint', at({ offset: 16 }), 'no offset or width'],
  ['a width that no access has', at({ width: 3 }), 'no offset or width'],
  ['a byte order that there is not', at({ order: 'middle' }), 'no byte order'],
  ['a region that the device has not', at({ region: 2 }), 'in region 2; 40000.device has 0, 1'],
  ['a register below its region', at({ offset: -4n }), 'outside the 0x1000 bytes of region 0'],
  ['a register behind its region', at({ offset: 0x1000n }), 'at 0x1000, outside the 0x1000 bytes of region 0'],
  ['a register across the end', at({ offset: 0xffcn, width: 8 }), 'outside the 0x1000 bytes'],
  ['a register below a region of unknown size', at({ region: 1, offset: -4n }), 'outside the region 1'],
  ['a register that is not aligned', at({ offset: 0x12n }), 'at 0x12, which is not aligned to its 4 bytes'],
])('R-RESET-2: refuses %s', (_what, action, words) => {
  expect(fault(action)).toContain(words);
});

it.each([
  ['a value too large', { ...write, value: 1n << 32n }, '0x100000000 for IRQ_ENABLE, which has 4 bytes'],
  ['a negative value', { ...write, value: -1n }, 'which has 4 bytes'],
  ['a value that is no bigint', { ...write, value: 1 }, 'no bigint'],
  ['no value', { ...write, value: undefined }, 'no bigint'],
  ['null for a value', { ...write, value: null }, 'no bigint'],
  ['bits to clear that do not fit', { ...clear, clear: 1n << 32n }, 'which has 4 bytes'],
  ['bits to set that do not fit', { ...clear, set: 1n << 32n }, 'which has 4 bytes'],
  ['a mask that does not fit', { ...expectClear, mask: 1n << 32n }, 'which has 4 bytes'],
  ['bits that the mask leaves out', { ...expectClear, mask: 1n, equals: 2n }, 'its mask leaves out'],
  ['the same of a poll', { ...poll, mask: 1n, equals: 2n }, 'its mask leaves out'],
  ['no word on a mismatch', { ...expectClear, onMismatch: undefined }, 'does not say what comes of it'],
  ['no word on a timeout', { ...poll, onTimeout: 'ignore' }, 'does not say what comes of it'],
  ['a poll without a pause', { ...poll, intervalMicroseconds: 0 }, 'without a limit'],
  ['a poll without an end', { ...poll, timeoutMilliseconds: Infinity }, 'without a limit'],
  ['a poll for more than a minute', { ...poll, timeoutMilliseconds: 60_001 }, 'without a limit'],
])('R-RESET-2: refuses %s', (_what, action, words) => {
  expect(fault(action)).toContain(words);
});

it.each([
  ['none', null, 'a condition that is none'],
  ['on no register', { mask: 1n, equals: 1n }, 'names no register'],
  ['outside', { register: { ...widget.IRQ_ENABLE, offset: 0x1000n }, mask: 1n, equals: 1n }, 'outside'],
  ['without a mask', { register: widget.IRQ_ENABLE, equals: 1n }, 'no bigint'],
  ['with null for a value', { register: widget.IRQ_ENABLE, mask: 1n, equals: null }, 'no bigint'],
  ['that never holds', { register: widget.IRQ_ENABLE, mask: 1n, equals: 2n }, 'its mask leaves out'],
])('R-RESET-2: refuses a condition %s', (_what, condition, words) => {
  expect(fault({ ...write, when: condition })).toContain(words);
});

it('R-RESET-2: refuses configuration space beyond the 4 KiB that PCI Express has', () => {
  const config = (offset: bigint) => ({ ...write, register: { ...widget.IRQ_ENABLE, region: 7, offset } });
  expect(fault(config(0xffcn), nic)).toBe('none');
  expect(fault(config(0x1000n), nic)).toContain('outside');
});

it('says of a device without regions that it has none', () => {
  expect(fault(write, { ...target, regions: [] })).toContain('has none');
});
