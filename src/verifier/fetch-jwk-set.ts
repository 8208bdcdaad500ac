import { reasonOf } from '../utils/reason-of.js';

/** An issuer's set has a few kilobytes. */
const MAX_BYTES = 128 * 1024;

/**
 * Asks for a JWK Set. Follows no redirect: who controls the address of the keys controls who may log in, and that address is fixed.
 * @param givenUp aborts the question, with an Error as its reason
 * @returns the JSON
 * @throws Error that gives the reason, for anything but an answer of JSON
 */
export async function fetchJwkSet(url: URL, givenUp: AbortSignal): Promise<unknown> {
  try {
    const response = await fetch(url, {
      headers: { accept: 'application/json' },
      redirect: 'manual',
      signal: givenUp,
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new Error(
        `it answered ${response.status}${isRedirect(response) ? ', and redirects are not followed' : ''}`,
      );
    }
    return parse(await textOf(response));
  } catch (error) {
    // Without the error as its cause: a warning would show only that, and it doesn't say what can't be read.
    // eslint-disable-next-line preserve-caught-error
    throw new Error(`The JWK Set at ${nameOf(url)} can't be read: ${reasonOf(error)}`);
  }
}

/** Without a query, which may be a secret. */
export function nameOf({ origin, pathname }: URL): string {
  return origin + pathname;
}

function isRedirect({ status }: Response): boolean {
  return status >= 300 && status < 400;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('it is no JSON'); // the parser's own message would quote it
  }
}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    // Leaving the loop closes the connection.
    if (bytes > MAX_BYTES) throw new Error(`it is longer than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
