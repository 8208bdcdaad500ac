/** `createAuth` refuses shorter secrets (RFC 7518 §3.2). */
export const MIN_SECRET_BYTES = 32;

/**
 * The secrets of a text, such as an environment variable. It is a list if it has white space in it and at least one part is long
 * enough for a secret. Otherwise it is one secret: a phrase, whose words are short, or a PEM text.
 */
export function secretsIn(text: string): string[] {
  if (isPem(text)) return [text];
  const parts = text.split(/\s+/).filter(Boolean);
  return parts.some((part) => Buffer.byteLength(part) >= MIN_SECRET_BYTES) ? parts : [text];
}

export function isPem(text: string): boolean {
  return text.trimStart().startsWith('-----BEGIN');
}
