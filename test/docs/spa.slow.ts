import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AxiosInstance } from 'axios';
import express from 'express';
import { testAuth, testClock } from '../../src/testing';
import { CookieJar } from '../helpers/browsers/cookie-jar';
import { PASSWORD } from '../helpers/apps/app';
import { useDocPage } from '../helpers/snippets';
import { openSite, siteOf } from '../client/browser';
import { Authenticator, factorApp } from '../features/second-factor/factor-app';
import type { AuthClient, AuthUser } from '../../src/client/index';
import type { SecondFactorClient } from '../../src/client/second-factor';

type LogIn = (username: string, password: string) => Promise<AuthUser>;

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

test('the client makes a second step, and asks for a proof again', async () => {
  const server = factorApp();
  await server.createUser('ann');
  const site = await siteOf(server.app, () => undefined);
  const { start } = page.evaluate('second-factor') as {
    start(
      baseUrl: string,
      options: object,
    ): { client: AuthClient; factors: SecondFactorClient; logIn: LogIn };
  };
  const phones: Authenticator[] = [];
  const askForCode = () => Promise.resolve({ code: phones[0]?.nextCode(), trustDevice: false });
  const askForProof = jest.fn(() => Promise.resolve({ code: phones[0]?.nextCode() }));
  const open = () => start(`${site.origin}/auth`, { askForCode, askForProof, fetch: site.browser() });

  const { factors, logIn } = open();
  await logIn('ann', PASSWORD);
  const phone = new Authenticator(await factors.startTotp(), server.clock);
  phones.push(phone);
  await factors.confirmTotp({ id: phone.id, code: phone.code() });
  expect(await factors.renewRecoveryCodes()).toHaveLength(10);
  expect(askForProof).toHaveBeenCalledTimes(1);
  expect(await open().logIn('ann', PASSWORD)).toMatchObject({ username: 'ann' });
  await site.close();
  await server.auth.close();
});

test('a page of a trusted origin may log in', async () => {
  const browse = await page.start('cross-origin');
  const headers = { origin: 'https://app.example.com', 'sec-fetch-site': 'same-site' };
  const body = JSON.stringify({ username: 'ann', password: PASSWORD });
  const response = await browse('/auth/register', { method: 'POST', headers, body });
  expect([response.status, response.headers.get('access-control-allow-credentials')]).toEqual([201, 'true']);
});

test('axios refreshes once for all requests whose access token has expired, and for no other 401', async () => {
  const clock = testClock();
  const auth = testAuth({ clock });
  const app = express()
    .use('/auth', auth.router)
    .get('/me', auth.tokenVerify, (req, res) => res.json(req.user));
  const paths: string[] = [];
  const server = createServer((req, res) => {
    paths.push(`${req.method} ${req.url}`);
    app(req, res);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { api } = page.evaluate('axios') as { api: AxiosInstance };
  // Node's axios keeps no cookies.
  const jar = new CookieJar();
  api.defaults.baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  api.defaults.adapter = 'fetch';
  const browser = {
    async fetch(input: Request) {
      const headers = new Headers(input.headers);
      headers.set('cookie', String(jar));
      const response = await fetch(new Request(input, { headers }));
      jar.keep(response);
      return response;
    },
  };
  Object.assign(api.defaults, { env: { ...api.defaults.env, ...browser } });

  const ann = { username: 'ann', password: PASSWORD };
  await api.post('/auth/register', ann);
  const wrong = api.post('/auth/login', { ...ann, password: 'wrong' });
  await expect(wrong).rejects.toMatchObject({ response: { data: { code: 'INVALID_CREDENTIALS' } } });
  await api.post('/auth/login', ann);
  clock.advance('31m');
  const answers = await Promise.all([api.get('/me'), api.get('/me'), api.get('/me')]);
  const known = [200, expect.objectContaining({ roles: [] })];
  expect(answers.map(({ status, data }) => [status, data as object])).toEqual([known, known, known]);
  expect(paths.filter((each) => each === 'POST /auth/refresh')).toHaveLength(1);
  await api.post('/auth/logout');
  await expect(api.get('/me')).rejects.toMatchObject({ response: { data: { code: 'NO_ACCESS_TOKEN' } } });
  server.close();
  await auth.close();
});
