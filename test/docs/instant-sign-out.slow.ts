import { PASSWORD } from '../helpers/apps/app';
import { eventually } from '../helpers/eventually';
import { useDocPage } from '../helpers/snippets';

const page = useDocPage('docs/instant-sign-out.md');

test('a disabled user is refused in the other process too', async () => {
  const [here, there] = [await page.start('instant'), await page.start('instant')];
  const credentials = JSON.stringify({ username: 'leaver', password: PASSWORD });
  const boss = JSON.stringify({ username: 'boss', password: PASSWORD });
  for (const body of [credentials, boss]) await here('/auth/register', { method: 'POST', body });
  await page.database.pool.query("UPDATE visa_users SET roles = '{admin}' WHERE username = 'boss'");
  await there('/auth/login', { method: 'POST', body: credentials });
  const { id } = (await (await there('/profile')).json()) as { id: string };
  expect((await there('/transfers', { method: 'POST' })).status).toBe(200);

  await here('/auth/login', { method: 'POST', body: boss });
  const disabled = await here(`/users/${id}/disable`, { method: 'POST' });
  expect(await disabled.json()).toEqual({ known: true });
  const code = async () => ((await (await there('/profile')).json()) as { code?: string }).code;
  await eventually('the other process refuses', async () => (await code()) === 'SESSION_REVOKED');
});
