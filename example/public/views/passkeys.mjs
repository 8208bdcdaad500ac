// The user's passkeys, in the view "Security".
import { auth, hasPasskeys, passkeys } from '../auth.mjs';
import { askedName } from '../dialog.mjs';
import { h } from '../dom.mjs';
import { card, confirmedRemoval, part } from '../security-card.mjs';
import { t } from '../texts.mjs';
import { timeText } from '../times.mjs';
import { showRecoveryCodes } from './recovery-codes.mjs';

/**
 * @typedef {import('../router.mjs').Page} Page
 * @typedef {import('passport-visa/client/passkeys').Passkey} Passkey
 */

/** @returns {Promise<Passkey[]>} none where this page can't use them */
export async function listPasskeys() {
  if (!hasPasskeys()) return [];
  return /** @type {{ passkeys: Passkey[] }} */ (await auth.call('GET', '/passkeys')).passkeys;
}

/** @param {Page} page @param {Passkey[]} keys @param {number} factorCount passkeys and authenticator apps */
export function passkeysPart(page, keys, factorCount) {
  if (!hasPasskeys()) return null;
  return part(
    'passkeys',
    t('passkeys.title'),
    t(keys.length > 0 ? 'passkeys.some' : 'passkeys.none'),
    keys.length > 0 && h('ul', { class: 'devices' }, ...keys.map(passkeyCard)),
    h(
      'div',
      { class: 'actions' },
      h('button', { type: 'button', class: 'button', onclick: add }, t('passkeys.add')),
    ),
  );

  /** @param {Passkey} passkey */
  function passkeyCard({ id, name: given, createdAt, lastUsedAt, backedUp }) {
    const name = given ?? t('passkeys.unnamed');
    return card({
      id,
      image: 'key',
      title: name,
      facts: [
        lastUsedAt ? timeText(lastUsedAt, 'factors.used') : t('factors.unused'),
        ' · ',
        timeText(createdAt, 'factors.added'),
        ' · ',
        t(backedUp ? 'passkeys.backedUp' : 'passkeys.onThisDevice'),
      ],
      actions: [
        {
          text: t('passkeys.rename'),
          label: t('passkeys.renameNamed', { name }),
          run: () => rename(id, given ?? ''),
        },
        { text: t('factors.remove'), label: t('factors.removeNamed', { name }), run: () => remove(id, name) },
      ],
    });
  }

  async function add() {
    await page.act(async () => {
      const { recoveryCodes } = await passkeys.register();
      if (recoveryCodes) showRecoveryCodes(page, recoveryCodes, t('passkeys.added'));
      else page.notify(t('passkeys.added'));
    });
    if (location.hash === '#/security') await page.refresh();
  }

  /** @param {string} id @param {string} name */
  async function rename(id, name) {
    const next = await askedName({
      title: t('passkeys.renameTitle'),
      label: t('passkeys.name'),
      value: name,
    });
    if (!next) return;
    await page.act(
      () => auth.call('PATCH', `/passkeys/${encodeURIComponent(id)}`, { name: next }),
      t('passkeys.renamed'),
    );
    await page.refresh();
  }

  /** @param {string} id @param {string} name */
  async function remove(id, name) {
    if (!(await confirmedRemoval(name, factorCount))) return;
    // This tells the browser too, so it stops offering the passkey.
    await page.act(() => passkeys.remove(id), t('factors.removed', { name }));
    await page.refresh();
  }
}
