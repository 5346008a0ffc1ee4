import { Composer, type Document, Lexer, type ParsedNode, Parser } from 'yaml';
import { type Diagnostic, LIMITS, type Result } from '../../model/index.ts';
import { TreeComposer } from './compose.ts';
import { severalDocuments, tooLarge, yamlSyntax } from './diagnostics.ts';
import { type SourceText, spanOf } from './source-text.ts';
import type { Node } from './tree.ts';

type Token = Parser['stack'][number];

/** Room for the document and the collection that is being closed, which the parser keeps on its stack too. */
const STACK_BEYOND_DEPTH = 2;

/**
 * Reads one YAML 1.2 document. An empty text is a document with an empty value. Reports faults of the syntax, keys
 * given twice, aliases that lead nowhere, a second document, and everything over the {@link LIMITS}; never throws.
 */
export function parseYaml(source: SourceText): Result<Node> {
  if (source.text.length > LIMITS.manifest.text) {
    const detail = `${source.file} has ${source.text.length} characters; ${LIMITS.manifest.text} are allowed.`;
    return { diagnostics: [tooLarge({ detail })] };
  }
  const { tokens, over } = tokenise(source);
  if (over) return { diagnostics: [over] };
  // The failsafe schema leaves every scalar a text: its type is decided by our own rules, after interpolation.
  const composer = new Composer<ParsedNode>({
    schema: 'failsafe',
    uniqueKeys: false,
    prettyErrors: false,
    strict: true,
  });
  const [document, second] = composer.compose(tokens, true, source.text.length);
  const faults = document ? [...versionFault(document, source), ...syntaxFaults(document, source)] : [];
  if (second) {
    const start = second.range[0];
    const detail = 'A manifest is one document. Put what follows the second "---" into a file of its own.';
    faults.push(severalDocuments({ detail, at: spanOf({ source, start, end: start + 3 }) }));
  }
  if (faults.length > 0 || !document) return { diagnostics: faults };
  const tree = new TreeComposer(source);
  const value = tree.compose(document.contents);
  return tree.diagnostics.length > 0 ? { diagnostics: tree.diagnostics } : { value, diagnostics: [] };
}

/** The tokens, unless a limit is passed: the composer calls itself for every level, so depth is bounded before. */
function tokenise(source: SourceText): { tokens: Token[]; over?: Diagnostic } {
  const parser = new Parser();
  const tokens: Token[] = [];
  const at = () => spanOf({ source, start: parser.offset, end: parser.offset });
  for (const lexeme of new Lexer().lex(source.text)) {
    if (lexeme.length > LIMITS.manifest.token) {
      const detail = `A single value or comment has ${lexeme.length} characters; ${LIMITS.manifest.token} are allowed.`;
      return { tokens, over: tooLarge({ detail, at: at() }) };
    }
    for (const token of parser.next(lexeme)) tokens.push(token);
    if (parser.stack.length > LIMITS.manifest.depth + STACK_BEYOND_DEPTH) {
      const detail = `Maps and lists are more than ${LIMITS.manifest.depth} levels deep here; a manifest needs nine.`;
      return { tokens, over: tooLarge({ detail, at: at() }) };
    }
  }
  for (const token of parser.end()) tokens.push(token);
  return { tokens };
}

/** Another version of YAML would read `on`, `010` or `12:30` as something else than we do. */
function versionFault(document: Document.Parsed<ParsedNode>, source: SourceText): Diagnostic[] {
  const { explicit, version } = document.directives.yaml;
  if (explicit !== true || version === '1.2') return [];
  const start = Math.max(0, source.text.indexOf('%YAML'));
  const detail = `This document says that it is YAML ${version}; a manifest is YAML 1.2. Leave the %YAML line out.`;
  return [yamlSyntax({ detail, at: spanOf({ source, start, end: start + '%YAML'.length }) })];
}

/** The faults that the `yaml` package found, one for each line. */
function syntaxFaults(document: Document.Parsed<ParsedNode>, source: SourceText): Diagnostic[] {
  const lines = new Set<number>();
  const faults: Diagnostic[] = [];
  for (const { pos, message, code } of [...document.errors, ...document.warnings]) {
    const [start, end] = pos;
    const at = spanOf({ source, start, end });
    // An unresolved tag is reported with the value that has it.
    if (lines.has(at.start.line) || code === 'TAG_RESOLVE_FAILED') continue;
    lines.add(at.start.line);
    faults.push(yamlSyntax({ detail: `${asSentence(message)}${hint(code, source, at.start.line, start)}`, at }));
    if (faults.length === LIMITS.manifest.syntaxErrors) break;
  }
  return faults;
}

const asSentence = (message: string): string => {
  const line = (message.split('\n')[0] ?? '').trim();
  return /[.!?]$/.test(line) ? line : `${line}.`;
};

function hint(code: string, source: SourceText, line: number, offset: number): string {
  if (code === 'TAB_AS_INDENT') return ' Indent with spaces.';
  const from = source.text.lastIndexOf('\n', offset - 1) + 1;
  const to = source.text.indexOf('\n', offset);
  const text = source.text.slice(from, to === -1 ? undefined : to);
  const opened = text.search(/[[{]/);
  // Looked for once: a pattern of both would go over a line of brackets from each of them.
  if (/[[{,:]\s*\$\{/.test(text) && opened !== -1 && opened < text.lastIndexOf('${'))
    return ` Put "\${…}" in quotes: inside { } and [ ] its brace ends the value.`;
  return line > 1 ? ' The slip may be on the line before.' : '';
}
