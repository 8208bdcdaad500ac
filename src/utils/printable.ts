/** Characters that end a line, control a terminal or change the direction of a text, and lone surrogates. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/gu;
/** The half of a surrogate pair that cutting the text can leave. */
const HALF_AT_END = /\p{Cs}$/u;

/**
 * Makes a text from a client safe for a log (CWE-117): one line, with `\u{…}` in place of each character that could forge another
 * line, and at most `maxLength` UTF-16 units.
 */
export function printable(text: string, maxLength: number): string {
  // Cut first, because a client could send megabytes to search; and again, because escapes make the text longer.
  return text.slice(0, maxLength).replace(UNPRINTABLE, escaped).slice(0, maxLength).replace(HALF_AT_END, '');
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) as number).toString(16)}}`;
}
