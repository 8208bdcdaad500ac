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
