/** `createAuth` refuses shorter secrets (RFC 7518 §3.2). */
export const MIN_SECRET_BYTES = 32;

/**
 * The words of a text, such as an environment variable, if it is a list of secrets. It is a list if it has white space in it and at
 * least one word is long enough for a secret. Otherwise it is one secret: a phrase, whose words are short, or a PEM text.
 */
export function secretsIn(text: string, minBytes = MIN_SECRET_BYTES): string[] {
  if (isPem(text)) return [text];
  const words = text.split(/\s+/).filter(Boolean);
  return words.some((word) => Buffer.byteLength(word) >= minBytes) ? words : [text];
}

/**
 * What a text signs and verifies with: its secrets, and last the text as it is. 0.1.0 took every text as one secret, so tokens that
 * were signed with it go on being accepted.
 */
export function acceptedSecretsIn(text: string, minBytes: number): string[] {
  return [...new Set([...secretsIn(text, minBytes), text])];
}

export function isPem(text: string): boolean {
  return text.trimStart().startsWith('-----BEGIN');
}
