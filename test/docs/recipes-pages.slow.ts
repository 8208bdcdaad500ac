import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import express from 'express';
import { createTestApp, PASSWORD } from '../helpers/apps/app';
import { useBrowser } from '../helpers/browsers/browser';
import { eventually } from '../helpers/eventually';
import { useDocPage } from '../helpers/snippets';
import { openSite } from '../client/browser';

// The recipes for pages: in Chromium, and with the client.
const page = useDocPage('docs/recipes.md', 'form', 'react');
const chromium = useBrowser();

test('the register form says what is wrong, and logs the new user in', async () => {
  const { app } = createTestApp({}, (mounted) => {
    mounted.use('/client', express.static(path.join(__dirname, '../../dist/client')));
    mounted.get('/register', (_req, res) => res.type('html').send(page.snippet('form')));
    mounted.get('/', (_req, res) => res.send('the start page'));
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const tab = await (await chromium.open()).newPage();
  await tab.goto(`http://localhost:${port}/register`);
  await tab.fill('[name=username]', 'ann');
  await tab.fill('[name=password]', 'short');
  await tab.click('button');
  await tab.waitForFunction("document.querySelector('[role=alert]').textContent !== ''");
  expect(await tab.textContent('[role=alert]')).toMatch(/^password: /);

  await tab.fill('[name=password]', PASSWORD);
  await tab.click('button');
  await tab.waitForURL(`http://localhost:${port}/`);
  const cookies = await tab.context().cookies();
  expect(cookies.map(({ name }) => name).sort()).toEqual(['accessToken', 'refreshToken']);
  server.closeAllConnections();
  server.close();
});

test('useUser follows logins and logouts', async () => {
  const site = await openSite();
  const client = site.tab(site.browser());
  const states: unknown[] = [];
  let cleanUp: (() => void) | undefined;
  // React's two functions, as far as the hook uses them.
  const react = {
    useState: () => [undefined, (state: unknown) => states.push(state)],
    useEffect: (effect: () => () => void) => (cleanUp = effect()),
  };
  const { useUser } = page.evaluate('react', { react }) as { useUser: (client: unknown) => unknown };
  expect(useUser(client)).toBeUndefined();
  const seen = async (count: number) => {
    await eventually(`state ${count}`, () => Promise.resolve(states.length >= count));
    return states.at(-1);
  };
  expect(await seen(1)).toBeNull();
  await client.login({ username: 'ann', password: PASSWORD });
  expect(await seen(2)).toMatchObject({ id: expect.any(String) });
  await client.logout();
  expect(await seen(3)).toBeNull();
  cleanUp?.();
  await site.close();
});
