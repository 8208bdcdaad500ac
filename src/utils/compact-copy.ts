/**
 * The same text, on its own. A piece of a longer text, or several put together, would keep all of them in memory for as long as
 * it lives: five times as much, for the key of a revoked session.
 */
export function compactCopy(text: string): string {
  // What is not well-formed would come back as another text.
  return text.isWellFormed() ? Buffer.from(text).toString() : text;
}
