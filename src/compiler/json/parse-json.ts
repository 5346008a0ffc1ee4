import type { JsonLimits, Span } from '../../model/index.ts';
import { spanAt } from './span-at.ts';
import { type JsonFault, walkJson } from './walk-json.ts';
import { excessOf } from './within-limits.ts';

/** Why a text is not taken, as a sentence, and where. */
export interface JsonRefusal {
  readonly kind: 'syntax' | 'limit';
  readonly detail: string;
  readonly at: Span;
}

/** Parses a JSON text that keeps the limits; `file` is what to call it. Throws nothing. */
export function parseJson(
  file: string,
  text: string,
  limits: JsonLimits,
): { readonly value: unknown } | { readonly refusal: JsonRefusal } {
  const excess = excessOf(text, limits);
  if (excess) {
    const most =
      excess.what === 'depth' ? `is more than ${limits.depth} levels deep` : `has more than ${limits.values} values`;
    return refused('limit', `The document ${most} here.`, spanAt(file, text, excess.offset));
  }
  try {
    return { value: JSON.parse(text) };
  } catch {
    const fault = walkJson(text, () => undefined);
    return refused('syntax', jsonFault(text, fault), spanAt(file, text, fault?.offset ?? 0));
  }
}

const refused = (kind: JsonRefusal['kind'], detail: string, at: Span) => ({ refusal: { kind, detail, at } });

function jsonFault(text: string, fault: JsonFault | undefined): string {
  if (!fault) return 'The text is not a JSON document.';
  const found = text[fault.offset];
  if (found === undefined) return `The file ends where ${fault.expected} was expected. It may not be complete.`;
  return `Found ${JSON.stringify(found)} where ${fault.expected} was expected.`;
}
