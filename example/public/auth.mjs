// The client of passport-visa for this page. Tokens stay in HttpOnly cookies: no script ever sees one.
import { createAuthClient } from '/client/index.js';
import { passkeys as createPasskeyClient } from '/client/passkeys/index.js';
import { createSecondFactorClient, stepUp } from '/client/second-factor/index.js';
import { language } from './texts.mjs';

export const auth = createAuthClient({
  baseUrl: '/auth',
  fetch: fetchInLanguage,
  // Loaded when it is needed first.
  reauthenticate: stepUp(async (question) => (await import('./proof-dialog.mjs')).askForProof(question)),
});

/** The calls of the second step at the login. */
export const secondFactor = createSecondFactorClient(auth);

/** The calls of passkeys, which also talk to the browser. */
export const passkeys = createPasskeyClient(auth);

/** @type {string | null} */
let mails = null;
/** The domain of the app's passkeys. @type {string | null} */
let rpId = null;

/** Whether this browser has passkeys, and this page is where the app's are. Known after `whoIsLoggedIn()`. */
export function hasPasskeys() {
  return passkeys.supported && rpId === location.hostname;
}

/** Where the app shows its mails: during development, on this machine. Known after `whoIsLoggedIn()`. */
export function mailsPage() {
  return mails;
}

/**
 * Who is logged in, without a 401 where one can be avoided, because browsers log each in the console. Visitors have no token, so
 * there is nothing to check. Where the session has ended, a logout clears what is left of it, and calls `onChange`. Of any other
 * token only a refresh finds out whether it helps, and `check()` asks for one.
 * @returns {Promise<import('passport-visa/client').TokenUser | null>}
 */
export async function whoIsLoggedIn() {
  const { user, code, ...who } =
    /** @type {{ user: import('passport-visa/client').TokenUser | null, code: string | null, mails: string | null, rpId: string | null }} */ (
      await auth.call('GET', '/who')
    );
  ({ mails, rpId } = who);
  if (user || code === 'NO_ACCESS_TOKEN') return user;
  if (code !== 'SESSION_REVOKED') return auth.check();
  await auth.logout();
  return null;
}

/** Asks the server for messages in the language that was chosen on this page. @type {typeof fetch} */
function fetchInLanguage(input, init) {
  const request = new Request(input, init);
  request.headers.set('Accept-Language', language());
  return fetch(request);
}
