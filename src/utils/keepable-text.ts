/** Why a database can't keep a text unchanged. */
export type UnkeepableReason = 'noNul' | 'wellFormed';

/**
 * PostgreSQL can't store NUL. UTF-8 has no lone surrogates: all of them become the same character, so two different texts would
 * become one. The reason has the name of the text in `messages/` that says what is right.
 */
export function unkeepableReason(text: string): UnkeepableReason | undefined {
  if (text.includes('\0')) return 'noNul';
  return text.isWellFormed() ? undefined : 'wellFormed';
}

/** Whether the value is a text that every database can keep unchanged. */
export function isKeepable(value: unknown): value is string {
  return typeof value === 'string' && unkeepableReason(value) === undefined;
}
