import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ExitStatus } from '../src/cli/exit-status.ts';
import { addGlobalOptions } from '../src/cli/global-options.ts';
import { verbs } from '../src/cli/verbs/index.ts';
import { Command } from 'commander';
import { filesIn, ROOT, shippedSources, testSources } from './sources.ts';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

test.each(Object.keys(verbs))('the verb %s is in README.md and has a name of its own', async (name) => {
  expect(read('README.md')).toMatch(new RegExp(`^\\| \`${name}\` `, 'm'));
  expect((await verbs[name]?.())?.name).toBe(name);
});

test('every option that all verbs take is in docs/environment.md, and nothing else is', () => {
  const { options } = addGlobalOptions(new Command());
  const documented = [...read('docs/environment.md').matchAll(/^\| `[^|]*?(--[a-z-]+)/gm)].map(([, flag]) => flag);
  expect(documented.sort()).toEqual([...options.map(({ long }) => long), '--help', '--version'].sort());
});

test('every environment variable of ours is in docs/environment.md, and no other', () => {
  const inSource = new Set(shippedSources().flatMap(({ text }) => text.match(/\bVFIO_COMPOSE_[A-Z_]+\b/g) ?? []));
  const inDocument = new Set(read('docs/environment.md').match(/\bVFIO_COMPOSE_[A-Z_]+\b/g) ?? []);
  expect([...inDocument].sort()).toEqual([...inSource].sort());
});

test('every exit status is in docs/exit-status.md, and no other', () => {
  const documented = [...read('docs/exit-status.md').matchAll(/^\| (\d+) /gm)].map(([, status]) => Number(status));
  // 70, EX_SOFTWARE of sysexits.h, is what an internal error ends with; no verb returns it.
  expect(documented).toEqual([...Object.values(ExitStatus), 70].sort((a, b) => a - b));
});

/** Words of other tools for things that have a name here: docs/glossary.md. */
const FOREIGN = [
  /\bdma[ -]addr(ess)?(es)?\b/i,
  /\bbus[ -]addr(ess)?(es)?\b/i,
  /\bguest pa\b/i,
  /\bpci ids?\b/i,
  /\bdriver type\b/i,
  /\bcompose file\b/i,
  /\bpass-?through\b/i,
  /\bcluster\b/i,
];

test('what people read uses the words of the glossary', () => {
  const texts = [
    ...shippedSources(),
    ...filesIn(['docs', 'schema', 'templates'], /\.(md|json|hbs|c)$/),
    ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].map((path) => ({ path, text: read(path) })),
  ].filter(({ path }) => path !== 'docs/glossary.md');
  const found = texts.flatMap(({ path, text }) =>
    text
      .split('\n')
      .flatMap((line, index) => (FOREIGN.some((one) => one.test(line)) ? [`${path}:${index + 1}: ${line}`] : [])),
  );
  expect(found).toEqual([]);
});

test('no file in src has more than 300 lines', () => {
  const long = filesIn(['src'], /\.ts$/).filter(
    ({ path, text }) => !/\/generated\/|\.test\.ts$/.test(path) && text.split('\n').length > 301,
  );
  expect(long.map(({ path }) => path)).toEqual([]);
});

test('no test is switched off or runs alone', () => {
  const marked = testSources().flatMap(({ path, text }) =>
    text
      .split('\n')
      .filter((line) => /^\s*(it|test|describe)\.(only|skip|todo)\b/.test(line))
      .map((line) => `${path}: ${line}`),
  );
  expect(marked).toEqual([]);
});
