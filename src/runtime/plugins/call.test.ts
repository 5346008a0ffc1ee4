import { expect, test } from 'vitest';
import { defineResetPlugin } from '../../plugin/index.ts';
import { PluginFault } from '../../model/index.ts';
import { HookCaller } from './call.ts';

const plugin = defineResetPlugin({
  name: 'widget',
  version: '1.2.0',
  summary: 'x',
  matches: [{ compatible: 'acme,widget' }],
  quiesce: () => [],
});

const forEver = (): never => {
  for (;;);
};

test('a hook that throws is the fault of its plugin, and said to be', () => {
  const run = () =>
    new HookCaller().call(plugin, 'quiesce', () => {
      throw new TypeError('no ring');
    });
  expect(run).toThrow(PluginFault);
  expect(run).toThrow('plugin reset-widget@1.2.0 failed in quiesce: no ring');
});

test('a hook that does not come to an end is ended', () => {
  expect(() => new HookCaller(200).call(plugin, 'quiesce', forEver)).toThrow(
    'failed in quiesce: it was not done after',
  );
});

test('a hook that catches everything is ended all the same', () => {
  const stubborn = () => {
    for (;;) {
      try {
        forEver();
      } catch {
        // Once more.
      }
    }
  };
  expect(() => new HookCaller(200).call(plugin, 'reset', stubborn)).toThrow('failed in reset');
});

test('a hook that recurses without end, and one that is asynchronous, are faults', () => {
  const deeper = (): number => deeper() + 1;
  expect(() => new HookCaller().call(plugin, 'reset', deeper)).toThrow('failed in reset: Maximum call stack');
  expect(() => new HookCaller().call(plugin, 'reset', async () => [])).toThrow('promise');
});

test('many calls share a watchdog, and the one that does not end is found', () => {
  const caller = new HookCaller(500, 800);
  let calls = 0;
  const many = (last: () => number) =>
    caller.watch(() => {
      for (let index = 0; index < 100; index++) caller.call(plugin, 'quiesce', () => calls++);
      return caller.call(plugin, 'reset', last);
    });
  expect(many(() => 7)).toBe(7);
  expect(calls).toBe(100);
  expect(() => many(forEver)).toThrow('failed in reset');
  expect(
    many(() => 8),
    'and nothing is left of it',
  ).toBe(8);
});

test('what takes long without a plugin being to blame is done all the same', () => {
  const caller = new HookCaller(5000, 50);
  let turn = 0;
  const slowAtFirst = () => (turn++ === 0 ? forEver() : caller.call(plugin, 'quiesce', () => turn));
  expect(caller.watch(slowAtFirst)).toBe(2);
});

test('what is thrown by others goes through as it is', () => {
  const caller = new HookCaller();
  expect(() =>
    caller.watch(() => {
      throw new RangeError('ours');
    }),
  ).toThrow(RangeError);
});
