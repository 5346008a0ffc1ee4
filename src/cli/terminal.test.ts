import { expect, it } from 'vitest';
import { wantsColour } from './terminal.ts';

it('colours a terminal, and nothing else by itself', () => {
  expect(wantsColour('auto', {}, true)).toBe(true);
  expect(wantsColour('auto', {}, false)).toBe(false);
});

it('respects NO_COLOR when it is not empty, and TERM=dumb', () => {
  expect(wantsColour('auto', { NO_COLOR: '1' }, true)).toBe(false);
  expect(wantsColour('auto', { NO_COLOR: '' }, true)).toBe(true);
  expect(wantsColour('auto', { TERM: 'dumb' }, true)).toBe(false);
});

it('lets only a typed --ansi always beat NO_COLOR', () => {
  expect(wantsColour('always', { NO_COLOR: '1' }, false)).toBe(true);
  expect(wantsColour('auto', { NO_COLOR: '1', FORCE_COLOR: '1' }, true)).toBe(false);
});

it('colours a pipe where FORCE_COLOR asks for it, unless it is 0', () => {
  expect(wantsColour('auto', { FORCE_COLOR: '1' }, false)).toBe(true);
  expect(wantsColour('auto', { FORCE_COLOR: '0' }, true)).toBe(false);
});
