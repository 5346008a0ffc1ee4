/** Characters that a C string may hold as they are: printable ASCII without the quote, the backslash and the question mark. */
const PLAIN = /^[ -!#->@-[\]-~]$/;

/**
 * A text as a string literal of C, whatever it holds. Every other byte of its UTF-8 is three octal digits, which a digit
 * behind them cannot lengthen (C11 6.4.4.4); a question mark is one of them, since two begin a trigraph (C11 5.2.1.1).
 * A NUL would end the string for its reader: it becomes the replacement character.
 */
export function cString(text: string): string {
  const bytes = new TextEncoder().encode(text.replaceAll('\0', '\ufffd'));
  const characters = Array.from(bytes, (byte) => {
    const character = String.fromCharCode(byte);
    return PLAIN.test(character) ? character : `\\${byte.toString(8).padStart(3, '0')}`;
  });
  return `"${characters.join('')}"`;
}

/** What a comment shows as it is: printable ASCII, and the letters and signs of western languages. */
const SHOWN = /[^ -~\u00a1-\u00ac\u00ae-\u024f]/gu;

/**
 * A text for the inside of a block comment: one line, that neither ends the comment nor seems to begin another one, and
 * that shows every character that a reviewer would not see, such as those that turn the direction of writing.
 */
export function cComment(text: string): string {
  return text
    .replace(SHOWN, (character) => `<U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}>`)
    .replace(/\*(?=\/)|\/(?=\*)|\?(?=\?)/g, '$& ');
}
