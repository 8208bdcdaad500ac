// Read this first: who is logged in, which view is shown, and what happens when either changes.
import { openLinkView } from './account.mjs';
import { auth, whoIsLoggedIn } from './auth.mjs';
import { byId, present } from './dom.mjs';
import { asFailure, explain } from './failures.mjs';
import { keepInput } from './kept-input.mjs';
import { isFor, ROUTES } from './router.mjs';
import { notify, showShell } from './shell.mjs';
import { chooseLanguage, otherLanguage, t } from './texts.mjs';
import { failureView } from './views/failure.mjs';

/** @type {import('passport-visa/client').TokenUser | null} */
let user = null;
/** @type {Promise<void> | undefined} */
let entering;
/** The view to go to after the login. @type {string | undefined} */
let wanted;
/** During a logout on this page, so `onChange` doesn't announce it a second time. */
let isLeaving = false;
/** How many views have been started; 0 until the first check of who is logged in. */
let viewCount = 0;

/** @type {import('./router.mjs').Page} */
const page = {
  enter() {
    // Only once: the view that logged in calls it, and `onChange` may at the same time.
    entering ??= enter().finally(() => (entering = undefined));
    return entering;
  },
  go,
  refresh: () => show(),
  async refreshKeepingInput() {
    const restore = keepInput(byId('main'));
    await show();
    restore();
  },
  notify,
  async act(action, done) {
    try {
      await action();
      if (done) notify(done);
    } catch (error) {
      if (user) notify(explain(asFailure(error)));
    }
  },
  logOut: () => leave(() => auth.logout(), t('notice.loggedOut')),
  logOutEverywhere: () => leave(() => auth.logoutAll(), t('notice.loggedOutEverywhere')),
};

addEventListener('hashchange', () => (viewCount > 0 ? show() : start()));
auth.onChange(followChange);
openLinkView();
document.addEventListener('visibilitychange', checkAgain);
await start();

/** Needs no login where the cookies are still valid. */
async function start({ focus = false } = {}) {
  showShell({ links: [], path: '', onLogout: undefined, onSwitchLanguage: switchLanguage });
  try {
    user = await whoIsLoggedIn();
  } catch (error) {
    // An outage is not a logout, and a password would not help.
    render(
      failureView(error, () => start({ focus: true })),
      t('failed.title'),
    );
    return;
  }
  await show({ focus });
}

/** @returns {Promise<void>} */
async function show({ focus = true } = {}) {
  const view = ++viewCount;
  const path = location.hash.slice(1);
  const route = ROUTES[path];
  if (!route || !isFor(route, user)) return redirect(path);

  showShell({
    links: links(),
    path,
    onLogout: user ? page.logOut : undefined,
    onSwitchLanguage: switchLanguage,
  });
  byId('main').setAttribute('aria-busy', 'true');
  let content;
  try {
    content = await route.view(page);
  } catch (error) {
    if (!user) return; // `followChange` goes to the login
    content = failureView(error, page.refresh);
  }
  if (view !== viewCount) return; // another view has been opened meanwhile
  // A view for anyone looks like one for visitors.
  byId('main').dataset['audience'] = route.audience === 'anyone' ? 'guest' : route.audience;
  render(content, t(route.title));
  // Screen readers continue from here.
  if (focus) byId('main').querySelector('h1')?.focus();
}

/** @param {import('./dom.mjs').Child[]} content @param {string} title */
function render(content, title) {
  byId('main').replaceChildren(...present(content));
  byId('main').removeAttribute('aria-busy');
  document.title = `${title} · ${t('brand')}`;
}

/** @param {string} path a view that doesn't exist or that this person may not see */
function redirect(path) {
  const route = ROUTES[path];
  if (!user && route) {
    wanted = path;
    if (route.loginNotice) notify(t(route.loginNotice));
  }
  history.replaceState(null, '', user ? '#/profile' : '#/login');
  return show();
}

/** @param {string} path @param {string} [notice] */
function go(path, notice = '') {
  notify(notice);
  if (location.hash === `#${path}`) show();
  else location.hash = path;
}

function links() {
  return Object.entries(ROUTES).flatMap(([path, route]) =>
    route.link && isFor(route, user) ? [{ path, text: t(route.link) }] : [],
  );
}

/** @param {() => Promise<unknown>} end @param {string} notice */
async function leave(end, notice) {
  isLeaving = true;
  await page.act(async () => {
    await end();
    user = null;
    wanted = undefined;
    go('/login', notice);
  });
  isLeaving = false;
}

async function enter() {
  user = await auth.check();
  go(wanted ?? '/profile');
  wanted = undefined;
}

/** Follows a login or logout in this tab or another. @param {import('passport-visa/client').AuthChange} change */
function followChange(change) {
  if (change.type === 'login') {
    if (change.user.id !== user?.id) page.act(page.enter);
  } else if (user && !isLeaving) {
    user = null;
    wanted = location.hash.slice(1);
    go('/login', t('notice.ended'));
  }
}

/** The session may end while a tab sleeps for days. */
async function checkAgain() {
  if (document.visibilityState !== 'visible' || !user) return;
  try {
    // Another tab may have taken the cookies away without this one's client knowing.
    if (!(await whoIsLoggedIn())) followChange({ type: 'logout' });
  } catch {
    // offline: the next action will show that
  }
}

async function switchLanguage() {
  const restore = keepInput(byId('main'));
  chooseLanguage(otherLanguage());
  if (user || viewCount > 0) await show({ focus: false });
  else await start();
  restore();
  byId('language').focus();
}
