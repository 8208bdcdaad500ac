import { MemoryRefreshTokenStore, MemoryUserStore, type StoredUser } from '../../../src/index';
import { PASSWORD } from '../../helpers/apps/app';
import { quickHash } from '../../helpers/apps/quick-passwords';
import { holdingClients, type HoldingClients } from '../../helpers/held-body';
import { emailApp, tokenOf, type EmailApp } from './email-app';

const [A, B] = ['a@example.com', 'b@example.com'];
const MINUTE = 60_000;

let now: number;
let users: MemoryUserStore;
let email: EmailApp;
let clients: HoldingClients;
let user: StoredUser;
let stolen: string;

beforeEach(async () => {
  now = Date.now();
  const clock = () => now;
  users = new MemoryUserStore();
  const refreshTokens = new MemoryRefreshTokenStore({ clock });
  email = emailApp({ stores: { users, refreshTokens }, auth: { clock } });
  clients = await holdingClients(email.app);
  user = await users.create({ username: A, passwordHash: quickHash(PASSWORD) });
  stolen = await accessToken();
});

afterEach(async () => {
  await clients.close();
  await email.auth.close();
});

const accessToken = async () => {
  const login = { username: A, password: PASSWORD, transport: 'body' };
  const { body } = await email.client().post('/auth/login').send(login);
  return (body as { accessToken: string }).accessToken;
};

test('a session that has ended asks for no change of address by a body that comes later', async () => {
  const held = await clients.hold('POST', '/email/change', stolen, { username: B });
  await email.auth.sessions.revokeAll(user.id);
  expect(await held.finish()).toMatchObject({ code: 'SESSION_REVOKED' });
  expect(email.mails).toEqual([]);
});

test('a login that grows too old while its body is held back asks for no change of address', async () => {
  now += 4 * MINUTE;
  const held = await clients.hold('POST', '/email/change', stolen, { username: B });
  now += 2 * MINUTE;
  expect(await held.finish()).toMatchObject({ code: 'REAUTHENTICATION_REQUIRED' });
  expect(email.mails).toEqual([]);
});

test('a session that has ended confirms no change of address by a body that comes later', async () => {
  const [session] = await email.auth.sessions.list(user.id);
  const bearer = await accessToken();
  await email
    .client()
    .post('/auth/email/change')
    .set('Authorization', `Bearer ${bearer}`)
    .send({ username: B });
  const token = tokenOf(await email.mailTo(B, 'email-change'));
  const held = await clients.hold('POST', '/email/change/confirm', stolen, { token });
  await email.auth.sessions.revoke(user.id, (session as { sessionId: string }).sessionId);
  expect(await held.finish()).toMatchObject({ code: 'SESSION_REVOKED' });
  expect((await users.findById(user.id))?.username).toBe(A);
});
