import { expect, test } from 'vitest';
import { ConsoleReport, REPORT_MARK } from './console-report.ts';

function taken(...chunks: readonly string[]): { report: string; other: string } {
  const got = { report: '', other: '' };
  const console = new ConsoleReport(
    (text) => (got.report += text),
    (text) => (got.other += text),
  );
  for (const chunk of chunks) console.feed(chunk);
  console.end();
  return got;
}

test('takes the lines of the report out of the console, however they are cut', () => {
  const text = `booting\n${REPORT_MARK}ok one\r\nVFIO: reset\n${REPORT_MARK}done\npower`;
  const expected = { report: 'ok one\r\ndone\n', other: 'booting\nVFIO: reset\npower' };
  expect(taken(text)).toEqual(expected);
  expect(taken(...text)).toEqual(expected);
});

test('does not take a line into which the kernel has written for one of the report', () => {
  expect(taken(`[ 1.0] oops ${REPORT_MARK}ok one\n`).report).toBe('');
});
