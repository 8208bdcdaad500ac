// What protects the account besides its password, or in its place.
import { secondFactor } from '../auth.mjs';
import { confirmed } from '../dialog.mjs';
import { h } from '../dom.mjs';
import { card, confirmedRemoval, part } from '../security-card.mjs';
import { deviceIcon, deviceName } from '../session-card.mjs';
import { t } from '../texts.mjs';
import { timeText } from '../times.mjs';
import { listPasskeys, passkeysPart } from './passkeys.mjs';
import { showRecoveryCodes } from './recovery-codes.mjs';

/**
 * @typedef {import('../router.mjs').Page} Page
 * @typedef {import('passport-visa/client/second-factor').Factor} Factor
 * @typedef {import('passport-visa/client/second-factor').TrustedDevice} TrustedDevice
 */

/** @type {import('../router.mjs').View} */
export async function securityView(page) {
  const [{ factors, recoveryCodesLeft }, devices, keys] = await Promise.all([
    secondFactor.list(),
    secondFactor.trustedDevices(),
    listPasskeys(),
  ]);
  const isOn = factors.length > 0;
  return [
    h('h1', { tabindex: '-1' }, t('security.title')),
    h('p', { class: 'lead' }, t('security.lead')),
    factorsPart(page, factors),
    passkeysPart(page, keys, factors.length),
    isOn && recoveryPart(page, recoveryCodesLeft),
    isOn && devicesPart(page, devices),
  ];
}

/** @param {Page} page @param {Factor[]} factors */
function factorsPart(page, factors) {
  const isOn = factors.length > 0;
  const apps = factors.filter(({ kind }) => kind === 'totp');
  return part(
    'factors',
    t('factors.title'),
    t(isOn ? 'factors.on' : 'factors.off'),
    apps.length > 0 && h('ul', { class: 'devices' }, ...apps.map((factor) => factorCard(factor, remove))),
    h(
      'div',
      { class: 'actions' },
      h('a', { class: isOn ? 'button' : 'button primary', href: '#/authenticator' }, t('factors.add')),
    ),
  );

  /** @param {Factor} factor @param {string} name */
  async function remove({ id }, name) {
    if (!(await confirmedRemoval(name, factors.length))) return;
    await page.act(() => secondFactor.remove(id), t('factors.removed', { name }));
    await page.refresh();
  }
}

/** @param {Factor} factor @param {(factor: Factor, name: string) => void} onRemove */
function factorCard(factor, onRemove) {
  const name = factor.name ?? t('factors.app');
  return card({
    id: factor.id,
    image: 'phone',
    title: name,
    facts: [
      factor.lastUsedAt ? timeText(factor.lastUsedAt, 'factors.used') : t('factors.unused'),
      ' · ',
      timeText(factor.createdAt, 'factors.added'),
    ],
    actions: [
      {
        text: t('factors.remove'),
        label: t('factors.removeNamed', { name }),
        run: () => onRemove(factor, name),
      },
    ],
  });
}

/** @param {Page} page @param {number} left */
function recoveryPart(page, left) {
  return part(
    'recovery',
    t('recovery.title'),
    t(left > 0 ? 'recovery.left' : 'recovery.none', { count: String(left) }),
    h(
      'div',
      { class: 'actions' },
      h('button', { type: 'button', class: 'button', onclick: renew }, t('recovery.renew')),
    ),
  );

  async function renew() {
    const question = {
      title: t('recovery.renewQuestion'),
      text: t('recovery.renewText'),
      action: t('recovery.renew'),
    };
    if (!(await confirmed(question))) return;
    await page.act(async () => showRecoveryCodes(page, await secondFactor.renewRecoveryCodes()));
  }
}

/** @param {Page} page @param {TrustedDevice[]} devices */
function devicesPart(page, devices) {
  return part(
    'trusted',
    t('trusted.title'),
    t(devices.length > 0 ? 'trusted.some' : 'trusted.none'),
    devices.length > 0 && h('ul', { class: 'devices' }, ...devices.map((device) => deviceCard(device, end))),
    devices.length > 1 &&
      h(
        'div',
        { class: 'actions' },
        h('button', { type: 'button', class: 'button danger', onclick: endAll }, t('trusted.endAll')),
      ),
  );

  /** @param {TrustedDevice} device @param {string} name */
  async function end({ id }, name) {
    await page.act(() => secondFactor.endTrustedDevice(id), t('trusted.ended', { device: name }));
    await page.refresh();
  }

  async function endAll() {
    await page.act(() => secondFactor.endTrustedDevices(), t('trusted.endedAll'));
    await page.refresh();
  }
}

/** @param {TrustedDevice} device @param {(device: TrustedDevice, name: string) => void} onEnd */
function deviceCard(device, onEnd) {
  const name = deviceName(device.name);
  return card({
    id: device.id,
    image: deviceIcon(device.name),
    title: name,
    badge: device.current ? t('devices.this') : undefined,
    facts: [timeText(device.createdAt, 'trusted.since'), ' · ', timeText(device.expiresAt, 'trusted.until')],
    actions: [
      {
        text: t('trusted.end'),
        label: t('trusted.endNamed', { device: name }),
        run: () => onEnd(device, name),
      },
    ],
  });
}
