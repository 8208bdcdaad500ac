import { useDocPage, type Browse } from '../helpers/snippets';

const page = useDocPage('docs/own-routes.md');

const USERS = `
  import bcrypt from 'bcryptjs';
  import { MemoryUserStore } from 'passport-visa';
  export const users = new MemoryUserStore();
  await users.create({ username: 'ann', passwordHash: bcrypt.hashSync('right', 10) });
`;

const post = (body: object, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});

test('an app with its own routes answers in its own shape, and its sessions are those of the package', async () => {
  page.write('users.mjs', USERS);
  const browse: Browse = await page.start(['own-routes', 'verify']);

  const wrong = await browse('/api/session', post({ email: 'ann', secret: 'wrong' }));
  expect([wrong.status, await wrong.json()]).toEqual([
    422,
    { errors: { INVALID_CREDENTIALS: ['Invalid username or password'] } },
  ]);
  const empty = await browse('/api/session', { method: 'POST' });
  expect([empty.status, await empty.json()]).toEqual([
    400,
    { errors: { email: ['is required'], secret: ['is required'] } },
  ]);
  const broken = await browse('/api/session', { ...post({}), body: '{"email":' });
  expect([broken.status, broken.headers.get('content-type')]).toEqual([400, expect.stringMatching(/html/)]);

  const login = await browse('/api/session', post({ email: 'ann', secret: 'right' }));
  const { data: first } = (await login.json()) as { data: Record<string, string> };
  expect([login.status, first['name'], login.headers.get('set-cookie')]).toEqual([201, 'ann', null]);

  const renewed = await browse('/api/session/renew', post({ renew: first['renew'] }));
  const { data: second } = (await renewed.json()) as { data: Record<string, string> };
  const bearer = { authorization: `Bearer ${second['token']}` };
  expect((await browse('/api/me', { headers: bearer })).status).toBe(200);

  const none = await browse('/api/session/renew', post({}));
  expect([none.status, await none.json()]).toEqual([
    401,
    { errors: { NO_REFRESH_TOKEN: ['No refresh token'] } },
  ]);
  const korean = await browse('/api/me', { headers: { 'accept-language': 'ko' } });
  expect([korean.status, await korean.text()]).toEqual([
    401,
    expect.stringMatching(/NO_ACCESS_TOKEN.*[가-힣]/),
  ]);

  expect(await (await browse('/api/feed')).json()).toEqual({ data: 'for everyone' });
  expect(await (await browse('/api/feed', { headers: bearer })).text()).toMatch(/for .+-/);
  const introspected = await browse('/api/introspect', post({ token: second['token'] }));
  expect(await introspected.json()).toEqual({ data: 'ann' });

  for (let count = 0; count < 10; count += 1)
    await browse('/api/session', post({ email: 'eve', secret: 'wrong' }));
  const locked = await browse('/api/session', post({ email: 'eve', secret: 'wrong' }));
  expect(locked.status).toBe(429);
  // The wait counts down from the last failure.
  const wait = Number(locked.headers.get('retry-after'));
  expect(wait).toBeGreaterThan(30);
  expect(wait).toBeLessThanOrEqual(60);

  const logout = () => browse('/api/session', { method: 'DELETE', headers: bearer });
  expect((await logout()).status).toBe(204);
  expect((await logout()).status).toBe(404);
});
