/** A brace before that of `taggedKey` would take over the hash tag, and all users would share one slot. @throws TypeError */
export function checkedKeyPrefix(keyPrefix: string): string {
  if (/[{}]/.test(keyPrefix)) throw new TypeError('keyPrefix must not contain { or }');
  return keyPrefix;
}

/** The braces are the hash tag (Redis Cluster specification); encoding keeps an id from closing them. */
export function taggedKey(keyPrefix: string, id: string): string {
  return `${keyPrefix}{${encodeURIComponent(id)}}`;
}
