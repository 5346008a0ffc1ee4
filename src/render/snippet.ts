import type { Span } from '../model/index.ts';

/** A line of a file with the columns that a finding is about; ready to be shown. */
export interface Snippet {
  readonly line: number;
  /** The text of the line, shortened around the marker where it is long; nothing in it moves the cursor. */
  readonly text: string;
  /** Characters of `text` before the marker. */
  readonly indent: number;
  readonly length: number;
}

/** A line longer than this is shortened to what lies around the marker. */
const MAX_LINE = 120;
const BEFORE_MARKER = 40;

/**
 * Characters that a terminal would act on, or that change the order of others: a manifest that one merely validates must
 * not be able to write what it likes on the screen of root.
 */
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** A text without characters that a terminal would act on. Line breaks and tabs become spaces. */
export const printable = (text: string): string => text.replace(/[\t\r\n]+/g, ' ').replace(UNSAFE, '\u{fffd}');

/** The lines of texts by name, split when first asked for. */
export class Sources {
  private readonly lines = new Map<string, readonly string[]>();
  private last: { readonly raw: string; readonly characters: readonly string[] } | undefined;

  constructor(private readonly texts: ReadonlyMap<string, string>) {}

  /** Position of a file in the order read; after all others for what is not among them. */
  readonly order = (file: string): number => {
    const at = [...this.texts.keys()].indexOf(file);
    return at === -1 ? this.texts.size : at;
  };

  /** The first line of a span, marked; `undefined` where the text is not at hand. */
  snippet({ file, start, end }: Span): Snippet | undefined {
    let lines = this.lines.get(file);
    if (!lines) {
      lines = (this.texts.get(file) ?? '').split('\n');
      this.lines.set(file, lines);
    }
    const raw = lines[start.line - 1];
    if (raw === undefined || !this.texts.has(file)) return undefined;
    const characters = this.charactersOf(raw);
    const from = Math.min(start.column - 1, characters.length);
    const to = end.line === start.line ? end.column - 1 : characters.length;
    return shortened(start.line, characters, from, Math.max(from + 1, to));
  }

  /**
   * Columns count characters, and so does this. Each character stays one, so that the marker stands below its text. The
   * last line is kept: a file that was made by a program can be one line of megabytes with a hundred findings.
   */
  private charactersOf(raw: string): readonly string[] {
    if (this.last?.raw === raw) return this.last.characters;
    const text = raw
      .replace(/\r$/, '')
      .replace(/^\ufeff/, '')
      .replaceAll('\t', ' ')
      .replace(UNSAFE, '\u{fffd}');
    const characters = [...text];
    this.last = { raw, characters };
    return characters;
  }
}

function shortened(line: number, characters: readonly string[], from: number, to: number): Snippet {
  if (characters.length <= MAX_LINE) return { line, text: characters.join(''), indent: from, length: to - from };
  const first = from > MAX_LINE - BEFORE_MARKER ? from - BEFORE_MARKER : 0;
  const last = Math.min(characters.length, first + MAX_LINE);
  const head = first > 0 ? '…' : '';
  const text = `${head}${characters.slice(first, last).join('')}${last < characters.length ? '…' : ''}`;
  return { line, text, indent: from - first + head.length, length: Math.max(1, Math.min(to, last) - from) };
}
