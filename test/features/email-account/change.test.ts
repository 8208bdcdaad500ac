import { AuthError, MemoryRefreshTokenStore, MemoryUserStore, type StoredUser } from '../../../src/index';
import { PASSWORD } from '../../helpers/apps/app';
import { emailApp, NEW_PASSWORD, tokenOf, type EmailApp } from './email-app';
import { EACH_STORES, type FeatureStores, type OpenStores } from '../../helpers/apps/feature-stores';

const [A, B, C] = ['a@example.com', 'b@example.com', 'c@example.com'];
const INVALID = { code: 'ONE_TIME_TOKEN_INVALID' };

type Browser = ReturnType<EmailApp['browser']>;

describe.each(EACH_STORES)('a change of the address, on %s', (name, open) => {
  let stores: OpenStores;
  let email: EmailApp;
  let users: MemoryUserStore;
  let passwordHash: string;
  let ann: StoredUser;

  beforeAll(async () => {
    stores = await open();
    users = stores.users as MemoryUserStore;
  });

  afterAll(() => stores.close());

  beforeEach(async () => {
    email = emailApp({ stores });
    passwordHash ??= await email.auth.passwords.hash(PASSWORD);
    ann = await users.create({ username: A, passwordHash });
  });

  afterEach(async () => {
    for (const each of [A, B, C]) {
      const user = await users.findByUsername(each);
      if (user) await users.delete(user.id);
    }
    await email.auth.close();
  });

  const login = async (username: string, password = PASSWORD) => {
    const browser = email.browser();
    const { status } = await browser.post('/auth/login').send({ username, password });
    return { browser, status };
  };
  const loggedIn = async (username = A) => (await login(username)).browser;
  const ask = (browser: Browser, username: unknown) => browser.post('/auth/email/change').send({ username });
  const confirm = (browser: Browser, token: string) =>
    browser.post('/auth/email/change/confirm').send({ token });
  const undo = (token: string) => email.client().post('/auth/email/change/undo').send({ token });
  const asked = async (browser: Browser, to: string) => {
    expect((await ask(browser, to)).status).toBe(202);
    return tokenOf(await email.mailTo(to, 'email-change'));
  };
  /** @returns the token of the undo, which the old address got */
  const change = async (browser: Browser, from: string, to: string) => {
    expect((await confirm(browser, await asked(browser, to))).status).toBe(200);
    return tokenOf(await email.mailTo(from, 'email-changed'));
  };
  const addressOfAnn = async () => (await users.findById(ann.id))?.username;

  test('comes about at the new address, once, and ends no session', async () => {
    const browser = await loggedIn();
    const token = await asked(browser, B);
    expect(await addressOfAnn()).toBe(A);
    const answer = await confirm(browser, token);
    expect([answer.status, answer.body]).toEqual([200, { message: 'The e-mail address is changed' }]);
    expect(await addressOfAnn()).toBe(B);
    await email.mailTo(A, 'email-changed');
    expect((await browser.get('/auth/info')).body).toMatchObject({ user: { username: B } });
    expect((await confirm(browser, token)).body).toMatchObject(INVALID);
    expect([(await login(A)).status, (await login(B)).status]).toEqual([401, 200]);
  });

  test('an undo restores the address, ends sessions and the password, and mails a reset', async () => {
    const browser = await loggedIn();
    const token = await change(browser, A, B);
    const answer = await undo(token);
    expect(answer.body).toEqual({
      message: 'The old e-mail address is back, and every device is logged out',
    });
    expect(await addressOfAnn()).toBe(A);
    expect((await browser.get('/auth/check')).status).toBe(401);
    expect((await browser.post('/auth/refresh')).status).toBe(401);
    expect([(await login(A)).status, (await login(B)).status]).toEqual([401, 401]);
    const reset = { token: tokenOf(await email.mailTo(A, 'reset')), newPassword: NEW_PASSWORD };
    expect((await email.client().post('/auth/password/reset').send(reset)).status).toBe(200);
    expect((await login(A, NEW_PASSWORD)).status).toBe(200);
    expect((await undo(token)).body).toMatchObject(INVALID);
  });

  test('an undo unlinks the accounts of identity providers, which a thief may have linked', async () => {
    const browser = await loggedIn();
    const identities = ['ann', 'thief'].map((subject) => ({ issuer: 'https://idp.example', subject }));
    for (const identity of identities) expect(await users.link(ann.id, identity)).toBe(true);
    const token = await change(browser, A, B);
    expect(await users.listIdentities(ann.id)).toHaveLength(2);
    // The thief logs in by the provider while the undo ends the sessions.
    const unlink = users.unlink.bind(users);
    const unlinking = jest.spyOn(users, 'unlink').mockImplementationOnce(async (...args) => {
      await email.auth.sessions.start(ann.id);
      return unlink(...args);
    });
    // An app reads the methods of its stores when it is made.
    const undoing = emailApp({ stores });
    const answer = await undoing.client().post('/auth/email/change/undo').send({ token });
    expect(answer.status).toBe(200);
    expect(unlinking).toHaveBeenCalledTimes(2);
    expect(await users.listIdentities(ann.id)).toEqual([]);
    expect(await email.auth.sessions.list(ann.id)).toEqual([]);
    expect(await users.findByIdentity(identities[1] as (typeof identities)[0])).toBeUndefined();
    await undoing.mailTo(A, 'reset');
    unlinking.mockRestore();
    await undoing.auth.close();
  });

  test('the undo of the oldest change wins', async () => {
    const browser = await loggedIn();
    const toA = await change(browser, A, B);
    const toB = await change(browser, B, C);
    expect((await undo(toA)).status).toBe(200);
    expect((await undo(toB)).body).toMatchObject(INVALID);
    expect(await addressOfAnn()).toBe(A);
  });

  test('the undo of a newer change leaves the older one good', async () => {
    const browser = await loggedIn();
    const toA = await change(browser, A, B);
    const toB = await change(browser, B, C);
    expect((await undo(toB)).status).toBe(200);
    expect(await addressOfAnn()).toBe(B);
    expect((await undo(toA)).status).toBe(200);
    expect(await addressOfAnn()).toBe(A);
  });

  test('of two users who confirm one address at once, one gets it', async () => {
    await users.create({ username: C, passwordHash });
    const asking = [await loggedIn(A), await loggedIn(C)];
    const links: [Browser, string][] = [];
    for (const browser of asking) links.push([browser, await asked(browser, B)]);
    const answers = await Promise.all(links.map(([browser, token]) => confirm(browser, token)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401]);
  });

  test('the same confirmation and the same undo, ten times at once, count once', async () => {
    const browser = await loggedIn();
    const token = await asked(browser, B);
    const confirmed = await Promise.all(Array.from({ length: 10 }, () => confirm(browser, token)));
    expect(confirmed.every(({ status }) => [200, 401].includes(status))).toBe(true);
    const undoToken = tokenOf(await email.mailTo(A, 'email-changed'));
    const undone = await Promise.all(Array.from({ length: 10 }, () => undo(undoToken)));
    expect(undone.some(({ status }) => status === 200)).toBe(true);
    await email.mailTo(A, 'reset');
    expect(email.mails).toEqual([]);
    expect(await addressOfAnn()).toBe(A);
  });

  test('the answer is the same for free, taken, reserved and own addresses', async () => {
    const bob = await users.create({ username: B, passwordHash });
    await change(await loggedIn(B), B, C);
    const browser = await loggedIn();
    const answers: object[] = [];
    for (const each of ['free@example.com', C, B, A]) {
      const { status, text, headers } = await ask(browser, each);
      answers.push({ status, text, headers: { ...headers, date: '' } });
    }
    expect(answers[0]).toMatchObject({
      status: 202,
      headers: { 'content-type': expect.stringContaining('json') as string },
    });
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    await email.mailTo('free@example.com', 'email-change');
    await email.mailTo(C, 'email-change-taken');
    await email.mailTo(B, 'email-change-taken');
    expect(email.mails).toEqual([]);
    await users.delete(bob.id);
  });

  test('a disabled user, another password and another address make the token worthless', async () => {
    const browser = await loggedIn();
    const token = await asked(browser, B);
    await users.updateUsername(ann.id, C, A);
    expect((await confirm(browser, token)).body).toMatchObject(INVALID);
    await users.updateUsername(ann.id, A, C);
    await users.updatePasswordHash(ann.id, `${passwordHash.slice(0, -1)}.`, passwordHash);
    expect((await confirm(browser, token)).body).toMatchObject(INVALID);
    await users.updatePasswordHash(ann.id, passwordHash, `${passwordHash.slice(0, -1)}.`);
    await users.update(ann.id, { disabled: true });
    // The guard says so already.
    expect((await confirm(browser, token)).body).toMatchObject({ code: 'SESSION_REVOKED' });
    expect(await addressOfAnn()).toBe(A);
  });

  test('needs a login, and an address that is one', async () => {
    expect((await email.client().post('/auth/email/change').send({ username: B })).status).toBe(401);
    const browser = await loggedIn();
    for (const username of ['ann', 5, ['x@y.example'], undefined, 'a\u0000@b.example'])
      expect((await ask(browser, username)).body).toMatchObject({ errors: [{ path: 'username' }] });
    for (const path of ['confirm', 'undo'])
      for (const [token, status] of [
        [5, 400],
        [['x'], 400],
        ['\ud800', 401],
        ['', 401],
      ] as const)
        expect((await browser.post(`/auth/email/change/${path}`).send({ token })).status).toBe(status);
  });

  test('a click of someone else gives no account their address: the link needs a login of its user, and stays good', async () => {
    const thief = await loggedIn();
    const token = await asked(thief, B);
    expect((await confirm(email.browser(), token)).body).toMatchObject({ code: 'NO_ACCESS_TOKEN' });
    await users.create({ username: C, passwordHash });
    const bystander = await loggedIn(C);
    expect((await confirm(bystander, token)).body).toMatchObject(INVALID);
    expect(await addressOfAnn()).toBe(A);
    expect((await confirm(await loggedIn(), token)).status).toBe(200);
  });

  if (name === 'memory')
    test('whatever store call fails, the same request again finishes', async () => {
      for (let failing = 1, steps = 2; steps > 0; failing += 1) {
        const browser = await loggedIn();
        const token = await asked(browser, B);
        steps = 0;
        const [first] = await failOnce(stores, failing, () => confirm(browser, token));
        if (first?.status === 503) {
          steps += 1;
          expect((await confirm(browser, token)).status).toBe(200);
        } else expect(first?.status).toBe(200);
        expect(await addressOfAnn()).toBe(B);
        const undoToken = tokenOf(await email.mailTo(A, 'email-changed'));
        const [second] = await failOnce(stores, failing, () => undo(undoToken));
        if (second?.status === 503) {
          steps += 1;
          // Everything is done when only the mail of the reset is missing.
          expect([200, 401]).toContain((await undo(undoToken)).status);
        } else expect(second?.status).toBe(200);
        expect(await addressOfAnn()).toBe(A);
        expect((await login(A)).status).toBe(401);
        email.mails.length = 0;
        const current = await users.findById(ann.id);
        await users.updatePasswordHash(ann.id, passwordHash, current?.passwordHash ?? null);
      }
    });
});

