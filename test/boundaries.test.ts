import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { surveyImports } from '../scripts/boundaries.ts';

const ROOT = join(import.meta.dirname, '..');
const CONFIG = join(ROOT, '.dependency-cruiser.cjs');
const RULES = (createRequire(import.meta.url)(CONFIG) as { forbidden: { name: string }[] }).forbidden;

/** A tree in which every import goes the right way, and some that look wrong are allowed. */
const SOUND = {
  'src/model/index.ts': `export * from './near.ts';`,
  'src/model/near.ts': `import { closest } from 'fastest-levenshtein';\nexport const near = closest;`,
  'src/model/generated/validate.cjs': `module.exports = require('ajv/dist/runtime/ucs2length');`,
  'src/compiler/compile.ts': `import { parseDocument } from 'yaml';\nimport { near } from '../model/index.ts';\nexport const compile = [parseDocument, near];`,
  'src/compiler/schema.ts': `import schema from '../../schema/x.json';\nexport const s = schema;`,
  'schema/x.json': '{}',
  'src/compiler/compile.test.ts': `import { readFileSync } from 'node:fs';\nimport { help } from '../testing/help.ts';\nexport const t = [readFileSync, help];`,
  'src/compiler/rules/rule.ts': `export interface Rule { id: string }`,
  'src/compiler/rules/one.ts': `import type { Rule } from './rule.ts';\nimport { ask } from './shared/ask.ts';\nexport const one: Rule = { id: ask };`,
  'src/compiler/rules/two.ts': `export const two = 2;`,
  'src/compiler/rules/shared/ask.ts': `export const ask = 'x';`,
  'src/compiler/rules/index.ts': `import { one } from './one.ts';\nexport const rules = [one];`,
  'src/runtime/kernel/port.ts': `export interface Kernel { a: 1 }`,
  'src/runtime/kernel/linux/native.ts': `import koffi from 'koffi';\nexport const k = koffi;`,
  'src/runtime/executor/run.ts': `import type { Kernel } from '../kernel/port.ts';\nexport type K = Kernel;`,
  'src/render/text.ts': `import { near } from '../model/index.ts';\nexport const text = near;`,
  'src/plugin/index.ts': `export { near } from '../model/index.ts';`,
  'src/cli/main.ts': `import { readFileSync } from 'node:fs';\nimport { compile } from '../compiler/compile.ts';\nexport const m = [readFileSync, compile];`,
  'src/testing/help.ts': `export const help = 1;`,
  'plugins/reset-a/index.ts': `import { near } from '../../src/plugin/index.ts';\nexport const a = near;`,
  'plugins/reset-b/index.ts': `export const b = 1;`,
} as const;

/** One violation of each rule: the file that commits it, and its line. */
const PLANTED: Record<string, [file: string, line: string]> = {
  'model-imports-nothing': ['src/model/bad.ts', `import '../compiler/compile.ts';`],
  'generated-imports-only-ajv': ['src/model/generated/bad.cjs', `require('yaml');`],
  'compiler-is-pure': ['src/compiler/bad.ts', `import 'node:os';`],
  'devicetree-is-pure': ['src/devicetree/bad.ts', `import 'node:os';`],
  'rules-are-independent': ['src/compiler/rules/bad.ts', `import { two } from './two.ts';\nexport const bad = two;`],
  'one-native-door': ['src/runtime/project/bad.ts', `import 'koffi';`],
  'file-system-doors': ['src/render/bad.ts', `import 'node:fs';`],
  'executor-decides-nothing': [
    'src/runtime/executor/bad.ts',
    `import type { Rule } from '../../compiler/rules/rule.ts';\nexport type R = Rule;`,
  ],
  'runtime-looks-down': ['src/runtime/bad.ts', `import '../render/text.ts';`],
  'render-reads-the-model': ['src/render/bad.ts', `import '../compiler/compile.ts';`],
  'plugin-api-is-pure': ['src/plugin/bad.ts', `import '../compiler/compile.ts';`],
  'plugins-see-the-api-only': ['plugins/reset-a/bad.ts', `import '../reset-b/index.ts';`],
  'core-names-no-plugin': ['src/runtime/plugins/bad.ts', `import '../../../plugins/reset-a/index.ts';`],
  'no-test-code-in-src': ['src/cli/bad.ts', `import '../testing/help.ts';`],
  'no-dev-dependency-in-src': ['src/cli/bad.ts', `import { test } from 'vitest';\nexport const t = test;`],
  'no-circular': ['src/render/bad.ts', `import './bad-too.ts';\nexport const x = 1;`],
  'not-to-unresolvable': ['src/cli/bad.ts', `import './nowhere.ts';`],
};

let root: string;

function write(file: string, text: string): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), `${text}\n`);
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'boundaries-'));
  copyFileSync(join(ROOT, 'package.json'), join(root, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  for (const [file, text] of Object.entries(SOUND)) write(file, text);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('finds nothing in a tree whose imports go the right way, and sees every module of it', async () => {
  const { violations, seen, present } = await surveyImports(root, CONFIG);
  expect(violations).toEqual([]);
  expect(present).toBe(Object.keys(SOUND).filter((file) => /^src\/.*\.c?ts$/.test(file)).length);
  expect(seen).toBeGreaterThanOrEqual(present);
});

test('there is a planted violation for every rule', () => {
  expect(Object.keys(PLANTED)).toEqual(RULES.map(({ name }) => name));
});

test.each(Object.entries(PLANTED))('catches a planted violation of %s', async (rule, [file, line]) => {
  write(file, line);
  if (rule === 'no-circular') write('src/render/bad-too.ts', `import './bad.ts';`);
  const { violations } = await surveyImports(root, CONFIG);
  const culprits = violations.filter((violation) => violation.rule === rule).map(({ from, to }) => `${from} ${to}`);
  expect(culprits).toEqual([expect.stringContaining(file)]);
});

test('an unreadable tree is not taken for a clean one', async () => {
  rmSync(join(root, 'src'), { recursive: true });
  mkdirSync(join(root, 'src'));
  expect((await surveyImports(root, CONFIG)).present).toBe(0);
});
