import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { collectDiagnostics } from '../scripts/diagnostic-definitions.ts';
import { generatedDocs } from '../scripts/gen-docs.ts';
import { referenceEntries } from '../scripts/manifest-reference.ts';

const ROOT = join(import.meta.dirname, '..');
const SCHEMA = JSON.parse(readFileSync(join(ROOT, 'schema/manifest.schema.json'), 'utf8')) as object;

test('describes every key of the manifest, each with a title and a description', () => {
  const paths = referenceEntries(SCHEMA).map(({ path }) => path);
  expect(new Set(paths).size).toBe(paths.length);
  for (const path of ['version', 'vms', 'vms.NAME.memory[].size', 'vms.NAME.devices.NAME.reset.policy'])
    expect(paths).toContain(path);
  const keys = JSON.stringify(SCHEMA).match(/"title":/g) ?? [];
  // The document itself has a title, and the keys of a VM stand in the schema twice with their own inner ones once.
  expect(paths.length).toBe(keys.length - 1);
});

test('gives every code a page that explains it', async () => {
  const definitions = await collectDiagnostics(ROOT);
  expect(definitions.length).toBeGreaterThan(30);
  const pages = await generatedDocs(ROOT);
  for (const { code, summary, explanation } of definitions) {
    expect(code).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(explanation.length, code).toBeGreaterThan(80);
    expect(summary, code).not.toMatch(/\.$/);
    expect(pages.get(`docs/errors/${code}.md`), code).toContain(explanation);
  }
});

test('refers only to pages that exist', async () => {
  const pages = await generatedDocs(ROOT);
  for (const [path, text] of pages) {
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      const page = join(path, '..', target);
      // Pages about a plugin's diagnostics lead to what its folder says of it, which is not generated.
      expect(pages.has(page) || existsSync(join(ROOT, page)), `${path} refers to ${target}`).toBe(true);
    }
  }
});
