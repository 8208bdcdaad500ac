import { generateKeyPairSync } from 'node:crypto';
import { eventually } from '../helpers/eventually';
import { PASSWORD } from '../helpers/apps/app';
import { useDocPage, type Running } from '../helpers/snippets';
import { within } from '../helpers/within';

const page = useDocPage('docs/other-services.md');

test('one logout at the login service ends the session in three services within a second, and none of them has a secret', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  page.write('access.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
  page.write('access.pub.pem', publicKey.export({ type: 'spki', format: 'pem' }) as string);
  const login = await page.start('login');
  const settings = {
    ...{ JWKS_URL: `${login.address}/auth/jwks.json`, DATABASE_URL: '' },
    ...{ ACCESS_TOKEN_SECRET: '', REFRESH_TOKEN_SECRET: '' },
  };
  const services: Running[] = [];
  for (let n = 0; n < 3; n += 1) services.push(await page.start('service', settings));

  const post = (path: string, body: object) =>
    login(path, { method: 'POST', body: JSON.stringify({ username: 'ann', ...body }) });
  await post('/auth/register', { password: PASSWORD });
  const tokens = await (await post('/auth/login', { password: PASSWORD, transport: 'body' })).json();
  const { accessToken, refreshToken, user } = tokens as Record<string, string> & { user: { id: string } };
  const authorization = `Bearer ${accessToken}`;
  const ask = (service: Running) => service('/invoices', { headers: { authorization } });
  for (const service of services) expect(await (await ask(service)).json()).toEqual({ of: user.id });
  const remove = await services[0]?.('/invoices/1', { method: 'DELETE', headers: { authorization } });
  expect(remove?.status).toBe(403);

  await login('/auth/logout', { method: 'POST', body: JSON.stringify({ refreshToken }) });
  const refused = (service: Running) =>
    eventually('the service refuses', async () => (await ask(service)).status === 401);
  await within(1000, () => Promise.all(services.map(refused)));
  for (const service of services)
    expect(await (await ask(service)).json()).toMatchObject({ code: 'SESSION_REVOKED' });

  // What is known stays good, and a sign-out still comes, when the login service is gone.
  login.child.kill('SIGKILL');
  expect(await (await ask(services[0] as Running)).json()).toMatchObject({ code: 'SESSION_REVOKED' });
});
