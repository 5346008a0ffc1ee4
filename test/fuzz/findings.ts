import type { Diagnostic, Span } from '../../src/model/index.ts';
import { holds } from './target.ts';

/** What of an exception or of a value that is not there shows in a message. */
const LEAKED = /\bundefined\b|\bNaN\b|\[object |\bat .*\.ts:\d+|TypeError|RangeError/;

/** A finding says something, and where it has a place, that is one. */
export function checkFindings(diagnostics: readonly Diagnostic[]): void {
  for (const { code, detail, at, related } of diagnostics) {
    holds(detail.trim() !== '' && detail.length < 100_000, () => `${code} has a detail of ${detail.length} characters`);
    if (at) checkSpan(code, at);
    for (const one of related) if (one.at) checkSpan(code, one.at);
  }
}

/** The same, where the input is known to have none of these words itself. */
export function checkWords(diagnostics: readonly Diagnostic[], input: string): void {
  for (const { code, detail } of diagnostics) {
    const leaked = LEAKED.exec(detail)?.[0];
    holds(leaked === undefined || input.includes(leaked.trim()), () => `${code} says ${detail}`);
  }
}

/** Every error has a place, except those of these codes. */
export function checkPlaces(diagnostics: readonly Diagnostic[], without: readonly string[]): void {
  for (const { code, severity, at, detail } of diagnostics) {
    holds(severity !== 'error' || at !== undefined || without.includes(code), () => `${code} has no place: ${detail}`);
  }
}

function checkSpan(code: string, { start, end }: Span): void {
  const good =
    start.line >= 1 && start.column >= 1 && start.offset >= 0 && end.offset >= start.offset && end.line >= start.line;
  holds(good, () => `${code} is at ${JSON.stringify({ start, end })}`);
}
