import { join } from 'node:path';
import { ESLint } from 'eslint';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const eslint = new ESLint({ cwd: ROOT });

/** The rules that a text breaks when it stands at a path; the path must exist, since the types are read with it. */
async function broken(path: string, text: string): Promise<string[]> {
  const [result] = await eslint.lintText(text, { filePath: join(ROOT, path) });
  return (result?.messages ?? []).map(({ ruleId, message }) => ruleId ?? message);
}

const MODEL = 'src/model/near-names.ts';
const RULE = 'src/compiler/rules/rule.ts';
const CLI = 'src/cli/exit-status.ts';

test.each([
  [MODEL, 'export const x: any = 1;', '@typescript-eslint/no-explicit-any'],
  [MODEL, 'export const x = (y: string | undefined) => y!.length;', '@typescript-eslint/no-non-null-assertion'],
  [CLI, 'export function f(p: Promise<void>) { p; }', '@typescript-eslint/no-floating-promises'],
  [
    MODEL,
    `export function f(x: 'a' | 'b') { switch (x) { case 'a': return 1; } return 2; }`,
    '@typescript-eslint/switch-exhaustiveness-check',
  ],
  [CLI, 'export default 1;', 'no-restricted-syntax'],
  [CLI, 'export enum E { A }', 'no-restricted-syntax'],
  [CLI, 'process.exit(1);', 'no-restricted-syntax'],
  [CLI, `console.log('x');`, 'no-console'],
  [RULE, `export function f() { throw new Error('x'); }`, 'no-restricted-syntax'],
  [MODEL, `export function f() { throw new Error('x'); }`, 'no-restricted-syntax'],
  [RULE, 'export const now = () => new Date();', 'no-restricted-globals'],
  [RULE, 'export const dice = () => Math.random();', 'no-restricted-properties'],
  [RULE, 'export const home = () => process.env;', 'no-restricted-globals'],
  [RULE, 'export const all = () => globalThis;', 'no-restricted-globals'],
  [RULE, 'let count = 0;\nexport const next = () => count++;', 'no-restricted-syntax'],
  [RULE, 'export const seen = new Map<string, string>();', 'no-restricted-syntax'],
  [CLI, `export const x = 1;\n${'// line\n'.repeat(300)}`, 'max-lines'],
  [CLI, `declare function g(): void;\nexport function f() {\n${'  g();\n'.repeat(60)}}`, 'max-lines-per-function'],
])('refuses in %s: %s', async (path, text, rule) => {
  expect(await broken(path, text)).toEqual([rule]);
});

test('refuses a file name that is not kebab-case', async () => {
  expect(await broken('scripts/compileAhead.cjs', `'use strict';`)).toEqual(['house/kebab-case-file-name']);
});

test.each([
  [CLI, `export function f() { throw new Error('x'); }`],
  [RULE, `export const FIXED = new Set(['a']);`],
  [RULE, 'export const later = (date: { now: bigint }) => date.now;'],
  ['scripts/check-boundaries.ts', `console.log('x');`],
  ['scripts/compile-ahead.cjs', `'use strict';\nprocess.exit(1);`],
])('allows in %s: %s', async (path, text) => {
  expect(await broken(path, text)).toEqual([]);
});
