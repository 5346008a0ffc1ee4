import type { BenchResult, BenchRow } from './result.ts';

/** Three significant digits: more would only be noise. */
const number = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

const valueOf = ({ value, unit }: BenchRow): string => (Number.isNaN(value) ? '-' : `${number(value)} ${unit}`);

const metOf = ({ met }: BenchRow): string => (met === undefined ? '' : met ? 'met' : 'NOT MET');

/** Whether everything that has a limit was measured and keeps it. */
export const allMet = (results: readonly BenchResult[]): boolean =>
  results.every(({ rows, skipped }) => skipped === undefined && rows.every(({ met }) => met !== false));

/** One benchmark as lines of a table for a terminal. */
export function tableOf(result: BenchResult): string[] {
  const { name, rows, skipped } = result;
  if (skipped !== undefined) return [name, `  NOT RUN: ${skipped}`];
  const cells = rows.map((row) => [row.what, valueOf(row), row.limit ?? '', metOf(row)]);
  const width = (column: number) => Math.max(...cells.map((cell) => cell[column]?.length ?? 0));
  const widths = [width(0), width(1), width(2)];
  const lines = cells.map(([what = '', value = '', limit = '', met = '']) =>
    `  ${what.padEnd(widths[0] ?? 0)}  ${value.padStart(widths[1] ?? 0)}  ${limit.padEnd(widths[2] ?? 0)}  ${met}`.trimEnd(),
  );
  return [name, ...lines];
}

/** One benchmark as a section of bench/RESULTS.md. */
export function sectionOf(result: BenchResult): string[] {
  const { name, method, rows, peers, skipped } = result;
  const head = [`## ${name}`, ''];
  if (skipped !== undefined) return [...head, `**Not run:** ${skipped}`, ''];
  return [
    ...head,
    `${sentence(method)}${peers.length > 0 ? ` Beside it in the same run: ${peers.join('; ')}.` : ''}`,
    '',
    '| what | value | limit | |',
    '| --- | ---: | --- | --- |',
    ...rows.map((row) => `| ${row.what} | ${valueOf(row)} | ${row.limit ?? ''} | ${metOf(row)} |`),
    '',
  ];
}

const sentence = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;

/** bench/RESULTS.md. */
export function documentOf(results: readonly BenchResult[], machine: readonly string[], command: string): string {
  return [
    '# Measured speed',
    '',
    `Written by \`${command}\`; not edited by hand. A row without a limit is there for comparison.`,
    '',
    ...machine.map((line) => `- ${line}`),
    '',
    ...results.flatMap(sectionOf),
  ].join('\n');
}
