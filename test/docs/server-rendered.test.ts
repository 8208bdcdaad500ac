import { PASSWORD } from '../helpers/apps/app';
import { useDocPage, type Browse } from '../helpers/snippets';

const { start } = useDocPage('docs/server-rendered.md');

const form = (fields: Record<string, string>): RequestInit => ({
  method: 'POST',
  redirect: 'manual',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams(fields).toString(),
});
const ann = { username: 'ann', password: PASSWORD };

test('An app with pages: the guard leads to the login and back, and renews tokens, and the logout works', async () => {
  const browse: Browse & { address: string } = await start('app');
  await browse('/auth/register', { method: 'POST', body: JSON.stringify(ann) });

  const stranger = await browse('/orders', { redirect: 'manual' });
  expect([stranger.status, stranger.headers.get('location')]).toEqual([303, '/login?returnTo=%2Forders']);
  expect(await (await browse('/login')).text()).toContain('<form method="post">');

  const wrong = await browse('/login', form({ username: '"><b>', password: 'wrong' }));
  const page = await wrong.text();
  expect([wrong.status, page.includes('Invalid username or password')]).toEqual([401, true]);
  expect(page).toContain('value="&#34;&#62;&#60;b&#62;"');

  const login = await browse('/login?returnTo=%2Forders', form(ann));
  expect([login.status, login.headers.get('location')]).toEqual([303, '/orders']);
  expect(login.headers.getSetCookie().join()).toContain('SameSite=Lax');
  expect((await browse('/orders')).status).toBe(200);

  const refreshToken = /refreshToken=[^;]+/.exec(login.headers.getSetCookie().join(';'))?.[0] ?? '';
  const renewed = await fetch(`${browse.address}/orders`, { headers: { cookie: refreshToken } });
  expect([renewed.status, renewed.headers.get('cache-control')]).toEqual([200, 'no-store']);
  expect(renewed.headers.getSetCookie()).toHaveLength(2);

  const foreign = form({});
  foreign.headers = { ...foreign.headers, origin: 'https://evil.example' };
  expect((await browse('/orders', foreign)).status).toBe(403);
  expect((await browse('/orders', form({}))).headers.get('location')).toBe('/orders');

  const logout = await browse('/logout', form({}));
  expect([logout.status, logout.headers.get('location')]).toEqual([303, '/login']);
  expect((await browse('/orders', { redirect: 'manual' })).status).toBe(303);
});
