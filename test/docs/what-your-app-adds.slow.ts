import { ACCESS_SECRET, PASSWORD } from '../helpers/apps/app';
import { useDocPage, type Browse, type Running } from '../helpers/snippets';
import { resign } from '../helpers/tokens/tokens';

const page = useDocPage('docs/what-your-app-adds.md');
let app: Running;

beforeAll(async () => {
  page.write('breached.mjs', "export const isBreached = async (password) => password.startsWith('leaked');");
  app = await page.start('strict');
});

const post = (path: string, body: object, browse: Browse = app) =>
  browse(path, { method: 'POST', body: JSON.stringify(body) });
const bearer = (accessToken: string) => ({ headers: { Authorization: `Bearer ${accessToken}` } });

const register = (username: string) => post('/auth/register', { username, password: PASSWORD });
/** @returns an access token for `Authorization` */
async function logIn(username: string): Promise<string> {
  const response = await post('/auth/login', { username, password: PASSWORD, transport: 'body' });
  return ((await response.json()) as { accessToken: string }).accessToken;
}

test("the app's own rules for passwords apply to registration and password change", async () => {
  for (const password of ['my-own-Acme-password-1', 'leaked-long-ago-by-others', 'fourteen chars']) {
    const response = await post('/auth/register', { username: 'bob', password });
    expect([response.status, await response.json()]).toEqual([
      400,
      expect.objectContaining({ errors: [expect.objectContaining({ path: 'password' })] }),
    ]);
  }
  const body = JSON.stringify({ currentPassword: PASSWORD, newPassword: 'leaked-long-ago-by-others' });
  await register('bob');
  const accessToken = await logIn('bob');
  const headers = { ...bearer(accessToken).headers, 'Content-Type': 'application/json' };
  const change = await app('/auth/password', { method: 'POST', body, headers });
  expect([change.status, await change.json()]).toMatchObject([400, { errors: [{ path: 'newPassword' }] }]);
});

test('the sixth session ends the one that was used least recently', async () => {
  await register('carl');
  const tokens: string[] = [];
  for (let login = 0; login < 6; login += 1) tokens.push(await logIn('carl'));
  const statuses = [];
  for (const token of tokens) statuses.push((await app('/auth/check', bearer(token))).status);
  expect(statuses).toEqual([401, 200, 200, 200, 200, 200]);
});

test('devices can be logged out only after a recent login', async () => {
  await register('dora');
  const accessToken = await logIn('dora');
  const longAgo = { auth_time: Math.floor(Date.now() / 1000) - 16 * 60 };
  const old = resign(accessToken, ACCESS_SECRET, { payload: longAgo });
  const end = (token: string) => app('/auth/sessions', { method: 'DELETE', ...bearer(token) });
  const refused = await end(old);
  expect([refused.status, await refused.json()]).toMatchObject([401, { code: 'REAUTHENTICATION_REQUIRED' }]);
  expect((await app('/auth/sessions', bearer(old))).status).toBe(200);
  expect((await end(accessToken)).status).toBe(200);
});

test("the router's responses have the security headers", async () => {
  const { headers } = await app('/auth/check');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('strict-transport-security')).toBe('max-age=31536000; includeSubDomains');
  expect(headers.get('content-security-policy')).toContain("frame-ancestors 'self'");
});
