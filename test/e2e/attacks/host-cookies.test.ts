import { cookieHeader, createTestApp, setCookies } from '../../helpers/apps/app';
import { expectFailure } from '../../helpers/failures';

/** A neighbouring subdomain can set cookies for the whole domain that are sent first: see docs/threat-model.md. */

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
const getInfo = (app: typeof plain, cookie: string) => app.client().get('/auth/info').set('Cookie', cookie);

test('with plain names the first good cookie counts, so a neighbour can log the user in as someone else', async () => {
  const [own, injected] = [
    await cookiesOf(plain, 'owner', names.plain),
    await cookiesOf(plain, 'eve', names.plain),
  ];
  expect((await getInfo(plain, `${injected}; ${own}`)).body).toMatchObject({ user: { username: 'eve' } });
});

test('with the prefix __Host- cookies with plain names are ignored', async () => {
  const own = await cookiesOf(prefixed, 'owner', names.host);
  const injected = await cookiesOf(prefixed, 'eve', names.plain);
  expect((await getInfo(prefixed, `${injected}; ${own}`)).body).toMatchObject({
    user: { username: 'owner' },
  });
  expectFailure(await getInfo(prefixed, injected), 'NO_ACCESS_TOKEN');
});

test.each(['\u00a0', '\u0085', '\u000b', '%'])(
  'names that match only for a parser that trims more than browsers do are ignored too: %j',
  async (before) => {
    const own = await cookiesOf(prefixed, 'owner', names.host);
    const lookalikes = names.host.map((name) => before + name);
    const injected = await cookiesOf(prefixed, 'eve', lookalikes);
    const sent = await getInfo(prefixed, `${injected}; ${own}`).then(
      ({ body }: { body: unknown }) => body,
      (error: NodeJS.ErrnoException) => error.code,
    );
    // Node refuses to send control characters.
    if (sent !== 'ERR_INVALID_CHAR') expect(sent).toMatchObject({ user: { username: 'owner' } });
    else expect(before).toBe('\u000b');
  },
);

test('the cookies have what browsers require for the prefix: Secure, Path=/ and no Domain', async () => {
  const browser = await prefixed.client().post('/quick-login').send({ username: 'owner' });
  const attributes = ['HttpOnly', 'Path=/', 'SameSite=Strict', 'Secure'];
  const cookie = { value: expect.stringMatching(/./) as string, attributes };
  expect(setCookies(browser)).toEqual({ '__Host-accessToken': cookie, '__Host-refreshToken': cookie });
});
