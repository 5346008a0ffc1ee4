import { expect, it } from 'vitest';
import { allMet, documentOf, sectionOf, tableOf } from './report.ts';
import type { BenchResult } from './result.ts';

const result = (more: Partial<BenchResult>): BenchResult => ({
  name: 'Fetching water',
  method: 'median of 3 walks',
  peers: ['a camel'],
  rows: [{ what: 'bucket', value: 12.345, unit: 'ms', limit: 'at most 20 ms', met: true }],
  ...more,
});

it('shows a value with its unit, its limit and the verdict', () => {
  expect(tableOf(result({}))).toEqual(['Fetching water', '  bucket  12.3 ms  at most 20 ms  met']);
  const section = sectionOf(result({}));
  expect(section).toContain('Median of 3 walks. Beside it in the same run: a camel.');
  expect(section).toContain('| bucket | 12.3 ms | at most 20 ms | met |');
});

it('says aloud that a limit is not kept, and counts it', () => {
  const missed = result({ rows: [{ what: 'bucket', value: 1234.5, unit: 'ms', limit: 'at most 20 ms', met: false }] });
  expect(tableOf(missed)[1]).toContain('NOT MET');
  expect(sectionOf(missed).join('\n')).toContain('| 1235 ms | at most 20 ms | NOT MET |');
  expect(allMet([result({}), missed])).toBe(false);
  expect(allMet([result({})])).toBe(true);
});

it('counts what could not be measured as not kept, and says why', () => {
  const skipped = result({ rows: [], skipped: 'no well here' });
  expect(tableOf(skipped).join('\n')).toContain('NOT RUN: no well here');
  expect(sectionOf(skipped).join('\n')).toContain('**Not run:** no well here');
  expect(allMet([skipped])).toBe(false);
  const row = result({ rows: [{ what: 'camel: NOT RUN, it is asleep', value: NaN, unit: 'ms', met: false }] });
  expect(tableOf(row).join('\n')).not.toContain('NaN');
  expect(allMet([row])).toBe(false);
});

it('writes the machine, the command and every benchmark into one document', () => {
  const text = documentOf([result({}), result({ name: 'Carrying it home' })], ['Node: v20'], 'npm run bench');
  for (const piece of ['`npm run bench`', '- Node: v20', '## Fetching water', '## Carrying it home']) {
    expect(text).toContain(piece);
  }
});
