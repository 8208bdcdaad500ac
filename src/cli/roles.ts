import { UsageError } from './describe-error.js';

/** `a,b c` as it comes from arguments: separated by commas, spaces or both. */
export function parseRoles(texts: readonly string[]): string[] {
  const roles = texts.flatMap((text) => text.split(',')).map((role) => role.trim());
  if (roles.some((role) => !/^[^\s\p{Cc}]+$/u.test(role)))
    throw new UsageError(
      'A role must be a word without spaces, separated from the next by a comma: admin,editor',
    );
  return [...new Set(roles)];
}
