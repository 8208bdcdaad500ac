import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { join } from 'node:path';
import express from 'express';
import { createAuth, MemoryRefreshTokenStore, MemoryUserStore, type Auth } from '../../src/index';
import { passkeys } from '../../src/features/passkeys';
import { secondFactor } from '../../src/features/second-factor/second-factor';
import { ACCESS_SECRET, PASSWORD, REFRESH_SECRET } from '../helpers/apps/app';
import { quickHash } from '../helpers/apps/quick-passwords';
import { useBrowser, type BrowserContext, type Page } from '../helpers/browsers/browser';
import { eventually } from '../helpers/eventually';
import { addAuthenticator } from '../helpers/browsers/virtual-authenticator';

// The built client, in Chromium with a virtual authenticator.
const chromium = useBrowser();
const users = new MemoryUserStore();
let auth: Auth;
let server: Server;
let origin: string;

const PAGE = `<!doctype html><title>Passkeys</title>
<input name="username" autocomplete="username webauthn" autofocus>
<script type="module">
  import { createAuthClient } from '/client/index.js';
  import { passkeys } from '/client/passkeys/index.js';
  import { stepUp } from '/client/second-factor/index.js';
  const auth = createAuthClient({ baseUrl: '/auth' });
  const raised = passkeys(createAuthClient({ baseUrl: '/auth', reauthenticate: stepUp(() => raised.prove()) }));
  Object.assign(globalThis, { auth, keys: passkeys(auth), raised, isReady: true });
</script>`;

beforeAll(async () => {
  const app = express();
  server = app.listen(0, 'localhost');
  await new Promise((resolve) => server.once('listening', resolve));
  origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  auth = createAuth({
    users,
    refreshTokens: new MemoryRefreshTokenStore(),
    accessToken: { secret: ACCESS_SECRET },
    refreshToken: { secret: REFRESH_SECRET },
    limits: { logins: false },
    features: [
      passkeys({ rpId: 'localhost', rpName: 'App', origins: origin }),
      secondFactor({ issuer: 'App', key: 'a-key-for-second-factors-0123456789' }),
    ],
  });
  app.use('/auth', auth.router);
  app.use('/client', express.static(join(__dirname, '../../dist/client')));
  app.get('/', (_req, res) => void res.type('html').send(PAGE));
});

afterAll(async () => {
  await auth.close();
  server.closeAllConnections();
  server.close();
});

interface Tab {
  readonly page: Page;
  /** What the browser has been told to forget. */
  readonly credentials: () => Promise<{ credentialId: string }[]>;
  readonly setVerified: (isUserVerified: boolean) => Promise<unknown>;
  /** Whether somebody touches the key when it is asked. */
  readonly setPresent: (enabled: boolean) => Promise<unknown>;
  readonly run: <T>(script: string) => Promise<T>;
}

/** A tab with a security key that agrees to everything. */
async function openTab(context?: BrowserContext): Promise<Tab> {
  const page = await (context ?? (await chromium.open())).newPage();
  const { session, authenticatorId } = await addAuthenticator(page);
  await page.goto(origin);
  await page.waitForFunction('globalThis.isReady');
  return {
    page,
    credentials: async () => (await session.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
    setVerified: (isUserVerified) =>
      session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified }),
    setPresent: (enabled) =>
      session.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled }),
    // What it rejects with comes as { name, code }.
    run: (script) =>
      page.evaluate(`(async () => ${script})().catch(({ name, code }) => ({ failed: { name, code } }))`),
  };
}

const text = (value: unknown) => JSON.stringify(value);

async function loggedInTab(username: string): Promise<Tab> {
  await users.create({ username, passwordHash: quickHash(PASSWORD) });
  const tab = await openTab();
  await tab.run(`auth.login(${text({ username, password: PASSWORD })})`);
  return tab;
}

interface Registered {
  passkey: { id: string; name: string };
  recoveryCodes?: string[];
}

