import picocolors from 'picocolors';
import type { Diagnostic, Related, Severity, Span } from '../model/index.ts';
import { printable, Sources } from './snippet.ts';
import { wrap } from './wrap.ts';

export interface DiagnosticsOptions {
  /** Whether to colour. */
  readonly colour: boolean;
  /** How many findings to show; the rest is counted. */
  readonly limit?: number;
  /** Columns for the text of a finding. */
  readonly width?: number;
}

const LIMIT = 100;
const WIDTH = 100;
/** Other places of one finding that are shown: a group can have hundreds of members. */
const MAX_RELATED = 32;

const RANK: Readonly<Record<Severity, number>> = { error: 0, warning: 1, note: 2 };

/** Findings in order of place: by file as read, by position, what has no place last. The worse comes first. */
export function sortDiagnostics(
  diagnostics: readonly Diagnostic[],
  sources: ReadonlyMap<string, string>,
): Diagnostic[] {
  const { order } = new Sources(sources);
  const key = ({ at }: Diagnostic) => (at ? order(at.file) : Infinity);
  const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  return diagnostics
    .map((diagnostic) => ({ diagnostic, file: key(diagnostic) }))
    .sort(
      ({ diagnostic: a, file: x }, { diagnostic: b, file: y }) =>
        (x === y ? 0 : x - y) ||
        compare(a.at?.file ?? '', b.at?.file ?? '') ||
        (a.at?.start.offset ?? 0) - (b.at?.start.offset ?? 0) ||
        RANK[a.severity] - RANK[b.severity] ||
        compare(a.code, b.code) ||
        compare(a.detail, b.detail),
    )
    .map(({ diagnostic }) => diagnostic);
}

/**
 * Findings as text for people: each with its code, its place, the line with a marker under it, what to do, and the other
 * places that it involves with their lines; at the end a line that counts. Empty where there is nothing to say.
 *
 * `sources` has the texts by the file names of positions; without a text, a place is shown without its line.
 */
export function renderDiagnostics(
  diagnostics: readonly Diagnostic[],
  sources: ReadonlyMap<string, string>,
  options: DiagnosticsOptions,
): string {
  if (diagnostics.length === 0) return '';
  const limit = options.limit ?? LIMIT;
  const printer = new Printer(new Sources(sources), options);
  const shown = sortDiagnostics(diagnostics, sources).slice(0, limit);
  const blocks = shown.map((diagnostic) => printer.block(diagnostic));
  return `${blocks.join('\n\n')}\n\n${countLine(diagnostics, shown.length)}\n`;
}

function countLine(diagnostics: readonly Diagnostic[], shown: number): string {
  const counts = countBySeverity(diagnostics);
  const parts = (['error', 'warning', 'note'] as const)
    .filter((severity) => counts[severity] > 0)
    .map((severity) => `${counts[severity]} ${severity}${counts[severity] === 1 ? '' : 's'}`);
  const rest = shown < diagnostics.length ? `; the first ${shown} are shown` : '';
  return `${parts.join(', ')}${rest}`;
}

/** How many findings there are of each severity. */
export function countBySeverity(diagnostics: readonly Diagnostic[]): Record<Severity, number> {
  const counts = { error: 0, warning: 0, note: 0 };
  for (const { severity } of diagnostics) counts[severity]++;
  return counts;
}

class Printer {
  private readonly paint;
  private readonly width: number;

  constructor(
    private readonly sources: Sources,
    options: DiagnosticsOptions,
  ) {
    const { red, yellow, cyan, blue, bold } = picocolors.createColors(options.colour);
    this.paint = { error: red, warning: yellow, note: cyan, frame: blue, bold };
    this.width = options.width ?? WIDTH;
  }

  block({ severity, code, summary, detail, at, related }: Diagnostic): string {
    const { paint } = this;
    const head = `${paint.bold(paint[severity](`${severity}[${code}]`))}${paint.bold(`: ${summary}`)}`;
    const lines = [head];
    if (at) lines.push(...this.place(at, '^', severity));
    lines.push(...wrap(printable(detail), this.width - 2).map((line) => `  ${line}`));
    for (const one of related.slice(0, MAX_RELATED)) lines.push(...this.related(one));
    if (related.length > MAX_RELATED) lines.push(`  - and ${related.length - MAX_RELATED} more`);
    return lines.join('\n');
  }

  private related({ message, at }: Related): string[] {
    const [first = '', ...rest] = wrap(printable(message), this.width - 4);
    const lines = [`  - ${first}`, ...rest.map((line) => `    ${line}`)];
    return at ? [...lines, ...this.place(at, '-', 'note').map((line) => `  ${line}`)] : lines;
  }

  private place(at: Span, mark: string, severity: Severity): string[] {
    const { frame } = this.paint;
    const where = `${printable(at.file)}:${at.start.line}:${at.start.column}`;
    const snippet = this.sources.snippet(at);
    if (!snippet) return [`  ${frame('-->')} ${where}`];
    const number = String(snippet.line);
    const gutter = ' '.repeat(number.length);
    const marker = this.paint[severity](mark.repeat(snippet.length));
    return [
      `${gutter} ${frame('-->')} ${where}`,
      `${gutter} ${frame('|')}`,
      `${frame(`${number} |`)} ${snippet.text}`,
      `${gutter} ${frame('|')} ${' '.repeat(snippet.indent)}${marker}`,
    ];
  }
}
