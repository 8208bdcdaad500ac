import { useDocPage, type Browse, type Running } from '../helpers/snippets';

const page = useDocPage('docs/graphql.md');

const USERS = `
  import bcrypt from 'bcryptjs';
  import { AuthError, MemoryUserStore } from 'passport-visa';
  class Users extends MemoryUserStore {
    async findByUsername(name) {
      if (name === 'outage') throw new AuthError('SERVICE_UNAVAILABLE');
      if (name === 'bug') throw new Error('relation "people" does not exist');
      return super.findByUsername(name);
    }
  }
  export const users = new Users();
  await users.create({ username: 'ann', passwordHash: bcrypt.hashSync('right', 10) });
`;

interface Answer {
  data?: Record<string, never> | null;
  errors?: { message: string; path: string[]; extensions?: { code?: string; status?: number } }[];
}

const TOKENS = 'user { username } accessToken refreshToken expiresAt';
const credentials = (username = 'ann', password = 'right') =>
  `(username: "${username}", password: "${password}")`;

let browse: Running;
beforeAll(async () => {
  page.write('users.mjs', USERS);
  browse = await page.start('app');
});

/** A client that keeps no cookies. */
const plain: Browse = (where, init) => fetch(new URL(where, browse.address), init);

async function ask(query: string, headers: Record<string, string> = {}, client: Browse = browse) {
  const response = await client('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  });
  expect(response.status).toBe(200);
  return { ...((await response.json()) as Answer), cookies: response.headers.getSetCookie() };
}

const codesOf = ({ errors = [] }: Answer) => errors.map(({ extensions }) => extensions?.code);

test('a browser logs in with cookies, is the user of the resolvers, and logs out once', async () => {
  expect((await ask('{ greeting }')).data).toEqual({ greeting: 'Hello stranger' });
  const login = await ask(`mutation { login${credentials()} { id username roles } }`);
  const ann = { id: expect.any(String), username: 'ann', roles: [] };
  expect([login.data, login.cookies]).toEqual([{ login: ann }, [expect.anything(), expect.anything()]]);
  expect((await ask('{ me { id username roles } }')).data).toEqual({ me: ann });
  expect((await browse('/auth/refresh', { method: 'POST' })).status).toBe(200);
  expect((await ask('{ greeting }')).data?.['greeting']).toMatch(/Hello .+-/);

  const foreign = { 'sec-fetch-site': 'cross-site' };
  for (const query of ['{ greeting }', 'mutation { logout }', `mutation { login${credentials()} { id } }`])
    expect(codesOf(await ask(query, foreign))).toEqual(['CROSS_SITE_REQUEST']);
  const byGet = await browse(`/graphql?query=${encodeURIComponent('mutation { logout }')}`);
  expect(byGet.status).toBe(405);

  expect((await ask('mutation { logout }')).data).toEqual({ logout: true });
  expect((await ask('mutation { logout }')).data).toEqual({ logout: false });
  expect(codesOf(await ask('{ me { id } }'))).toEqual(['NO_ACCESS_TOKEN']);
});

test('a client without cookies gets tokens, and the next ones for its refresh token', async () => {
  const created = await ask(`mutation { createTokens${credentials()} { ${TOKENS} } }`, {}, plain);
  const first = created.data?.['createTokens'] as unknown as Record<string, string>;
  expect([first['user'], created.cookies]).toEqual([{ username: 'ann' }, []]);
  expect(new Date(first['expiresAt'] ?? '').getTime()).toBeGreaterThan(Date.now());

  const refresh = (token = '') => `mutation { refresh(refreshToken: "${token}") { ${TOKENS} } }`;
  const refreshed = await ask(refresh(first['refreshToken']), {}, plain);
  const next = refreshed.data?.['refresh'] as unknown as Record<string, string>;
  const bearer = { authorization: `Bearer ${next['accessToken']}` };
  expect((await ask('{ me { username } }', bearer, plain)).data).toEqual({ me: { username: 'ann' } });
  expect((await ask('mutation { logout }', bearer, plain)).data).toEqual({ logout: true });
  expect(codesOf(await ask(refresh(next['refreshToken']), {}, plain))).toEqual(['SESSION_NOT_FOUND']);
  expect(codesOf(await ask(refresh(), {}, plain))).toEqual(['NO_REFRESH_TOKEN']);
});

test('a failure has its code and its place in extensions, and only an AuthError shows its text', async () => {
  const forged = { authorization: 'Bearer a.b.c' };
  expect(codesOf(await ask('{ me { id } }', forged, plain))).toEqual(['ACCESS_TOKEN_INVALID']);
  const tokens = await ask(`mutation { createTokens${credentials()} { accessToken } }`, {}, plain);
  const { accessToken } = tokens.data?.['createTokens'] as unknown as { accessToken: string };
  const { data, errors } = await ask('{ secret }', { authorization: `Bearer ${accessToken}` }, plain);
  expect([data, errors]).toEqual([
    null,
    [
      {
        message: 'Forbidden',
        locations: [expect.anything()],
        path: ['secret'],
        extensions: { code: 'FORBIDDEN', status: 403 },
      },
    ],
  ]);

  const logIn = (...args: string[]) => ask(`mutation { login${credentials(...args)} { id } }`);
  expect(codesOf(await logIn('ann', 'wrong'))).toEqual(['INVALID_CREDENTIALS']);
  expect((await logIn('', '')).errors?.[0]).toMatchObject({
    extensions: { code: 'VALIDATION_FAILED', errors: [{ path: 'username' }, { path: 'password' }] },
  });
  expect(codesOf(await logIn('outage'))).toEqual(['SERVICE_UNAVAILABLE']);
  expect((await logIn('bug')).errors).toMatchObject([
    { message: 'Internal error', extensions: { code: 'INTERNAL' } },
  ]);
  const guesses = await Promise.all(Array.from({ length: 12 }, () => logIn('eve')));
  expect(guesses.flatMap(codesOf).filter((code) => code === 'TOO_MANY_ATTEMPTS')).toHaveLength(2);
  expect((await ask('{ nothing }')).errors?.[0]?.message).toContain('Cannot query field');
});
