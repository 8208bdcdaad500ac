import { hashSync } from 'bcryptjs';
import { PASSWORD } from '../helpers/apps/app';
import { useDocPage } from '../helpers/snippets';

const { start } = useDocPage('docs/from-jwt-tutorial.md');
const HASH_OF_ANN = hashSync(PASSWORD, 10);
const login: RequestInit = { method: 'POST', body: JSON.stringify({ username: 'ann', password: PASSWORD }) };

test('the old password still logs in after the move, and old tokens no longer work', async () => {
  const before = await start('before', { HASH_OF_ANN });
  const oldLogin = await before('/auth/login', login);
  expect(oldLogin.status).toBe(200);
  expect((await before('/profile')).status).toBe(200);
  expect((await before('/auth/refresh', { method: 'POST' })).status).toBe(200);

  const after = await start('after', { HASH_OF_ANN });
  const cookie = oldLogin.headers.getSetCookie().map((line) => line.split(';')[0]).join('; '); // prettier-ignore
  const code = async (path: string, method: string) => {
    const response = await fetch(after.address + path, { method, headers: { cookie } });
    const { code } = (await response.json()) as { code: string };
    return [response.status, code, response.headers.getSetCookie().length];
  };
  expect(await code('/profile', 'GET')).toEqual([401, 'ACCESS_TOKEN_INVALID', 0]);
  expect(await code('/auth/refresh', 'POST')).toEqual([401, 'REFRESH_TOKEN_INVALID', 2]);

  expect((await after('/auth/login', login)).status).toBe(200);
  expect((await after('/profile')).status).toBe(200);
  expect((await after('/auth/refresh', { method: 'POST' })).status).toBe(200);
  expect((await after('/auth/logout', { method: 'POST' })).status).toBe(200);
  expect((await after('/profile')).status).toBe(401);
});
