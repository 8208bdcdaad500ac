import { MemoryRefreshTokenStore, MemoryUserStore } from '../../../src/index';
import { PASSWORD } from '../../helpers/apps/app';
import { emailApp, type EmailApp } from './email-app';

const ASCII = 'ann@xn--bcher-kva.example';
const UNICODE = 'Ann@BÜCHER.example';

describe('an address of an internationalised domain', () => {
  let email: EmailApp;
  let users: MemoryUserStore;

  beforeEach(() => {
    users = new MemoryUserStore();
    email = emailApp({ stores: { users, refreshTokens: new MemoryRefreshTokenStore() } });
  });

  afterEach(() => email.auth.close());

  const create = async (username: string) =>
    users.create({ username, passwordHash: await email.auth.passwords.hash(PASSWORD) });
  const login = (username: string, password = PASSWORD) =>
    email.client().post('/auth/login').send({ username, password });

  test('logs in by either spelling', async () => {
    await create(ASCII);
    for (const username of [ASCII, UNICODE, ` ${UNICODE} `]) expect((await login(username)).status).toBe(200);
  });

  test('logs in by a form, too', async () => {
    const { id } = await create(ASCII);
    email.app.post('/form', email.auth.login({ redirectTo: '/in' }));
    const answer = await email
      .client()
      .post('/form')
      .type('form')
      .send({ username: UNICODE, password: PASSWORD });
    expect([answer.status, answer.headers['location']]).toEqual([303, '/in']);
    expect(await email.auth.sessions.list(id)).toHaveLength(1);
  });

  test('has one count of failures for all spellings', async () => {
    await create(ASCII);
    for (let times = 0; times < 10; times += 1) await login(times % 2 ? ASCII : UNICODE, 'wrong horse');
    expect([(await login(ASCII)).status, (await login(UNICODE)).status]).toEqual([429, 429]);
  });

  test('still logs in a user from before, whose name has the other spelling', async () => {
    await create(UNICODE);
    expect((await login(UNICODE)).status).toBe(200);
  });

  test('a name of another kind logs in as before', async () => {
    await create('Ann');
    expect((await login('ann')).status).toBe(200);
  });
});
