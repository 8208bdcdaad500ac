// eslint-disable-next-line no-control-regex -- all of ASCII
const ASCII = /^[\x00-\x7f]*$/;

/** False for a text with other characters. True for all that is no text. */
export function isAscii(value: unknown): boolean {
  return typeof value !== 'string' || ASCII.test(value);
}

/** With a `?` for each character outside ASCII. */
export function asciiOnly(text: string): string {
  // eslint-disable-next-line no-control-regex -- all of ASCII
  return text.replace(/[^\x00-\x7f]/gu, '?');
}
