// The client of passport-visa for this page. Tokens stay in HttpOnly cookies: no script ever sees one.
import { createAuthClient } from '/client/index.js';
import { language } from './texts.mjs';

export const auth = createAuthClient({ baseUrl: '/auth', fetch: fetchInLanguage });

/**
 * Who is logged in. Visitors have no token, so there is nothing to check. Of any other token `check()` finds out whether a refresh
 * helps.
 * @returns {Promise<import('passport-visa/client').TokenUser | null>}
 */
export async function whoIsLoggedIn() {
  const { user, code } =
    /** @type {{ user: import('passport-visa/client').TokenUser | null, code: string | null }} */ (
      await auth.call('GET', '/who')
    );
  return user || code === 'NO_ACCESS_TOKEN' ? user : auth.check();
}

/** Asks the server for messages in the language that was chosen on this page. @type {typeof fetch} */
function fetchInLanguage(input, init) {
  const request = new Request(input, init);
  request.headers.set('Accept-Language', language());
  return fetch(request);
}
