/** A username as it is kept and shown: NFC, without white space around it. */
export function normalizeUsername(username: string): string {
  return username.normalize('NFC').trim();
}

/**
 * What usernames are compared by: two names with the same key are one name. Σ has two lower-case forms, of which one is
 * taken. Lower-casing can undo the composition (İ becomes i and a combining dot), so that NFC comes last as well.
 */
export function usernameKey(username: string): string {
  return normalizeUsername(username).toLowerCase().replaceAll('ς', 'σ').normalize('NFC');
}
