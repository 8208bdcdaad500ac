/** A username as it is stored and shown: in Unicode form NFC, without white space around it. */
export function normalizeUsername(username: string): string {
  return username.normalize('NFC').trim();
}

/**
 * The key by which usernames are compared: two names with the same key are the same name. Σ has two lower-case forms, and both
 * give the same key. Lower-casing can undo the composition (İ becomes i and a combining dot), so NFC is applied again at the end.
 */
export function usernameKey(username: string): string {
  return normalizeUsername(username).toLowerCase().replaceAll('ς', 'σ').normalize('NFC');
}
