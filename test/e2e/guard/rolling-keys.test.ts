import { MemoryRefreshTokenStore, MemoryUserStore } from '../../../src/index';
import {
  ACCESS_SECRET,
  clearsCookies,
  cookieHeader,
  createTestApp,
  REFRESH_SECRET,
  setCookies,
} from '../../helpers/apps/app';
import { expectFailure } from '../../helpers/failures';

const users = new MemoryUserStore();
const refreshTokens = new MemoryRefreshTokenStore();
beforeAll(() => users.create({ username: 'ann', passwordHash: null }));

const OLD = { access: ACCESS_SECRET, refresh: REFRESH_SECRET };
const NEW = {
  access: 'new-access-secret-of-the-tests-0123456789',
  refresh: 'new-refresh-secret-of-the-tests-9876543210',
};
type Secrets = (typeof OLD)[];

/** A process with these secrets. All processes share users and sessions. */
const processWith = (secrets: Secrets) =>
  createTestApp({
    ...{ users, refreshTokens },
    accessToken: { secret: secrets.map(({ access }) => access) },
    refreshToken: { secret: secrets.map(({ refresh }) => refresh) },
  });

async function cookiesFrom(secrets: Secrets): Promise<string> {
  const response = await processWith(secrets).client().post('/quick-login').send({ username: 'ann' });
  return cookieHeader(
    Object.fromEntries(Object.entries(setCookies(response)).map(([name, { value }]) => [name, value])),
  );
}

const BEFORE = [OLD];
const KNOWN = [OLD, NEW];
const SIGNING = [NEW, OLD];
const AFTER = [NEW];

test.each([
  ['the new secret becomes known', BEFORE, KNOWN],
  ['the new secret signs', KNOWN, SIGNING],
  ['the old secret is removed, once its last token has expired', SIGNING, AFTER],
])(
  '%s: while processes are replaced one by one, an old process accepts what a new one signs',
  async (_step, old, next) => {
    const cookies = await cookiesFrom(next);
    const oldProcess = processWith(old).client();
    expect((await oldProcess.get('/profile').set('Cookie', cookies)).status).toBe(200);
    expect((await oldProcess.post('/auth/refresh').set('Cookie', cookies)).status).toBe(200);
  },
);

test.each([
  ['the new secret becomes known', BEFORE, KNOWN],
  ['the new secret signs', KNOWN, SIGNING],
])('%s: a new process accepts what an old one signs', async (_step, old, next) => {
  const cookies = await cookiesFrom(old);
  const newProcess = processWith(next).client();
  expect((await newProcess.get('/profile').set('Cookie', cookies)).status).toBe(200);
  expect((await newProcess.post('/auth/refresh').set('Cookie', cookies)).status).toBe(200);
});

test('without the first step, processes that are still old log users out', async () => {
  const cookies = await cookiesFrom(SIGNING);
  const response = await processWith(BEFORE).client().post('/auth/refresh').set('Cookie', cookies);
  expectFailure(response, 'REFRESH_TOKEN_INVALID');
  expect(clearsCookies(response)).toBe(true);
});
