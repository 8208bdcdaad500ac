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

test.each([
  ['is broken', () => Promise.resolve('{"accessToken":')],
  ['is empty', () => Promise.resolve('')],
  ["can't be decrypted", () => Promise.reject(new Error('Could not decrypt the value'))],
])('an app whose stored session %s asks for a login, and goes on', async (_state, unreadable) => {
  const site = await openSite();
  const kept = new Map<string, string>();
  let read: () => Promise<string | null> = unreadable;
  const secureStore = {
    getItemAsync: () => read(),
    setItemAsync: (key: string, value: string) => Promise.resolve(void kept.set(key, value)),
    deleteItemAsync: (key: string) => Promise.resolve(void kept.delete(key)),
  };
  const { createClient } = page.evaluate('client') as {
    createClient(baseUrl: string, store: typeof secureStore): AuthClient;
  };
  const client = createClient(`${site.origin}/auth`, secureStore);
  expect(await client.check()).toBeNull();
  await client.login({ username: 'ann', password: PASSWORD });
  site.expire();
  expect((await client.info()).username).toBe('ann');
  read = () => Promise.resolve(kept.get('session') ?? null);
  expect((await createClient(`${site.origin}/auth`, secureStore).info()).username).toBe('ann');
  await site.close();
});
