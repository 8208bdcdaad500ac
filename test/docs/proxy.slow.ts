import { PASSWORD } from '../helpers/apps/app';
import { useDocPage } from '../helpers/snippets';

const page = useDocPage('docs/proxy.md');

test('only the address that the last proxy saw counts', async () => {
  const browse = await page.start('app');
  const body = JSON.stringify({ username: 'ann', password: PASSWORD });
  await browse('/auth/register', { method: 'POST', body });
  const headers = {
    'X-Forwarded-For': '198.51.100.1, 203.0.113.7', // the first is the client's claim
    'X-Forwarded-Proto': 'https',
    'X-Forwarded-Host': 'app.example.com',
    Origin: 'https://app.example.com',
  };
  const login = await browse('/auth/login', { method: 'POST', body, headers });
  expect(login.status).toBe(200);
  expect(login.headers.getSetCookie()).toEqual([
    expect.stringMatching(/^__Host-accessToken=.*; Path=\/; HttpOnly; Secure; SameSite=Strict$/),
    expect.stringMatching(/^__Host-refreshToken=.*; Secure; SameSite=Strict$/),
  ]);
  const { sessions } = (await (await browse('/auth/sessions')).json()) as { sessions: object[] };
  expect(sessions).toMatchObject([{ ip: '203.0.113.7' }]);
});

test('an origin other than the site’s own is refused', async () => {
  const browse = await page.start('app');
  const headers = {
    'X-Forwarded-Host': 'app.example.com',
    'X-Forwarded-Proto': 'https',
    Origin: 'https://evil.example',
  };
  const body = JSON.stringify({ username: 'ann', password: PASSWORD });
  expect((await browse('/auth/login', { method: 'POST', body, headers })).status).toBe(403);
});
