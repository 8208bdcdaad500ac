import { ANN, useBrowserSite, type BrowserGlobals, type Site } from './browser';

let site: Site;
let browser: BrowserGlobals;
useBrowserSite((opened, globals) => {
  site = opened;
  browser = globals;
});

const key = () => `passport-visa:${site.origin}/auth`;

test.each([
  ['cut off', '{"login":"1'],
  ['empty', ''],
  ['null', 'null'],
  ['a text', '"text"'],
  ['a number', '5'],
])(
  'an entry in localStorage that is %s counts as none, and the next login replaces it',
  async (_what, entry) => {
    browser.items.set(key(), entry);
    const client = site.tab(site.browser());
    expect((await client.check()) ?? (await client.login(ANN))).toMatchObject({ username: 'ann' });
    site.expire();
    expect(await client.info()).toMatchObject({ username: 'ann' });
    expect(JSON.parse(browser.items.get(key()) ?? '')).toMatchObject({ round: 2 });
  },
);

test('an entry that breaks while the user is logged in logs nobody out', async () => {
  const client = site.tab(site.browser());
  await client.login(ANN);
  browser.items.set(key(), '{');
  site.expire();
  expect(await client.check()).not.toBeNull();
  expect(site.sentTo('/auth/refresh')).toHaveLength(1);
});

test.each(['getItem', 'setItem', 'both'] as const)(
  'a localStorage whose methods throw (%s) is replaced by the memory of the tab',
  async (which) => {
    const blocked = () => {
      throw new DOMException('The operation is insecure.', 'SecurityError');
    };
    const { localStorage } = globalThis as unknown as { localStorage: Record<string, () => unknown> };
    if (which !== 'setItem') localStorage['getItem'] = blocked;
    if (which !== 'getItem') localStorage['setItem'] = blocked;
    const client = site.tab(site.browser());
    expect(await client.check()).toBeNull();
    await client.login(ANN);
    site.expire();
    expect(await client.info()).toMatchObject({ username: 'ann' });
    await client.changePassword({ currentPassword: ANN.password, newPassword: 'quite another 8 words' });
    await client.logout();
    expect(await client.check()).toBeNull();
  },
);
