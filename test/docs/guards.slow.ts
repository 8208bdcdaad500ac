import { PASSWORD } from '../helpers/apps/app';
import { useDocPage } from '../helpers/snippets';

const page = useDocPage('docs/guards.md');
const ann = JSON.stringify({ username: 'ann', password: PASSWORD });

test('each guard does what the page says', async () => {
  const browse = await page.start('guards');
  expect(await (await browse('/')).json()).toEqual({ user: null });
  await browse('/auth/register', { method: 'POST', body: ann });
  await browse('/auth/login', { method: 'POST', body: ann });
  expect((await (await browse('/')).json()) as object).toMatchObject({ user: { roles: [] } });
  expect((await browse('/profile')).status).toBe(200);
  expect((await browse('/admin')).status).toBe(403);
  expect(await (await browse('/account')).json()).toMatchObject({ username: 'ann' });
  expect((await browse('/account', { method: 'DELETE' })).status).toBe(200);
});

test('claims of the app are in req.user, without a lookup', async () => {
  page.write('tenants.mjs', "export const tenantOf = () => Promise.resolve('acme');");
  const browse = await page.start('claims');
  expect((await browse('/invoices')).status).toBe(401);
  await browse('/auth/register', { method: 'POST', body: ann });
  await browse('/auth/login', { method: 'POST', body: ann });
  expect(await (await browse('/invoices')).json()).toEqual({ tenant: 'acme' });
  await browse('/auth/refresh', { method: 'POST' });
  expect(await (await browse('/invoices')).json()).toEqual({ tenant: 'acme' });
});
