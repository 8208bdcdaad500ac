// The calls of e-mail accounts: passport-visa/client/account.
import { createAccountClient, takeToken } from '/client/account/index.js';
import { auth } from './auth.mjs';

export const account = createAccountClient(auth);

/** The views of the pages that links in mails lead to. @type {Record<string, string>} */
const VIEWS = {
  '/verify-email': '/verify',
  '/reset-password': '/reset',
  '/confirm-email': '/confirm-email',
  '/undo-email': '/undo-email',
  '/login-link': '/login-link',
};

/** Of the link that opened this page. Kept in memory only, so it is gone after a reload. @type {string | undefined} */
export const linkToken = takeToken();

/** From the page of a link to its view. */
export function openLinkView() {
  const view = VIEWS[location.pathname];
  if (view) history.replaceState(null, '', `/#${view}`);
}
