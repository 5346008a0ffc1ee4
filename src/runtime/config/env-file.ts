import type { Diagnostic } from '../../model/index.ts';
import { badEnvFile } from '../../compiler/manifest/index.ts';
import { type SourceFile, SourceText, spanOf } from '../../compiler/source/index.ts';

const ASSIGNMENT = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)$/;
const DOUBLE = /^"((?:[^"\\]|\\.)*)"\s*(?:#.*)?$/;
const SINGLE = /^'([^']*)'\s*(?:#.*)?$/;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '"': '"', '\\': '\\', $: '$' };

/**
 * Reads lines `NAME=value`, as Docker Compose's env files have them, without variables in values. Empty lines and
 * comments are left out. Later lines win.
 */
export function parseEnvFile({ file, text }: SourceFile): {
  readonly variables: Readonly<Record<string, string>>;
  readonly diagnostics: readonly Diagnostic[];
} {
  const source = new SourceText(file, text);
  const variables: Record<string, string> = {};
  const diagnostics: Diagnostic[] = [];
  let start = 0;
  for (const raw of text.split('\n')) {
    const line = (start === 0 ? raw.replace(/^\uFEFF/, '') : raw).replace(/\r$/, '');
    if (!/^\s*(#|$)/.test(line)) {
      const [, name, written = ''] = ASSIGNMENT.exec(line.trim()) ?? [];
      const value = name === undefined ? undefined : valueOf(written.trim());
      if (name === undefined || value === undefined) {
        const detail =
          name === undefined
            ? 'A line is NAME=value, a comment, or empty.'
            : `The quotes around the value of ${name} do not close.`;
        diagnostics.push(badEnvFile({ detail, at: spanOf({ source, start, end: start + line.length }) }));
      } else variables[name] = value;
    }
    start += raw.length + 1;
  }
  return { variables, diagnostics };
}

function valueOf(written: string): string | undefined {
  if (written.startsWith('"'))
    return DOUBLE.exec(written)?.[1]?.replace(/\\(.)/g, (all, c: string) => ESCAPES[c] ?? all);
  if (written.startsWith("'")) return SINGLE.exec(written)?.[1];
  // A comment begins with a blank before it: "a#b" is a value.
  const comment = /(?:^|\s)#/.exec(written)?.index ?? written.length;
  return written.slice(0, comment).trimEnd();
}
