import { createSecondFactorClient } from '../../src/client/second-factor';
import type { AuthChange, AuthClient, AuthClientError, AuthClientOptions } from '../../src/client';
import { Authenticator, factorApp, type FactorApp } from '../features/second-factor/factor-app';
import { PASSWORD } from '../helpers/apps/app';
import { siteOf, type Site } from './browser';

const ANN = { username: 'ann', password: PASSWORD };

let server: FactorApp;
let site: Site;
beforeEach(async () => {
  server = factorApp();
  site = await siteOf(server.app, () => undefined);
  await server.createUser('ann');
});
afterEach(async () => {
  await site.close();
  await server.auth.close();
});

function open(browser: typeof fetch, options: Partial<AuthClientOptions> = {}) {
  const client = site.tab(browser, options);
  const changes: AuthChange[] = [];
  client.onChange((change) => changes.push(change));
  return { client, changes, factors: createSecondFactorClient(client) };
}

/** ann's authenticator app, enrolled in a browser of its own. */
async function enrol(): Promise<{ app: Authenticator; recoveryCodes: string[] }> {
  const { client, factors } = open(site.browser());
  await client.login(ANN);
  const enrolment = await factors.startTotp();
  expect(enrolment.uri).toContain(`secret=${enrolment.secret}`);
  const app = new Authenticator(enrolment, server.clock);
  const recoveryCodes = await factors.confirmTotp({ id: app.id, code: app.code(), name: 'My phone' });
  return { app, recoveryCodes: recoveryCodes ?? [] };
}

/** The error of the first step. */
async function firstStep(client: AuthClient): Promise<AuthClientError> {
  return client.login(ANN).then(
    () => Promise.reject(new Error('One step was enough')),
    (error: AuthClientError) => error,
  );
}

describe.each(['cookie', 'bearer'] as const)('%s', (transport) => {
  test('a login has a second step, with a code or a recovery code, which tells the listeners', async () => {
    const { app, recoveryCodes } = await enrol();
    const { client, changes, factors } = open(site.browser(), { transport });
    const first = await firstStep(client);
    expect(first).toMatchObject({
      code: 'SECOND_FACTOR_REQUIRED',
      status: 401,
      factors: ['totp', 'recovery-code'],
      challenge: transport === 'bearer' ? expect.any(String) : undefined,
    });
    expect(await client.check()).toBeNull();
    const { challenge } = first;
    await expect(factors.finishLogin({ code: app.wrongCode(), challenge })).rejects.toMatchObject({
      code: 'INVALID_SECOND_FACTOR',
    });
    const user = await factors.finishLogin({ code: app.nextCode(), challenge });
    expect(user).toMatchObject({ username: 'ann' });
    expect(changes).toEqual([{ type: 'login', user }]);
    expect(await client.check()).toMatchObject({ id: user.id, amr: ['pwd', 'otp', 'mfa'] });

    await client.logout();
    const second = await firstStep(client);
    const recoveryCode = String(recoveryCodes[0]);
    await factors.finishLogin({ recoveryCode, challenge: second.challenge });
    expect(await client.check()).toMatchObject({ amr: ['pwd', 'rec', 'mfa'] });
  });
});

test('a double click on the second step is one request', async () => {
  const { app } = await enrol();
  const { client, changes, factors } = open(site.browser());
  await firstStep(client);
  const step = { code: app.nextCode() };
  const users = await Promise.all([factors.finishLogin(step), factors.finishLogin(step)]);
  expect(users).toMatchObject([{ username: 'ann' }, { username: 'ann' }]);
  expect(changes).toHaveLength(1);
  expect(site.sentTo('/auth/login/second-factor')).toHaveLength(1);
});

test('lists, renews and removes what the user has', async () => {
  const { app, recoveryCodes } = await enrol();
  expect(recoveryCodes).toHaveLength(10);
  const { client, factors } = open(site.browser());
  await firstStep(client);
  await factors.finishLogin({ code: app.nextCode() });
  const factor = { id: app.id, kind: 'totp', name: 'My phone', lastUsedAt: expect.any(String) };
  expect(await factors.list()).toEqual({
    factors: [{ ...factor, createdAt: expect.any(String) }],
    recoveryCodesLeft: 10,
  });
  const renewed = await factors.renewRecoveryCodes();
  expect(renewed).toHaveLength(10);
  expect(renewed).not.toEqual(recoveryCodes);
  const other = new Authenticator(await factors.startTotp(), server.clock);
  expect(await factors.confirmTotp({ id: other.id, code: other.code() })).toBeUndefined();
  await factors.remove(app.id);
  expect((await factors.list()).factors).toMatchObject([{ id: other.id, name: null }]);
  await expect(factors.remove(app.id)).rejects.toMatchObject({ code: 'FACTOR_NOT_FOUND', status: 404 });
});

test('a trusted device skips the second step until it is ended', async () => {
  const { app } = await enrol();
  const browser = site.browser();
  const { client, factors } = open(browser);
  await firstStep(client);
  await factors.finishLogin({ code: app.nextCode(), trustDevice: true });
  const [device, ...others] = await factors.trustedDevices();
  expect([device, others]).toMatchObject([{ current: true, name: 'node' }, []]);
  await client.logout();
  await client.login(ANN);

  await factors.endTrustedDevice(String(device?.id));
  await client.logout();
  await firstStep(client);
  await factors.finishLogin({ code: app.nextCode(), trustDevice: true });
  expect(await factors.endTrustedDevices()).toBe(1);
  expect(await factors.trustedDevices()).toEqual([]);
});

test.each(['cookie', 'bearer'] as const)(
  'a login says that the user must enrol, until that is done, by %s',
  async (transport) => {
    const strict = factorApp({ factor: { required: ({ username }) => username === 'ann' } });
    const own = await siteOf(strict.app, () => undefined);
    const client = own.tab(own.browser(), { transport });
    const changes: AuthChange[] = [];
    client.onChange((change) => changes.push(change));
    for (const username of ['ann', 'bob']) await strict.createUser(username);
    const ann = await client.login(ANN);
    expect(ann).toStrictEqual({ id: ann.id, username: 'ann', roles: [], enrol: true });
    await Promise.resolve();
    expect(changes).toStrictEqual([{ type: 'login', user: ann }]);
    const bob = await client.login({ ...ANN, username: 'bob' });
    expect(bob).toStrictEqual({ id: bob.id, username: 'bob', roles: [] });
    await own.close();
    await strict.auth.close();
  },
);

test('createSecondFactorClient refuses what is no client', () => {
  for (const wrong of [undefined, {}, { baseUrl: '/auth' }])
    expect(() => createSecondFactorClient(wrong as unknown as AuthClient)).toThrow(
      'createSecondFactorClient(): client must be what createAuthClient() returns',
    );
});
