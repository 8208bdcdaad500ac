import { type MemoryUserStore, type StoredUser } from '../../../src/index';
import { PASSWORD } from '../../helpers/apps/app';
import { emailApp, NEW_PASSWORD, tokenOf, type EmailApp } from './email-app';
import { EACH_STORES, type OpenStores } from '../../helpers/apps/feature-stores';

const [A, B] = ['a@example.com', 'b@example.com'];
const INVALID = { code: 'ONE_TIME_TOKEN_INVALID' };

describe.each(EACH_STORES)('a reset beside a change of the address, on %s', (_name, open) => {
  let stores: OpenStores;
  let users: MemoryUserStore;
  let email: EmailApp;
  let ann: StoredUser;
  let passwordHash: string;

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
    jest.restoreAllMocks();
    await users.delete(ann.id);
    await email.auth.close();
  });

  const login = async (username: string, password: string) =>
    (await email.client().post('/auth/login').send({ username, password })).status;
  const tokens = async () => {
    const browser = email.browser();
    await browser.post('/auth/login').send({ username: A, password: PASSWORD });
    await browser.post('/auth/email/change').send({ username: B });
    await email.client().post('/auth/password/forgot').send({ username: A });
    return {
      browser,
      change: tokenOf(await email.mailTo(B, 'email-change')),
      reset: tokenOf(await email.mailTo(A, 'reset')),
    };
  };
  const confirm = async (browser: ReturnType<EmailApp['browser']>, token: string) =>
    (await browser.post('/auth/email/change/confirm').send({ token })).status;
  const reset = (token: string) =>
    email.client().post('/auth/password/reset').send({ token, newPassword: NEW_PASSWORD });

  /** Does something between what a request has read and what it is going to write. */
  const beforeNext = (method: 'updateUsername' | 'updatePasswordHash', work: () => Promise<unknown>) => {
    const original = users[method].bind(users);
    jest.spyOn(users, method).mockImplementationOnce(async (id, next, previous) => {
      await work();
      return original(id, next, previous as string);
    });
  };

  test('a link that was sent to an address before is good for nothing', async () => {
    const { reset: token } = await tokens();
    // By server code, which ends no tokens.
    await users.updateUsername(ann.id, B, A);
    expect((await reset(token)).body).toMatchObject(INVALID);
    expect(await login(B, PASSWORD)).toBe(200);
    await users.updateUsername(ann.id, A, B);
    expect((await reset(token)).status).toBe(200);
  });

  test('a change in the middle of a reset holds, and the reset does not', async () => {
    const { browser, reset: token, change } = await tokens();
    beforeNext('updatePasswordHash', async () => expect(await confirm(browser, change)).toBe(200));
    expect((await reset(token)).body).toMatchObject(INVALID);
    expect([await login(B, PASSWORD), await login(B, NEW_PASSWORD)]).toEqual([200, 401]);
  });

  test('a change in the middle of the first reset leaves a password that no one knows', async () => {
    await users.delete(ann.id);
    ann = await users.create({ username: A, passwordHash: null });
    await email.account.sendReset(ann.id);
    const token = tokenOf(await email.mailTo(A, 'reset'));
    beforeNext('updatePasswordHash', () => users.updateUsername(ann.id, B, A));
    expect((await reset(token)).body).toMatchObject(INVALID);
    expect(await login(B, NEW_PASSWORD)).toBe(401);
  });

  test('a reset in the middle of a change holds, and the change does not', async () => {
    const { browser, reset: token, change } = await tokens();
    beforeNext('updateUsername', async () => expect((await reset(token)).status).toBe(200));
    expect(await confirm(browser, change)).toBe(401);
    expect([await login(A, NEW_PASSWORD), await login(B, NEW_PASSWORD)]).toEqual([200, 401]);
  });
});
