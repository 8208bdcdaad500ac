import {
  createAccountClient,
  takeToken,
  type AccountClientOptions,
  type Challenges,
} from '../../src/client/account';
import type { AuthChange, AuthClient, AuthClientOptions } from '../../src/client';
import { emailApp, NEW_PASSWORD, tokenOf, type EmailApp } from '../features/email-account/email-app';
import { PASSWORD } from '../helpers/apps/app';
import { installBrowserGlobals, siteOf, type BrowserGlobals, type Site } from './browser';

const ANN = 'ann@example.com';
const INVALID = { code: 'ONE_TIME_TOKEN_INVALID', status: 401 };

let server: EmailApp;
let site: Site;
let globals: BrowserGlobals;

beforeEach(async () => {
  globals = installBrowserGlobals();
  server = emailApp({ account: { login: ['link', 'code'] } });
  site = await siteOf(server.app, () => undefined);
});
afterEach(async () => {
  await site.close();
  await server.auth.close();
  globals.remove();
});

/** A tab with both clients. */
function open(
  browser: typeof fetch,
  options: Partial<AuthClientOptions> = {},
  ofAccount?: AccountClientOptions,
) {
  const client = site.tab(browser, options);
  const changes: AuthChange[] = [];
  client.onChange((change) => changes.push(change));
  return { client, changes, account: createAccountClient(client, ofAccount) };
}

async function mailedToken(kind: Parameters<EmailApp['mailTo']>[1], address = ANN): Promise<string> {
  return tokenOf(await server.mailTo(address, kind));
}

/** ann, registered and verified in a browser of her own. */
async function createAnn(): Promise<void> {
  const { account } = open(site.browser());
  await account.register({ username: ANN, password: PASSWORD });
  await account.verifyEmail({ token: await mailedToken('verify') });
}

async function ask(account: ReturnType<typeof createAccountClient>): Promise<string> {
  await account.forgotPassword({ username: ANN });
  return mailedToken('reset');
}

describe.each(['cookie', 'bearer'] as const)('%s', (transport) => {
  test('an account begins with the link of the registration, which logs in and tells the listeners', async () => {
    const { account, client, changes } = open(site.browser(), { transport });
    expect(await account.register({ username: ANN, password: PASSWORD })).toBeUndefined();
    let token = await mailedToken('verify');
    await account.resendVerification({ username: ANN });
    // A bearer client has no cookie that shows that it registered.
    if (transport === 'cookie') token = await mailedToken('verify');
    const { user, repeated } = await account.verifyEmail({ token, password: PASSWORD });
    expect([repeated, user?.username]).toEqual([false, ANN]);
    expect(await client.check()).toMatchObject({ id: user?.id });
    expect(changes).toEqual([{ type: 'login', user }]);
  });

  test('a link that another kind of client registered for logs in this one', async () => {
    const other = transport === 'cookie' ? 'bearer' : 'cookie';
    await open(site.browser(), { transport: other }).account.register({ username: ANN, password: PASSWORD });
    const { account, client } = open(site.browser(), { transport });
    const { user } = await account.verifyEmail({ token: await mailedToken('verify'), password: PASSWORD });
    expect(await client.check()).toMatchObject({ id: user?.id });
  });

  test('a link and a code log in the client that asked for them, and no other', async () => {
    await createAnn();
    const browser = site.browser();
    const { account } = open(browser, { transport });
    await account.askLoginLink({ username: ANN });
    const token = await mailedToken('login-link');
    globals.items.delete('passport-visa:challenges');
    const other = open(site.browser(), { transport });
    await expect(other.account.verifyLoginLink({ token })).rejects.toMatchObject(INVALID);
    if (transport === 'cookie') {
      // The link opens another tab.
      const tab = open(browser, { transport });
      expect(await tab.account.verifyLoginLink({ token })).toMatchObject({ user: { username: ANN } });
      expect(await tab.client.check()).not.toBeNull();
    }

    const again = open(site.browser(), { transport });
    await again.account.askLoginCode({ username: ANN, remember: true });
    const { code = '' } = await server.mailTo(ANN, 'login-code');
    const both = [again.account.verifyLoginCode({ code }), again.account.verifyLoginCode({ code })];
    expect(await Promise.all(both)).toMatchObject([{ username: ANN }, { username: ANN }]);
    expect(await again.client.info()).toMatchObject({ username: ANN });
    expect(again.changes).toHaveLength(1);
  });
});

test('another browser needs the password of the registration, and asking for it spends nothing', async () => {
  const { account } = open(site.browser());
  await account.register({ username: ANN, password: PASSWORD });
  const token = await mailedToken('verify');
  const elsewhere = open(site.browser());
  const refused = { code: 'INVALID_CREDENTIALS', status: 401 };
  await expect(elsewhere.account.verifyEmail({ token })).rejects.toMatchObject(refused);
  expect(await elsewhere.account.verifyEmail({ token, password: PASSWORD })).toMatchObject({
    repeated: false,
    user: { username: ANN },
  });
});

test('the challenge of a bearer client survives in the storage of the app until it is used', async () => {
  await createAnn();
  let kept: Challenges | undefined;
  const storage = { get: () => Promise.resolve(kept), set: (next: Challenges) => void (kept = next) };
  const first = open(site.browser(), { transport: 'bearer' }, { storage });
  await first.account.askLoginLink({ username: ANN });
  expect(kept).toEqual({ link: expect.any(String) });
  const token = await mailedToken('login-link');
  const restarted = open(site.browser(), { transport: 'bearer' }, { storage });
  expect(await restarted.account.verifyLoginLink({ token })).toMatchObject({ user: { username: ANN } });
  expect(kept).toEqual({ link: undefined });
});

