// The client of passport-visa for this page. Tokens stay in HttpOnly cookies: no script ever sees one.
import { createAuthClient } from '/client/index.js';
import { language } from './texts.mjs';

export const auth = createAuthClient({ baseUrl: '/auth', fetch: fetchInLanguage });

/** Asks the server for messages in the language that was chosen on this page. @type {typeof fetch} */
function fetchInLanguage(input, init) {
  const request = new Request(input, init);
  request.headers.set('Accept-Language', language());
  return fetch(request);
}
