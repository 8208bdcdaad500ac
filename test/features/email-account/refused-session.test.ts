import { AuthError, MemoryRefreshTokenStore, MemoryUserStore, type Feature } from '../../../src/index';
import { PASSWORD } from '../../helpers/apps/app';
import { emailApp, tokenOf, type EmailApp } from './email-app';

const ANN = 'ann@example.com';

/** A feature that lets no one in until `isOpen`. */
function gate(): Feature & { isOpen: boolean } {
  return {
    name: 'gate',
    isOpen: false,
    setUp() {
      const check = () => (this.isOpen ? Promise.resolve() : Promise.reject(new AuthError('FORBIDDEN')));
      return { beforeSession: { check, failures: ['FORBIDDEN'] } };
    },
  };
}

describe('a login that is refused after its mail has proved the user', () => {
  let users: MemoryUserStore;
  let email: EmailApp;
  let door: ReturnType<typeof gate>;

  beforeEach(() => {
    users = new MemoryUserStore();
    door = gate();
    email = emailApp({
      stores: { users, refreshTokens: new MemoryRefreshTokenStore() },
      account: { login: ['link', 'code'] },
      auth: { features: [door] },
    });
  });

  afterEach(() => email.auth.close());

  test.each(['link', 'code'] as const)('by %s starts no session, and uses up the mail', async (way) => {
    const { id } = await users.create({ username: ANN, passwordHash: null });
    const browser = email.browser();
    const ask = async () => {
      await browser.post(`/auth/login/${way}`).send({ username: ANN });
      const mail = await email.mailTo(ANN, `login-${way}`);
      return way === 'link' ? { token: tokenOf(mail) } : { code: mail.code };
    };
    const verify = (body: object) => browser.post(`/auth/login/${way}/verify`).send(body);
    const body = await ask();
    const refused = await verify(body);
    expect([refused.status, refused.headers['set-cookie']]).toEqual([403, undefined]);
    expect(await email.auth.sessions.list(id)).toEqual([]);
    door.isOpen = true;
    expect((await verify(body)).body).toMatchObject({ code: 'ONE_TIME_TOKEN_INVALID' });
    expect((await verify(await ask())).status).toBe(200);
  });

  test('by /email/verify starts no session, uses up the mail, and has proved the address', async () => {
    const browser = email.browser();
    await browser.post('/auth/register').send({ username: ANN, password: PASSWORD });
    const token = tokenOf(await email.mailTo(ANN, 'verify'));
    const verify = () => browser.post('/auth/email/verify').send({ token });
    const refused = await verify();
    expect([refused.status, refused.headers['set-cookie']]).toEqual([403, undefined]);
    const user = await users.findByUsername(ANN);
    expect(await email.auth.sessions.list(user?.id as string)).toEqual([]);
    door.isOpen = true;
    expect((await verify()).body).toMatchObject({ code: 'ONE_TIME_TOKEN_INVALID' });
    const login = await browser.post('/auth/login').send({ username: ANN, password: PASSWORD });
    expect(login.status).toBe(200);
  });
});
