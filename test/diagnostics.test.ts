import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { DiagnosticKind } from '../src/model/index.ts';
import { ROOT, shippedSources, testSources } from './sources.ts';

interface Defined {
  /** Name of the export. */
  readonly name: string;
  readonly path: string;
  readonly kind: DiagnosticKind;
}

const isKind = (value: unknown): value is DiagnosticKind =>
  typeof value === 'function' && 'code' in value && 'explanation' in value && 'severity' in value;

const SHIPPED = shippedSources();
const DEFINING = SHIPPED.filter(
  ({ path, text }) => /\bdefineDiagnostic\(/.test(text) && path !== 'src/model/diagnostic.ts',
);

/** Every kind of diagnostic, once, with the file that defines it. */
async function definedKinds(): Promise<Defined[]> {
  const found = new Map<DiagnosticKind, Defined>();
  for (const { path } of DEFINING) {
    const exported = (await import(join(ROOT, path))) as Record<string, unknown>;
    for (const [name, kind] of Object.entries(exported)) {
      if (isKind(kind) && !found.has(kind)) found.set(kind, { name, path, kind });
    }
  }
  return [...found.values()];
}

const kinds = await definedKinds();
const word = (text: string) => new RegExp(`(?<![\\w-])${text}(?![\\w-])`);

test('every diagnostic that is defined is exported, so that it has a page', () => {
  const calls = DEFINING.flatMap(({ path, text }) =>
    [...text.matchAll(/^ *(?:export )?const (\w+) = (?:defineDiagnostic|fault)\(/gm)].map(
      ([, name]) => `${path} ${name}`,
    ),
  );
  expect(calls.length).toBeGreaterThan(0);
  const exported = new Set(kinds.map(({ path, name }) => `${path} ${name}`));
  expect(calls.filter((call) => !exported.has(call))).toEqual([]);
});

test('every code is a slug of its own', () => {
  const codes = kinds.map(({ kind }) => kind.code);
  expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([]);
  expect(codes.filter((code) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(code))).toEqual([]);
});

test('every diagnostic is reported somewhere', () => {
  const text = SHIPPED.map((file) => file.text.replace(/^(import|export) [^;]*? from '[^']+';$/gm, '')).join('\n');
  // Once where it is defined, once more where it is made or handed to what makes it.
  const unused = kinds.filter(({ name }) => (text.match(new RegExp(`\\b${name}\\b`, 'g')) ?? []).length < 2);
  expect(unused.map(({ kind, path }) => `${kind.code} (${path})`)).toEqual([]);
});

test('every diagnostic is expected by a test', () => {
  const tests = testSources().filter(({ path }) => path !== 'test/diagnostics.test.ts');
  const unexpected = kinds.filter(
    ({ kind, name }) => !tests.some(({ text }) => word(kind.code).test(text) || new RegExp(`\\b${name}\\b`).test(text)),
  );
  expect(unexpected.map(({ kind, path }) => `${kind.code} (${path})`)).toEqual([]);
});

test('a summary reads the same for every finding: no placeholders, no full stop, a beginning like the others', () => {
  // A summary may begin with a name that is written small, such as vfio-pci.
  const odd = kinds.filter(({ kind }) => !/^(?!(the|a|an|this|no|not) )[^{}%$`\n]+[^.\s]$/.test(kind.summary));
  expect(odd.map(({ kind, path }) => `${kind.code} (${path}): ${kind.summary}`)).toEqual([]);
});

test('an explanation says enough to be a page', () => {
  const thin = kinds.filter(({ kind }) => kind.explanation.trim().split(/\s+/).length < 15);
  expect(thin.map(({ kind }) => kind.code)).toEqual([]);
});
