import { expect, test } from 'vitest';
import { defineResetPlugin } from '../../plugin/index.ts';
import type { OptionsSchema } from '../../model/index.ts';
import { checkOptions, loadSchemaCompiler } from './options.ts';

const pluginWith = (options?: OptionsSchema) =>
  defineResetPlugin({
    name: 'widget',
    version: '1.2.0',
    summary: 'x',
    matches: [{ compatible: 'acme,widget' }],
    quiesce: () => [],
    ...(options ? { options } : {}),
  });

const WIDGET = pluginWith({
  type: 'object',
  properties: {
    rings: { type: 'integer', minimum: 1, default: 4 },
    mode: { enum: ['soft', 'hard'] },
    limits: { type: 'object', properties: { pages: { type: 'integer' } }, additionalProperties: false },
    lines: { type: 'array', items: { type: 'string' } },
  },
});
const compile = await loadSchemaCompiler();

const paths = (given: unknown) => {
  const checked = checkOptions(WIDGET, given, compile);
  return 'problems' in checked ? checked.problems.map(({ path, message }) => [path.join('/'), message] as const) : [];
};

test('defaults are filled in, whether options are given or not', () => {
  expect(checkOptions(WIDGET, undefined, undefined)).toEqual({ options: { rings: 4 } });
  expect(checkOptions(WIDGET, { mode: 'soft' }, compile)).toEqual({ options: { rings: 4, mode: 'soft' } });
  expect(checkOptions(pluginWith(), undefined, undefined)).toEqual({ options: {} });
});

test.each([
  [{ ring: 2 }, 'ring', 'Did you mean "rings"?'],
  [{ rings: 'two' }, 'rings', 'a whole number'],
  [{ rings: 0 }, 'rings', '>= 1'],
  [{ mode: 'sofd' }, 'mode', 'Did you mean "soft"?'],
  [{ limits: { page: 1 } }, 'limits/page', 'Did you mean "pages"?'],
  [{ lines: ['a', 3] }, 'lines/1', 'a text'],
  ['soft', '', 'a map'],
])('what does not fit is shown at its place: %j', (given, path, said) => {
  const found = paths(given);
  expect(found.map(([at]) => at)).toEqual([path]);
  expect(found[0]?.[1]).toContain(said);
});

test('an option that is needed is asked for in its own words', () => {
  const options = { line: { type: 'string', description: 'Which interrupt line.' } };
  const needy = pluginWith({ type: 'object', properties: options, required: ['line'] });
  const wanted = { problems: [{ path: [], message: 'reset-widget needs the option "line". Which interrupt line.' }] };
  expect(checkOptions(needy, undefined, undefined)).toEqual(wanted);
  expect(checkOptions(needy, {}, compile)).toEqual(wanted);
  expect(checkOptions(needy, { line: 'a' }, compile)).toEqual({ options: { line: 'a' } });
});

test('a plugin without options takes none', () => {
  expect(checkOptions(pluginWith(), { ring: 1 }, undefined)).toEqual({
    problems: [{ path: ['ring'], message: 'reset-widget takes no options.' }],
  });
});
