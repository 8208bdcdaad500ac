/**
 * Whether the value is a text that every database can keep unchanged. PostgreSQL can't store NUL. UTF-8 has no lone surrogates:
 * all of them become the same character, so two different texts would become one.
 */
export function isKeepable(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0') && value.isWellFormed();
}
