import { PASSWORD } from '../helpers/apps/app';
import { useDocPage } from '../helpers/snippets';
import { openSite } from '../client/browser';
import type { AuthClient } from '../../src/client';

const page = useDocPage('docs/mobile.md');

test('an app is still logged in after a restart', async () => {
  const site = await openSite();
  const kept = new Map<string, string>();
  const secureStore = {
    getItemAsync: (key: string) => Promise.resolve(kept.get(key) ?? null),
    setItemAsync: (key: string, value: string) => Promise.resolve(void kept.set(key, value)),
    deleteItemAsync: (key: string) => Promise.resolve(void kept.delete(key)),
  };
  const { createClient } = page.evaluate('client') as {
    createClient(baseUrl: string, store: typeof secureStore): AuthClient;
  };
  await createClient(`${site.origin}/auth`, secureStore).login({ username: 'ann', password: PASSWORD });
  site.expire();
  const client = createClient(`${site.origin}/auth`, secureStore);
  expect((await client.info()).username).toBe('ann');
  await client.logout();
  expect(kept.size).toBe(0);
  await site.close();
});
