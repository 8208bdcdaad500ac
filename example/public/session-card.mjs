// Shows one session as a device.
import { h, icon } from './dom.mjs';
import { t } from './texts.mjs';
import { timeText } from './times.mjs';

/**
 * @typedef {object} ListedSession
 * @property {string} id
 * @property {boolean} [current]
 * @property {string} createdAt
 * @property {string} lastUsedAt
 * @property {string} expiresAt
 * @property {string | null} ip
 * @property {string | null} userAgent
 */

/**
 * @param {ListedSession} session
 * @param {(session: ListedSession, name: string) => void} onEnd
 */
export function sessionCard(session, onEnd) {
  const name = deviceName(session.userAgent);
  const titleId = `session-${session.id}`;
  const end = h(
    'button',
    {
      type: 'button',
      class: 'button small',
      'aria-label': t('devices.endNamed', { device: name }),
      onclick: () => onEnd(session, name),
    },
    t('devices.end'),
  );
  return h(
    'li',
    { class: 'card device', 'aria-labelledby': titleId },
    icon(deviceIcon(session.userAgent)),
    h(
      'div',
      { class: 'text' },
      h(
        'h2',
        { id: titleId },
        name,
        session.current ? h('span', { class: 'badge' }, t('devices.this')) : null,
      ),
      h(
        'p',
        {},
        session.current ? t('devices.now') : timeText(session.lastUsedAt, 'devices.lastUsed'),
        session.ip ? ` · ${session.ip}` : '',
      ),
      h(
        'p',
        { class: 'hint' },
        timeText(session.createdAt, 'devices.loggedIn'),
        ' · ',
        timeText(session.expiresAt, 'devices.expires'),
      ),
    ),
    end,
  );
}

/** The server stores labels such as "Chrome 142, Windows": see `storeUserAgent` in app.mjs. @param {string | null} label */
export function deviceName(label) {
  if (!label) return t('devices.unknown');
  const [program = label, system] = label.split(', ');
  const browser = program.replace(/ [\d.]+$/, '');
  return system ? t('devices.name', { browser, system }) : browser;
}

/** @param {string | null} label */
export function deviceIcon(label) {
  if (/android|ios|iphone/i.test(label ?? '')) return 'phone';
  return /, /.test(label ?? '') ? 'computer' : 'terminal';
}
