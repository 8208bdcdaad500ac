/** What ends a line, steers a terminal or turns the direction of a text around, and halves of characters. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/gu;
/** What cutting off may leave of a character. */
const HALF_AT_END = /\p{Cs}$/u;

/**
 * A text of a client's as it may stand in a log: on one line, `\u{…}` in place of whatever could forge another, and cut off
 * at `maxLength` UTF-16 units (CWE-117).
 */
export function printable(text: string, maxLength: number): string {
  // Cut first, so that nobody makes us search megabytes; and again, because an escape is longer than what it stands for.
  return text.slice(0, maxLength).replace(UNPRINTABLE, escaped).slice(0, maxLength).replace(HALF_AT_END, '');
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) as number).toString(16)}}`;
}
