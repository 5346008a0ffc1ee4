import type { Span } from './span.ts';

export type Severity = 'error' | 'warning' | 'note';

/**
 * Who has to act, which decides the exit status: the manifest's author, the host (its hardware, firmware, kernel), or
 * nobody until a danger is out of the way; `plugin` is a plugin's own fault.
 */
export type Category = 'manifest' | 'host' | 'safety' | 'plugin';

/** Another place or thing that a diagnostic involves. */
export interface Related {
  readonly message: string;
  readonly at?: Span;
}

/** A finding about a manifest or a host. The summary never holds names, so that one fault always reads the same. */
export interface Diagnostic {
  readonly code: string;
  readonly severity: Severity;
  readonly category: Category;
  readonly summary: string;
  /** What is wrong, why it is, and what to do about it. Complete sentences. */
  readonly detail: string;
  readonly at?: Span;
  readonly related: readonly Related[];
}

/** What a code means; the source of its page in the troubleshooting guide. */
export interface DiagnosticDefinition {
  readonly code: string;
  readonly severity: Severity;
  readonly category: Category;
  readonly summary: string;
  /** Markdown for docs/errors: the law behind it, its source, and how to get past it. */
  readonly explanation: string;
}

export interface DiagnosticKind extends DiagnosticDefinition {
  /** Makes a finding of this kind. `at` may be undefined when nothing in the manifest is its place. */
  (finding: { detail: string; at?: Span | undefined; related?: readonly Related[]; severity?: Severity }): Diagnostic;
}

/** Declares a kind of diagnostic. The code is kebab-case and is also the name of its documentation page. */
export function defineDiagnostic(definition: DiagnosticDefinition): DiagnosticKind {
  const { code, severity, category, summary } = definition;
  const make: (finding: Parameters<DiagnosticKind>[0]) => Diagnostic = (finding) => ({
    code,
    severity: finding.severity ?? severity,
    category,
    summary,
    detail: finding.detail,
    ...(finding.at ? { at: finding.at } : {}),
    related: finding.related ?? [],
  });
  return Object.assign(make, definition);
}

/** A stage's value with everything it found. `value` is absent when the stage could not make one. */
export interface Result<T> {
  readonly value?: T;
  readonly diagnostics: readonly Diagnostic[];
}

export const hasErrors = (diagnostics: readonly Diagnostic[]): boolean =>
  diagnostics.some((diagnostic) => diagnostic.severity === 'error');