describe('a link that is used twice in one browser', () => {
  let browser: typeof fetch;
  beforeEach(async () => {
    await createAnn();
    browser = site.browser();
  });

  test('is used once, however many calls and tabs want it at once, and refused in another browser', async () => {
    const tabs = [open(browser), open(browser)].map(({ account }) => account);
    const token = await ask(tabs[0] as (typeof tabs)[0]);
    const reset = { token, newPassword: NEW_PASSWORD };
    const results = await Promise.all([...tabs, ...tabs].map((account) => account.resetPassword(reset)));
    // The calls of a tab share their result.
    expect(results.map(({ repeated }) => repeated)).toEqual([false, true, false, true]);
    expect(site.sentTo('/auth/password/reset')).toHaveLength(1);

    globals.clear();
    await expect(open(site.browser()).account.resetPassword(reset)).rejects.toMatchObject(INVALID);
  });

  test('is used once when the second tab does not see yet what the first one has stored', async () => {
    const { account } = open(browser);
    const token = await ask(account);
    const reset = { token, newPassword: NEW_PASSWORD };
    expect(await account.resetPassword(reset)).toEqual({ repeated: false });
    globals.items.clear();
    expect(await open(browser).account.resetPassword(reset)).toEqual({ repeated: true });
    expect(site.sentTo('/auth/password/reset')).toHaveLength(1);
  });

  test('is not repeated with another password, and the result says so', async () => {
    const { account } = open(browser);
    const token = await ask(account);
    const results = ['one of two passwords', NEW_PASSWORD].map((newPassword) =>
      account.resetPassword({ token, newPassword }),
    );
    expect(await Promise.all(results)).toEqual([{ repeated: false }, { repeated: true }]);
    expect(await account.resetPassword({ token, newPassword: NEW_PASSWORD })).toEqual({ repeated: true });
  });

  test('stays good when the server refused the password', async () => {
    const { account } = open(browser);
    const token = await ask(account);
    await expect(account.resetPassword({ token, newPassword: 'short' })).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
    });
    expect(await account.resetPassword({ token, newPassword: NEW_PASSWORD })).toEqual({ repeated: false });
  });

  test('leaves nothing in the browser but a digest, which is forgotten after an hour', async () => {
    const { account } = open(browser);
    const token = await ask(account);
    await account.resetPassword({ token, newPassword: NEW_PASSWORD });
    const text = String(globals.items.get('passport-visa:links'));
    expect(text).toMatch(/^\{"[\da-f]{64}":\d{13}.*\}$/);
    expect(JSON.stringify([...globals.items])).not.toContain(token);
    const later = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 61 * 60_000);
    try {
      await expect(account.resetPassword({ token, newPassword: NEW_PASSWORD })).rejects.toMatchObject(
        INVALID,
      );
    } finally {
      later.mockRestore();
    }
  });

  test('returns who is logged in, if anyone is', async () => {
    const { account, client } = open(browser);
    await account.askLoginLink({ username: ANN });
    const token = await mailedToken('login-link');
    await account.verifyLoginLink({ token });
    const tab = open(browser);
    expect(await tab.account.verifyLoginLink({ token })).toMatchObject({
      repeated: true,
      user: { username: ANN },
    });
    await client.logout();
    expect(await tab.account.verifyLoginLink({ token })).toEqual({ repeated: true, user: undefined });
    expect(site.sentTo('/auth/login/link/verify')).toHaveLength(1);
  });
});

test('a change of address is confirmed and undone, each link once', async () => {
  await createAnn();
  const { account, client } = open(site.browser());
  await client.login({ username: ANN, password: PASSWORD });
  await account.changeEmail({ username: 'ann@new.example' });
  const token = await mailedToken('email-change', 'ann@new.example');
  expect(await account.confirmEmailChange({ token })).toEqual({ repeated: false });
  expect(await account.confirmEmailChange({ token })).toEqual({ repeated: true });
  expect(await client.info()).toMatchObject({ username: 'ann@new.example' });

  const undo = await mailedToken('email-changed');
  expect(await account.undoEmailChange({ token: undo })).toEqual({ repeated: false });
  expect(await account.undoEmailChange({ token: undo })).toEqual({ repeated: true });
  expect(await client.check()).toBeNull();
});

test('outside of browsers takeToken returns nothing', () => {
  expect(takeToken()).toBeUndefined();
});

test('createAccountClient refuses what is no client', () => {
  for (const wrong of [undefined, {}, { baseUrl: '/auth' }])
    expect(() => createAccountClient(wrong as unknown as AuthClient)).toThrow(
      'createAccountClient(): client must be what createAuthClient() returns',
    );
});

test.each([
  [{ storage: { get: () => null } }, 'storage must have the methods get and set'],
  [{ store: {} }, 'Unknown option store: known is storage'],
])('createAccountClient with the options %j throws and names the option', (options, message) => {
  const { client } = open(site.browser());
  expect(() => createAccountClient(client, options as object)).toThrow(`createAccountClient(): ${message}`);
});
