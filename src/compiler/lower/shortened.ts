/** Longest text that a fact keeps whole, in UTF-16 units: enough to read, well below what a plan file may hold. */
const WHOLE = 1_000;

/**
 * A text that two hosts can be told apart by: itself, or where it is long its beginning, its length and a checksum. The
 * checksum (FNV-1a, twice, with different beginnings) finds a change; it is no protection, and need not be: whoever
 * wants to write another plan writes another fact.
 */
export function shortened(text: string): string {
  if (text.length <= WHOLE) return text;
  const sum = [0x811c9dc5, 0x01000193].map((start) => fnv(text, start).toString(16).padStart(8, '0')).join('');
  return `${text.slice(0, WHOLE)}… (${text.length} characters, ${sum})`;
}

/** FNV-1a over the UTF-16 units, 32 bits. */
function fnv(text: string, start: number): number {
  let hash = start;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return hash;
}
