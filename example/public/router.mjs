// Which view an address shows, and who may see it. The address is the part after #, so the server has only one page.
import { adminView } from './views/admin.mjs';
import { authenticatorView } from './views/authenticator.mjs';
import { devicesView } from './views/devices.mjs';
import { confirmEmailView, undoEmailView } from './views/email-links.mjs';
import { emailView } from './views/email.mjs';
import { forgotView } from './views/forgot.mjs';
import { loginView } from './views/login.mjs';
import { loginCodeView, loginLinkView, mailLoginView } from './views/mail-login.mjs';
import { passwordView } from './views/password.mjs';
import { profileView } from './views/profile.mjs';
import { recoveryCodesView } from './views/recovery-codes.mjs';
import { registerView } from './views/register.mjs';
import { resetView } from './views/reset.mjs';
import { recoveryStepView, secondStepView } from './views/second-step.mjs';
import { securityView } from './views/security.mjs';
import { sentView } from './views/sent.mjs';
import { verifyView } from './views/verify.mjs';

/**
 * What the page does for its views.
 *
 * @typedef {object} Page
 * @property {() => Promise<void>} enter continues after a login, with the view that was wanted before it
 * @property {(path: string, notice?: string) => void} go
 * @property {() => Promise<void>} refresh shows the view again, with new data
 * @property {() => Promise<void>} refreshKeepingInput the same, with what has been typed so far
 * @property {(text: string) => void} notify
 * @property {(action: () => Promise<unknown>, done?: string) => Promise<void>} act runs the action, and shows a notice when it is done or has failed
 * @property {() => Promise<void>} logOut
 * @property {() => Promise<void>} logOutEverywhere
 *
 * @typedef {(page: Page) => import('./dom.mjs').Child[] | Promise<import('./dom.mjs').Child[]>} View
 *
 * @typedef {object} Route
 * @property {View} view
 * @property {'guest' | 'member' | 'admin' | 'anyone'} audience
 * @property {import('./texts.mjs').TextKey} title
 * @property {import('./texts.mjs').TextKey} [link] its name in the navigation
 * @property {import('./texts.mjs').TextKey} [loginNotice] what the login says to visitors who have to log in first
 */

/** @type {Record<string, Route>} */
export const ROUTES = {
  '/login': { view: loginView, audience: 'guest', title: 'login.title' },
  '/register': { view: registerView, audience: 'guest', title: 'register.title' },
  '/sent': { view: sentView, audience: 'guest', title: 'sent.title' },
  '/forgot': { view: forgotView, audience: 'anyone', title: 'forgot.title' },
  '/login-by-mail': { view: mailLoginView, audience: 'guest', title: 'mailLogin.title' },
  '/login-code': { view: loginCodeView, audience: 'guest', title: 'code.title' },
  '/second-step': { view: secondStepView, audience: 'guest', title: 'secondStep.title' },
  '/recovery-step': { view: recoveryStepView, audience: 'guest', title: 'recoveryStep.title' },
  // Where the links of mails lead: see account.mjs.
  '/verify': { view: verifyView, audience: 'anyone', title: 'verify.title' },
  '/reset': { view: resetView, audience: 'anyone', title: 'reset.title' },
  '/confirm-email': {
    view: confirmEmailView,
    audience: 'member',
    title: 'confirm.title',
    loginNotice: 'confirm.login',
  },
  '/undo-email': { view: undoEmailView, audience: 'anyone', title: 'undo.title' },
  '/login-link': { view: loginLinkView, audience: 'anyone', title: 'loginLink.title' },
  '/profile': { view: profileView, audience: 'member', title: 'profile.title', link: 'profile.title' },
  '/devices': { view: devicesView, audience: 'member', title: 'devices.title', link: 'devices.title' },
  '/security': { view: securityView, audience: 'member', title: 'security.title', link: 'security.title' },
  '/authenticator': { view: authenticatorView, audience: 'member', title: 'authenticator.title' },
  '/recovery-codes': { view: recoveryCodesView, audience: 'member', title: 'recovery.title' },
  '/email': { view: emailView, audience: 'member', title: 'email.title' },
  '/password': { view: passwordView, audience: 'member', title: 'password.title', link: 'password.nav' },
  '/admin': { view: adminView, audience: 'admin', title: 'admin.title', link: 'admin.nav' },
};

/**
 * Only decides what is shown. The server decides at each request what a user may do.
 *
 * @param {Route} route
 * @param {{ roles: readonly string[] } | null} user
 */
export function isFor({ audience }, user) {
  if (audience === 'anyone') return true;
  if (audience === 'guest') return user === null;
  return user !== null && (audience === 'member' || user.roles.includes('admin'));
}
