import { expect, it } from 'vitest';
import type { ResetAction } from '../../model/index.ts';
import { delay } from '../../plugin/index.ts';
import { WIDGET_OFF as OFF, widget } from '../../testing/fake-plugins.ts';
import { faultOfSilence } from './check-silence.ts';

const fault = (before: readonly ResetAction[], after: readonly ResetAction[], crash = before, pci = false) =>
  faultOfSilence({ 'before-use': before, 'after-use': after, 'after-crash': crash }, pci) ?? 'none';

it('R-ORDER-4: finds nothing where all that silences a device before its use is done again', () => {
  expect(fault([], [])).toBe('none');
  expect(fault(OFF, OFF)).toBe('none');
  expect(fault(OFF, [delay(5, 'more'), ...OFF, delay(5, 'and more')])).toBe('none');
  const [first, ...rest] = OFF;
  if (!first) throw new Error('the program of the test is empty');
  expect(fault(OFF, [{ ...first, why: 'for another reason' } as ResetAction, ...rest])).toBe('none');
});

it.each([
  ['all', []],
  ['the end', OFF.slice(0, -1)],
  ['the start', OFF.slice(1)],
  ['the order', [...OFF].reverse()],
  ['a value', [widget.IRQ_ENABLE.write(1, 'x', 'mask every interrupt'), ...OFF.slice(1)]],
])('R-ORDER-4: refuses a plugin that leaves out after use: %s', (_what, after) => {
  expect(fault(OFF, after)).toContain('after use it leaves out');
});

it('R-RESET-1: refuses a plugin that leaves a device loud whose holder is gone', () => {
  expect(fault(OFF, OFF, [])).toContain('after a crash it leaves out');
  expect(fault(OFF, OFF, OFF.slice(1))).toContain('after a crash it leaves out');
});

it('R-ORDER-4: asks a write of its own of a PCI function, which the kernel silences as it opens and as it closes it', () => {
  expect(fault([], OFF, [], true)).toBe('none');
  expect(fault([], [], [], true)).toContain('silences nothing after use');
  expect(fault([], [widget.IRQ_ENABLE.expect(0, 'x')], [], true)).toContain('silences nothing after use');
  expect(fault(OFF, [], [], true)).toContain('after use it leaves out');
});

it('R-RESET-5: refuses to silence by a hot reset, which hits more than the device', () => {
  const hot: ResetAction = { kind: 'hot-reset', why: 'nothing less does' };
  expect(fault([hot], [hot], [hot], true)).toContain('hot reset');
  expect(fault([], [...OFF, hot], [], true)).toContain('hot reset');
});
