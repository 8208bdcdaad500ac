import { PASSWORD } from '../helpers/apps/app';
import { useDocPage } from '../helpers/snippets';

const page = useDocPage('docs/existing-app.md');

test("a section behind one guard works beside the app's own parsers and headers", async () => {
  const browse = await page.start('app');
  const body = JSON.stringify({ username: 'ann', password: PASSWORD });
  const broken = await browse('/auth/login', { method: 'POST', body: '{' });
  expect([broken.status, await broken.json()]).toEqual([
    400,
    expect.objectContaining({ code: 'BAD_REQUEST' }),
  ]);
  const refused = await browse('/account/orders');
  expect([refused.status, await refused.json()]).toEqual([
    401,
    expect.objectContaining({ code: 'NO_ACCESS_TOKEN' }),
  ]);
  await browse('/auth/register', { method: 'POST', body });
  const login = await browse('/auth/login', { method: 'POST', body });
  expect([login.status, login.headers.has('content-security-policy')]).toEqual([200, true]);
  expect(await (await browse('/account/orders')).json()).toEqual({ of: expect.any(String) });
  expect((await browse('/account', { method: 'DELETE' })).status).toBe(200);
});
