import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LIMITS } from '../src/model/index.ts';
import { ROOT } from './sources.ts';

test('SECURITY: docs/security.md has every limit, with the number that holds', () => {
  const page = readFileSync(join(ROOT, 'docs/security.md'), 'utf8');
  const rows = [...page.matchAll(/^\| (\w+(?: \w+)?) +\| [^|]+\| +(\d+) \|$/gm)].map(([, of, most]) => `${of} ${most}`);
  const { text, allTexts, files, includeDepth, token, interpolationDepth, depth, aliased } = LIMITS.manifest;
  const of = (name: string, limits: object) => Object.values(limits).map((most) => `${name} ${String(most)}`);
  const { record, depth: levels, values, journal } = LIMITS.state;
  expect(rows).toEqual([
    // All texts twice: as they are, and what variables make of them.
    ...of('manifest', [text, allTexts, allTexts, files, includeDepth, token, interpolationDepth, depth, aliased]),
    ...of('snapshot', LIMITS.snapshot),
    ...of('plan', LIMITS.plan),
    ...of('device tree', LIMITS.deviceTree),
    ...of('record', [record, levels, values]),
    ...of('journal', [journal]),
  ]);
});
