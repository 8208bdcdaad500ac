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

  const korean = form({ username: 'ann', password: 'wrong' });
  korean.headers = { ...korean.headers, 'accept-language': 'ko' };
  expect(await (await browse('/login', korean)).text()).toContain(
    '아이디 또는 비밀번호가 올바르지 않습니다.',
  );

  const logout = await browse('/logout', form({}));
  expect([logout.status, logout.headers.get('location')]).toEqual([303, '/login']);
  expect((await browse('/orders', { redirect: 'manual' })).status).toBe(303);
});

test('An app with pages: register, change the password and log out on another device', async () => {
  const browse = await start('app');
  expect(await (await browse('/register')).text()).toContain('<form method="post">');
  const short = await browse('/register', form({ username: 'ann', password: '1' }));
  const shortPage = await short.text();
  expect([short.status, shortPage]).toEqual([
    400,
    expect.stringContaining('password must be at least 8 characters long'),
  ]);
  expect(shortPage.match(/role="alert"/g)).toHaveLength(2);
  const registered = await browse('/register', form(ann));
  expect([registered.status, registered.headers.get('location')]).toEqual([303, '/login']);
  expect((await browse('/register', form(ann))).status).toBe(409);

  await browse('/login', form(ann));
  expect(await (await browse('/password')).text()).toContain('name="newPassword"');
  const wrong = await browse(
    '/password',
    form({ currentPassword: 'wrong', newPassword: 'another horse 10 battery' }),
  );
  expect([wrong.status, await wrong.text()]).toEqual([
    401,
    expect.stringContaining('Invalid username or password'),
  ]);
  const changed = await browse(
    '/password',
    form({ currentPassword: PASSWORD, newPassword: 'another horse 10 battery' }),
  );
  expect([changed.status, changed.headers.get('location')]).toEqual([303, '/devices']);

  const devices = await (await browse('/devices')).text();
  expect(devices).toContain('(this one)');
  const id = /name="id" value="([^"]+)"/.exec(devices)?.[1] ?? '';
  expect((await browse('/devices', form({ id: 'of-somebody-else' }))).status).toBe(303);
  expect((await browse('/devices')).status).toBe(200);
  expect((await browse('/devices', form({ id }))).status).toBe(303);
  const over = await browse('/devices', { redirect: 'manual' });
  expect(over.headers.get('location')).toBe('/login?returnTo=%2Fdevices');
});

test('An app with pages: failureRedirect leads to the form, which shows the text of a code and nothing else', async () => {
  const browse = await start('app');
  await browse('/register', form(ann));
  const wrong = await browse('/sign-in?returnTo=%2Forders', form({ ...ann, password: 'wrong' }));
  const location = wrong.headers.get('location') ?? '';
  expect([wrong.status, location]).toEqual([303, '/sign-in?error=INVALID_CREDENTIALS&returnTo=%2Forders']);
  const shown = await (await browse(location)).text();
  expect(shown).toContain('<p role="alert">Invalid username or password</p>');
  const again = await browse(location, form(ann));
  expect([again.status, again.headers.get('location')]).toEqual([303, '/orders']);

  for (const query of [
    'error=NONSENSE',
    'error=<b>',
    'error=a&error=b',
    'error[path]=a&error[message]=b',
    'error=',
    '',
  ]) {
    const page = await (await browse(`/sign-in?${query}`)).text();
    expect([page.includes('<form method="post">'), page.includes('role="alert"')]).toEqual([true, false]);
    expect(page).not.toContain('undefined');
  }
});

describe('an app with forms and CSRF tokens', () => {
  let browse: Browse & { address: string };
  beforeAll(async () => {
    browse = await start('csrf', { CSRF_SECRET: 'a secret of the tests for CSRF tokens' });
  });

  const tokenIn = (html: string) => /name="_csrf" value="([^"]+)"/.exec(html)?.[1] ?? '';
  /** Opens the page with the form, and posts its token with the fields. */
  const submit = async (path: string, fields: Record<string, string>, action = path) => {
    const _csrf = tokenIn(await (await browse(path)).text());
    return browse(action, form({ ...fields, _csrf }));
  };
  const told = (response: Response) => [response.status, response.headers.get('location')];

  test('registers, logs in to the page that was asked for, changes the password and logs out', async () => {
    expect(told(await browse('/?page=2', { redirect: 'manual' }))).toEqual([
      303,
      '/login?returnTo=%2F%3Fpage%3D2',
    ]);
    expect(told(await submit('/register', ann))).toEqual([303, '/login']);
    const wrong = await submit('/login', { ...ann, password: 'wrong' });
    expect([wrong.status, await wrong.text()]).toEqual([
      401,
      expect.stringContaining('Invalid username or password'),
    ]);
    expect(told(await submit('/login?returnTo=%2F%3Fpage%3D2', ann))).toEqual([303, '/?page=2']);
    const next = { currentPassword: PASSWORD, newPassword: 'another horse 10 battery' };
    expect(told(await submit('/password', next))).toEqual([303, '/']);
    expect(told(await submit('/', {}, '/logout'))).toEqual([303, '/login']);
    expect(told(await browse('/', { redirect: 'manual' }))[0]).toBe(303);
    const evil = '/login?returnTo=https://evil.example';
    expect(told(await submit(evil, { username: 'ann', password: next.newPassword }))).toEqual([303, '/']);
  });

  test('refuses a form without the token, with the token of the session before, and of another site', async () => {
    const before = tokenIn(await (await browse('/login')).text());
    await submit('/register', { username: 'bob', password: PASSWORD });
    await submit('/login', { username: 'bob', password: PASSWORD });
    for (const _csrf of ['', 'wrong', before])
      expect((await browse('/logout', form({ _csrf }))).status).toBe(403);
    const foreign = form({ _csrf: tokenIn(await (await browse('/')).text()) });
    foreign.headers = { ...foreign.headers, origin: 'https://evil.example' };
    expect((await browse('/logout', foreign)).status).toBe(403);
    expect((await browse('/', { redirect: 'manual' })).status).toBe(200);
  });
});