test('a user store that can rename no one is refused at start, by the name of the method', () => {
  const users = new MemoryUserStore();
  Object.defineProperty(users, 'updateUsername', { value: undefined });
  expect(() => emailApp({ stores: { users, refreshTokens: new MemoryRefreshTokenStore() } })).toThrow(
    /updateUsername\(\)/,
  );
});

/** Makes the nth call of a store that the features use fail, as if the process had been killed there. */
async function failOnce<T>(
  { users, refreshTokens }: FeatureStores,
  nth: number,
  request: () => PromiseLike<T>,
): Promise<[T]> {
  let calls = 0;
  const targets: [object, string[]][] = [
    [users, ['findById', 'findByUsername', 'updateUsername', 'updatePasswordHash']],
    [users.credentials?.() as object, ['find', 'add', 'replace', 'remove', 'list']],
    [refreshTokens, ['revokeAll']],
    [refreshTokens.oneTimeTokens?.() as object, ['find', 'create', 'take', 'removeAll']],
  ];
  const spies = targets.flatMap(([target, methods]) =>
    methods.map((method) => {
      const original = Reflect.get(target, method) as (...args: unknown[]) => unknown;
      return jest.spyOn(target as never, method as never).mockImplementation(((...args: unknown[]) => {
        calls += 1;
        if (calls === nth) return Promise.reject(new AuthError('SERVICE_UNAVAILABLE'));
        return original.apply(target, args);
      }) as never);
    }),
  );
  try {
    return [await request()];
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
