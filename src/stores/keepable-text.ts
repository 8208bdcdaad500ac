/**
 * Whether every database can keep the text exactly as it is. PostgreSQL has no NUL, and UTF-8 has no lone surrogates: those all
 * become the same character, and two different texts would become one.
 */
export function isKeepable(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0') && value.isWellFormed();
}
