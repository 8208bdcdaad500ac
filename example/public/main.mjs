// Read this first: who is logged in, which view that makes, and what happens when either changes.
import { auth } from './auth.mjs';
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
/** Where somebody wanted to be who has to log in first. @type {string | undefined} */
let wanted;
/** Whoever logs out here needs no word about it from `onChange`. */
let isLeaving = false;
/** Views that were begun; 0 until it is known who is there. */
let turns = 0;

/** @type {import('./router.mjs').Page} */
const page = {
  enter() {
    // Once, for both who may ask: the view that logged in, and `onChange`, which hears of it.
    entering ??= enter().finally(() => (entering = undefined));
    return entering;
  },
  go,
  refresh: () => show(),
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

addEventListener('hashchange', () => (turns > 0 ? show() : start()));
auth.onChange(followChange);
document.addEventListener('visibilitychange', checkAgain);
await start();

/** Logs in without a word where the cookies are still good. */
async function start({ focus = false } = {}) {
  showShell({ links: [], path: '', onLogout: undefined, onSwitchLanguage: switchLanguage });
  try {
    user = await auth.check();
  } catch (error) {
    // An outage is not a logout: nobody is asked for a password that would not help.
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
  const turn = ++turns;
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
    if (!user) return; // `followChange` leads to the login
    content = failureView(error, page.refresh);
  }
  if (turn !== turns) return; // somebody has gone elsewhere meanwhile
  byId('main').dataset['audience'] = route.audience;
  render(content, t(route.title));
  // Screen readers then begin with the new view.
  if (focus) byId('main').querySelector('h1')?.focus();
}

/** @param {import('./dom.mjs').Child[]} content @param {string} title */
function render(content, title) {
  byId('main').replaceChildren(...present(content));
  byId('main').removeAttribute('aria-busy');
  document.title = `${title} · ${t('brand')}`;
}

/** @param {string} path one that isn't for this person */
function redirect(path) {
  if (!user && ROUTES[path]) wanted = path;
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

/** In this tab or another. @param {import('passport-visa/client').AuthChange} change */
function followChange(change) {
  if (change.type === 'login') {
    if (change.user.id !== user?.id) page.act(page.enter);
  } else if (user && !isLeaving) {
    user = null;
    wanted = location.hash.slice(1);
    go('/login', t('notice.ended'));
  }
}

/** A tab may sleep for days, and its session end meanwhile: `onChange` hears of it. */
async function checkAgain() {
  if (document.visibilityState !== 'visible' || !user) return;
  await auth.check().catch(() => undefined); // offline: the next action will say so
}

async function switchLanguage() {
  const restore = keepInput(byId('main'));
  chooseLanguage(otherLanguage());
  if (user || turns > 0) await show({ focus: false });
  else await start();
  restore();
  byId('language').focus();
}
