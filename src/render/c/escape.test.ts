import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cComment, cString } from './escape.ts';

/** Texts that would like to be code. */
const HOSTILE = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.constantFrom(
        '*/',
        '/*',
        '"',
        '\\',
        '\n',
        '\r',
        '??/',
        '??',
        '?',
        '*',
        '/',
        '%s',
        '\0',
        '1',
        '\u202e',
        '//',
        "'",
      ),
    )
    .map((parts) => parts.join('')),
);

/** Reads a string literal as a compiler does (C11 6.4.5), trigraphs first (5.1.1.2); undefined for anything else. */
function readLiteral(source: string): Uint8Array | undefined {
  const text = source.replaceAll('??/', '\\').replaceAll('??', 'TRIGRAPH');
  const inner = /^"((?:[^"\\\n]|\\[0-7]{1,3})*)"$/.exec(text)?.[1];
  if (inner === undefined || /[^ -~]/.test(inner)) return undefined;
  return Uint8Array.from(inner.match(/\\[0-7]{1,3}|[^\\]/g) ?? [], (one) =>
    one.startsWith('\\') ? Number.parseInt(one.slice(1), 8) : one.charCodeAt(0),
  );
}

it('a string literal is one literal, and holds the bytes of the text', () => {
  fc.assert(
    fc.property(HOSTILE, (text) => {
      const read = readLiteral(cString(text));
      expect(read).toBeDefined();
      expect(new TextDecoder().decode(read)).toBe(text.replaceAll('\0', '\ufffd'));
    }),
    { numRuns: 2000 },
  );
});

it('a digit behind an escape does not become part of it', () => {
  expect(cString('\n1')).toBe('"\\0121"');
});

it('a comment is one line that neither ends nor begins a comment', () => {
  fc.assert(
    fc.property(HOSTILE, (text) => {
      const comment = `/* ${cComment(text)} */`;
      expect(comment.indexOf('*/')).toBe(comment.length - 2);
      expect(comment.lastIndexOf('/*')).toBe(0);
      expect(comment).not.toContain('??');
      expect(comment).toMatch(/^[ -~\u00a1-\u024f]*$/);
    }),
    { numRuns: 2000 },
  );
});

it('a comment shows what would turn the direction of writing, and leaves words as they are', () => {
  expect(cComment('wait 100 µs for \u202enic')).toBe('wait 100 µs for <U+202E>nic');
});
