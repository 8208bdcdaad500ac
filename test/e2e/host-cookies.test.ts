import { cookieHeader, createTestApp, setCookies } from '../helpers/app';
import { expectFailure } from '../helpers/failures';

/** A neighbouring subdomain can set cookies for the whole domain, and have them sent first: docs/threat-model.md */

const plain = createTestApp();
const prefixed = createTestApp({
  cookies: { secure: true, accessName: '__Host-accessToken', refreshName: '__Host-refreshToken' },
});
const names = { plain: ['accessToken', 'refreshToken'], host: ['__Host-accessToken', '__Host-refreshToken'] };

beforeAll(async () => {
  for (const app of [plain, prefixed]) await Promise.all([app.register('owner'), app.register('eve')]);
});
afterAll(() => Promise.all([plain.auth.close(), prefixed.auth.close()]));

async function cookiesOf(app: typeof plain, username: string, [access = '', refresh = '']: string[]) {
  const { accessToken, refreshToken } = await app.tokensOf(username);
  return cookieHeader({ [access]: accessToken, [refresh]: refreshToken });
}
const idOf = (app: typeof plain, cookie: string) => app.client().get('/auth/info').set('Cookie', cookie);

test('with plain names the cookie that comes first counts: a neighbour makes the user somebody else', async () => {
  const [own, tossed] = [
    await cookiesOf(plain, 'owner', names.plain),
    await cookiesOf(plain, 'eve', names.plain),
  ];
  expect((await idOf(plain, `${tossed}; ${own}`)).body).toMatchObject({ user: { username: 'eve' } });
});

test('with the prefix __Host- cookies of the plain names count for nothing', async () => {
  const own = await cookiesOf(prefixed, 'owner', names.host);
  const tossed = await cookiesOf(prefixed, 'eve', names.plain);
  expect((await idOf(prefixed, `${tossed}; ${own}`)).body).toMatchObject({ user: { username: 'owner' } });
  expectFailure(await idOf(prefixed, tossed), 'NO_ACCESS_TOKEN');
});

test.each(['\u00a0', '\u0085', '\u000b', '%'])(
  'nor do names that only look alike to a parser that trims more than a browser does: %j',
  async (before) => {
    const own = await cookiesOf(prefixed, 'owner', names.host);
    const lookalikes = names.host.map((name) => before + name);
    const tossed = await cookiesOf(prefixed, 'eve', lookalikes);
    const sent = await idOf(prefixed, `${tossed}; ${own}`).then(
      ({ body }: { body: unknown }) => body,
      (error: NodeJS.ErrnoException) => error.code,
    );
    // Node itself sends no control characters.
    if (sent !== 'ERR_INVALID_CHAR') expect(sent).toMatchObject({ user: { username: 'owner' } });
    else expect(before).toBe('\u000b');
  },
);

test('they are set with what browsers ask of the prefix: Secure, Path=/ and no Domain', async () => {
  const browser = await prefixed.client().post('/quick-login').send({ username: 'owner' });
  const attributes = ['HttpOnly', 'Path=/', 'SameSite=Strict', 'Secure'];
  const cookie = { value: expect.stringMatching(/./) as string, attributes };
  expect(setCookies(browser)).toEqual({ '__Host-accessToken': cookie, '__Host-refreshToken': cookie });
});
