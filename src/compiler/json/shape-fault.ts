import type { JsonKey } from './walk-json.ts';

/** What of a validator's error is read: ajv's ErrorObject has more. */
export interface ShapeError {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string | undefined;
}

/** As much of a way is told; what somebody else wrote may be long. */
const MOST_OF_WAY = 200;

/** What a validator found: a sentence, and the way to the value; for a key too much, the way to that key's value. */
export function shapeFault(error: ShapeError | undefined): {
  readonly detail: string;
  readonly way: readonly JsonKey[];
} {
  const keys = (error?.instancePath ?? '').split('/').slice(1);
  const inside = keys.map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  const extra: unknown = error?.params['additionalProperty'];
  const way = typeof extra === 'string' ? [...inside, extra] : inside;
  return { way, detail: sentence(error, way) };
}

function sentence(error: ShapeError | undefined, way: readonly JsonKey[]): string {
  const place = way.length === 0 ? 'The document' : `The value of ${way.join('.').slice(0, MOST_OF_WAY)}`;
  if (error?.keyword === 'additionalProperties') return `${place} is not part of the format.`;
  if (error?.keyword === 'required') return `${place} lacks "${String(error.params['missingProperty'])}".`;
  return `${place} ${error?.message ?? 'is not valid'}.`;
}
