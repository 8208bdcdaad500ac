import { serviceUnavailable } from '../errors.js';
import type { AuthEvents } from '../events/auth-events.js';
import { readJwkSet, type ReadJwkSet } from '../tokens/jwk-set.js';
import { KeyError } from '../tokens/keys.js';
import { fetchJwkSet, nameOf } from './fetch-jwk-set.js';
import { fixedKeys, type KeySource } from './key-source.js';
import { RemoteKeys } from './remote-keys.js';
import type { VerifierOptions } from './verifier.js';

/** The keys that the option `jwks` means. From an address they are asked for at once. @throws TypeError that names the cure */
export function findKeys(
  { jwks, allowHttp }: Pick<VerifierOptions, 'jwks' | 'allowHttp'>,
  events: AuthEvents,
): KeySource {
  if (typeof jwks !== 'string' && !('href' in jwks)) return fixedKeys(readOption(jwks));
  const url = addressIn(String(jwks), allowHttp === true);
  return new RemoteKeys(
    (givenUp) => readFrom(url, givenUp),
    (error) => events.announce('unavailable', () => ({ error: serviceUnavailable(error) })),
  );
}

function readOption(jwks: unknown) {
  try {
    return readJwkSet(jwks);
  } catch (error) {
    if (!(error instanceof KeyError)) throw error;
    throw new TypeError(`createVerifier(): jwks ${error.message}`, { cause: error });
  }
}

/** @throws Error that gives the reason */
async function readFrom(url: URL, givenUp: AbortSignal): Promise<ReadJwkSet> {
  const set = await fetchJwkSet(url, givenUp);
  try {
    return readJwkSet(set);
  } catch (error) {
    if (!(error instanceof KeyError)) throw error;
    // Without the error as its cause, as in fetchJwkSet.
    // eslint-disable-next-line preserve-caught-error
    throw new Error(`The JWK Set at ${nameOf(url)} can't be used: it ${error.message}`);
  }
}

function addressIn(text: string, allowHttp: boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const refuse = (why: string) => new TypeError(`createVerifier(): jwks ${why}`);
  // The text stays out of the messages, because it may have a password.
  if (!url || !/^https?:$/.test(url.protocol))
    throw refuse('must be an address such as https://login.example.com/auth/jwks.json, or a JWK Set');
  if (url.username !== '' || url.password !== '')
    throw refuse('must have no user and no password in its address');
  if (url.protocol === 'http:' && !allowHttp && !isThisMachine(url))
    throw refuse(
      'must be an https address, or anyone on the way could put in keys of their own; in a network that encrypts by itself, set allowHttp: true',
    );
  return url;
}

function isThisMachine({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}
