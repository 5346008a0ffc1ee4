import { type Diagnostic, hasErrors, type Span } from '../model/index.ts';
import { countBySeverity, sortDiagnostics } from './diagnostics.ts';
import { Sources } from './snippet.ts';

/**
 * Findings as a JSON document, all of them, in the order of {@link sortDiagnostics}. Lines and columns count from 1,
 * columns in Unicode characters; the end is exclusive. `snippet` has the line for display, shortened where it is long,
 * with `marker` as the 1-based column and length of the place in it.
 */
export function diagnosticsDocument(diagnostics: readonly Diagnostic[], sources: ReadonlyMap<string, string>): object {
  const lines = new Sources(sources);
  const counts = countBySeverity(diagnostics);
  return {
    format_version: 1,
    valid: !hasErrors(diagnostics),
    error_count: counts.error,
    warning_count: counts.warning,
    note_count: counts.note,
    diagnostics: sortDiagnostics(diagnostics, sources).map(
      ({ severity, code, category, summary, detail, at, related }) => ({
        severity,
        code,
        category,
        summary,
        detail,
        ...(at ? { range: range(at), ...snippet(at, lines) } : {}),
        related: related.map((one) => ({
          message: one.message,
          ...(one.at ? { range: range(one.at), ...snippet(one.at, lines) } : {}),
        })),
      }),
    ),
  };
}

const range = ({ file, start, end }: Span) => ({
  file,
  start: { line: start.line, column: start.column },
  end: { line: end.line, column: end.column },
});

function snippet(at: Span, lines: Sources): object {
  const found = lines.snippet(at);
  if (!found) return {};
  return {
    snippet: { line: found.line, text: found.text, marker: { column: found.indent + 1, length: found.length } },
  };
}
