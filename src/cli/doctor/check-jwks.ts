import { readJwkSet } from '../../tokens/jwk-set.js';
import { KeyError } from '../../tokens/keys.js';
import { findingsAbout, type Finding } from './finding.js';

const { ok, warn, fail } = findingsAbout('jwks');

/**
 * Looks at the keys that other services verify access tokens with. An app without the option `jwks` has none, and that is no fault. A key
 * says nothing of when it was made.
 * @param send requests a path of the router
 */
export async function checkJwks(send: (path: string) => Promise<Response>): Promise<Finding[]> {
  const response = await send('/jwks.json');
  if (response.status !== 200 && response.status < 500) return [];
  if (response.status !== 200)
    return [
      fail(
        `/jwks.json answered ${response.status}, so no other service gets the keys`,
        'let the proxy pass it on as it is',
      ),
    ];
  const body: unknown = await response.json().catch(() => undefined);
  return [judgeKeys(body), ...judgeAge(response)];
}

function judgeKeys(body: unknown): Finding {
  try {
    const count = new Set([...readJwkSet(body).byHeader['at+jwt'].values()].map(({ key }) => key)).size;
    return ok(`/jwks.json has ${count === 1 ? '1 key' : `${count} keys`}`);
  } catch (error) {
    if (!(error instanceof KeyError)) throw error;
    return fail(
      `/jwks.json ${error.message}`,
      'let the proxy pass on what the app answers; if a private key was published, replace it at once',
    );
  }
}

/** Services learn of a new key when they read the set again. A cache that keeps it for longer than it may holds that up. */
function judgeAge({ headers }: Response): Finding[] {
  const maxAge = /max-age=(\d+)/.exec(headers.get('cache-control') ?? '')?.[1];
  if (maxAge === undefined)
    return [warn('/jwks.json came without its Cache-Control: max-age', 'let the proxy pass the header on')];
  const age = Number(headers.get('age') ?? 0);
  if (!(age > Number(maxAge))) return [];
  return [
    warn(
      `/jwks.json is a copy that a cache has kept for ${age} s, and ${maxAge} s are allowed`,
      'let the cache heed Cache-Control, or new keys come late',
    ),
  ];
}
