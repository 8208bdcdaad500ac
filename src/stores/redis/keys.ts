/** What all keys begin with, if the app doesn't choose. */
export const DEFAULT_KEY_PREFIX = 'visa:';

/**
 * Refuses a prefix with a brace: it would come before the braces of `taggedKey` and become the hash tag, and all users would
 * share one slot.
 * @throws TypeError
 */
export function checkedKeyPrefix(keyPrefix: string): string {
  if (/[{}]/.test(keyPrefix)) throw new TypeError('keyPrefix must not contain { or }');
  return keyPrefix;
}

/** The braces mark the hash tag (Redis Cluster specification). The id is encoded, so it can't close them. */
export function taggedKey(keyPrefix: string, id: string): string {
  return `${keyPrefix}{${encodeURIComponent(id)}}`;
}

/** The id in a key that `taggedKey` made. */
export function idOfTaggedKey(keyPrefix: string, key: string): string {
  return decodeURIComponent(key.slice(keyPrefix.length + 1, -1));
}
