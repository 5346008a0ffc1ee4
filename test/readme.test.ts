import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compile, describeStep, readManifest } from '../src/index.ts';
import { persistenceOf, type Plan, type Step } from '../src/model/index.ts';
import { host } from '../src/testing/index.ts';
import { testPlugins } from '../src/testing/plugins.ts';

const ROOT = join(import.meta.dirname, '..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

function block(language: string): string {
  const [, text] = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'ms').exec(README) ?? [];
  if (text === undefined) throw new Error(`README.md has no block of ${language}`);
  return text;
}

/** A plan in the outline that the README shows: the steps as `plan` prints them, without their causes. */
function outline(plan: Plan): string {
  const list = (title: string, steps: readonly Step[]) => [
    `${title}, ${steps.length} steps`,
    ...steps.map((step, index) => {
      const mark = persistenceOf(step.kind) === 'durable' ? '*' : ' ';
      return `  ${String(index + 1).padStart(String(steps.length).length)} ${mark} ${describeStep(step)}`;
    }),
  ];
  return `${[...list('Up', plan.up), ...list('Down', plan.down)].join('\n')}\n`;
}

test('the manifest in README.md has ten lines, and its plan is the one shown', () => {
  const text = block('yaml');
  expect(text.trimEnd().split('\n')).toHaveLength(10);
  const { value: manifest, diagnostics } = readManifest([{ file: 'vfio-compose.yaml', text }]);
  expect(diagnostics).toEqual([]);
  if (!manifest) return;
  const { plan } = compile({
    manifest,
    inventory: host().intelIommu().nic('0000:01:00.0').build(),
    plugins: testPlugins,
    digest: 'sha256:0',
    names: { user: () => undefined, group: () => undefined, primaryGroup: () => undefined },
    running: [],
    toolVersion: '0',
  });
  expect(plan).toBeDefined();
  if (!plan) return;
  const shown = block('text');
  // Written anew together with the plans of the examples.
  if (process.env['UPDATE_EXAMPLES'])
    writeFileSync(
      join(ROOT, 'README.md'),
      README.replace(shown, () => outline(plan)),
    );
  else expect(shown).toBe(outline(plan));
});

test.each(['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'docs/concepts.md', 'docs/troubleshooting.md'])(
  'every file that %s links to exists',
  (document) => {
    const text = readFileSync(join(ROOT, document), 'utf8');
    const links = [...text.matchAll(/\]\(([^)#]+?)(#[^)]*)?\)/g)].map(([, target]) => target ?? '');
    const missing = links
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => !existsSync(join(ROOT, document, '..', target)));
    expect(missing).toEqual([]);
  },
);
