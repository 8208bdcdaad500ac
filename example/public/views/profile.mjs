import { auth } from '../auth.mjs';
import { h, icon } from '../dom.mjs';
import { t } from '../texts.mjs';
import { timeText } from '../times.mjs';

/** @type {import('../router.mjs').View} */
export async function profileView() {
  const [user, sessions] = await Promise.all([auth.info(), auth.sessions()]);
  const current = sessions.find((session) => session.current);
  return [
    h(
      'div',
      { class: 'greeting' },
      h('span', { class: 'initial', 'aria-hidden': 'true' }, Array.from(user.username)[0]?.toUpperCase()),
      h('h1', { tabindex: '-1' }, t('profile.greeting', { username: user.username })),
    ),
    h(
      'dl',
      { class: 'card facts' },
      ...fact(t('username'), user.username),
      ...fact(t('profile.roles'), user.roles.join(', ') || t('profile.noRoles')),
      ...(current ? fact(t('profile.since'), timeText(current.createdAt, 'profile.when')) : []),
      ...fact(t('profile.id'), h('code', {}, user.id)),
    ),
    h(
      'ul',
      { class: 'card ways' },
      linkTo(
        '#/devices',
        'computer',
        t('profile.devices'),
        t('profile.devicesHint'),
        String(sessions.length),
      ),
      linkTo('#/security', 'shield', t('security.title'), t('profile.securityHint')),
      linkTo('#/email', 'mail', t('email.title'), t('profile.emailHint')),
      linkTo('#/password', 'key', t('profile.password'), t('profile.passwordHint')),
    ),
  ];
}

/** @param {string} name @param {string | Node} value */
function fact(name, value) {
  return [h('dt', {}, name), h('dd', {}, value)];
}

/**
 * @param {string} href
 * @param {'computer' | 'key' | 'mail' | 'shield'} image
 * @param {string} title
 * @param {string} hint
 * @param {string} [count]
 */
function linkTo(href, image, title, hint, count) {
  const text = h('span', { class: 'text' }, h('strong', {}, title), h('span', { class: 'hint' }, hint));
  const number = count ? h('span', { class: 'count' }, count) : null;
  return h('li', {}, h('a', { href }, icon(image), text, number, icon('chevron')));
}