test('a passkey is registered, logs in without a name, proves the second step, and is removed', async () => {
  const tab = await loggedInTab('ann');
  expect(await tab.run('keys.supported')).toBe(true);
  const { passkey, recoveryCodes } = await tab.run<Registered>("keys.register({ name: 'This computer' })");
  expect([passkey.name, recoveryCodes?.length]).toEqual(['This computer', 10]);
  // The same device has one already. Without a factor, the login may not even ask.
  expect(await tab.run('keys.register()')).toMatchObject({ failed: { code: 'REAUTHENTICATION_REQUIRED' } });
  // With a proof by the passkey it may, and goes on.
  expect(await tab.run('raised.register()')).toMatchObject({ failed: { name: 'InvalidStateError' } });
  await tab.run('auth.logout()');
  expect(await tab.run('auth.check()')).toBeNull();

  expect(await tab.run('keys.login()')).toMatchObject({ username: 'ann' });
  expect(await tab.run('auth.check()')).toMatchObject({ amr: ['hwk', 'mfa'] });
  expect(await tab.run('keys.register()')).toMatchObject({ failed: { name: 'InvalidStateError' } });
  await tab.run('auth.logout()');
  expect(await tab.run("keys.login({ username: 'ann', remember: true })")).toMatchObject({ username: 'ann' });
  await tab.run('auth.logout()');

  expect(await tab.run(`auth.login(${text({ username: 'ann', password: PASSWORD })})`)).toMatchObject({
    failed: { code: 'SECOND_FACTOR_REQUIRED' },
  });
  const second = "keys.prove().then((proof) => auth.login(proof, '/login/second-factor'))";
  expect(await tab.run(second)).toMatchObject({ username: 'ann' });
  expect(await tab.run('auth.check()')).toMatchObject({ amr: ['pwd', 'hwk', 'mfa'] });

  expect(await tab.credentials()).toHaveLength(1);
  expect(await tab.run(`keys.remove(${text(passkey.id)}).then(() => 'removed')`)).toBe('removed');
  // signalUnknownCredential has told the authenticator, where the browser knows that method.
  if (await tab.run("'signalUnknownCredential' in PublicKeyCredential")) {
    await eventually('it has none', async () => (await tab.credentials()).length === 0);
  }
});

test('the list of the name field offers passkeys, and another method ends the wait', async () => {
  const tab = await loggedInTab('bob');
  await tab.run('keys.register()');
  await tab.run('auth.logout()');
  // The virtual authenticator picks the passkey as soon as the list is open.
  expect(await tab.run('keys.login({ autofill: true })')).toMatchObject({ username: 'bob' });
  expect(await tab.run('auth.check()')).toMatchObject({ amr: ['hwk', 'mfa'] });
  await tab.run('auth.logout()');
  const both = `(async () => {
    const waiting = keys.login({ autofill: true });
    const user = await keys.login();
    return [await waiting, user.username];
  })()`;
  expect(await tab.run(both)).toEqual([undefined, 'bob']);
});

test('a login by the password ends the wait', async () => {
  const tab = await loggedInTab('dan');
  await tab.run('keys.register()');
  await tab.run('auth.logout()');
  await users.create({ username: 'eda', passwordHash: quickHash(PASSWORD) });
  // The list stays open, because nobody picks a passkey.
  await tab.setPresent(false);
  const both = `(async () => {
    const waiting = keys.login({ autofill: true });
    await auth.login(${text({ username: 'eda', password: PASSWORD })});
    return [await waiting];
  })()`;
  expect(await tab.run(both)).toEqual([undefined]);
});

test('an authenticator that does not verify its user is refused', async () => {
  const tab = await loggedInTab('eve');
  await tab.run('keys.register()');
  await tab.run('auth.logout()');
  await tab.setVerified(false);
  expect(await tab.run('keys.login()')).toMatchObject({ failed: { name: 'NotAllowedError' } });
  expect(await tab.run('auth.check()')).toBeNull();
});
