import { PASSWORD } from '../helpers/apps/app';
import { useDocPage } from '../helpers/snippets';
import { openSite } from '../client/browser';
import type { AuthClient } from '../../src/client/index';

const page = useDocPage('docs/spa.md');

test('the client logs in, and shows the login after a logout', async () => {
  const site = await openSite();
  const { start } = page.evaluate('client') as {
    start(baseUrl: string, showLogin: () => void, fetch: typeof globalThis.fetch): AuthClient;
  };
  let shown = 0;
  const client = start(`${site.origin}/auth`, () => shown++, site.browser());
  await client.login({ username: 'ann', password: PASSWORD });
  expect([await client.check(), shown]).toEqual([expect.objectContaining({ roles: [] }), 0]);
  await client.logout();
  expect([await client.check(), shown]).toEqual([null, 1]);
  await site.close();
});

test('a page of a trusted origin may log in', async () => {
  const browse = await page.start('cross-origin');
  const headers = { origin: 'https://app.example.com', 'sec-fetch-site': 'same-site' };
  const body = JSON.stringify({ username: 'ann', password: PASSWORD });
  const response = await browse('/auth/register', { method: 'POST', headers, body });
  expect([response.status, response.headers.get('access-control-allow-credentials')]).toEqual([201, 'true']);
});
