import type { Express } from 'express';
import request from 'supertest';
import { ACCESS_SECRET, PASSWORD, REFRESH_SECRET } from '../helpers/apps/app';
import { useDocPage } from '../helpers/snippets';
import { siteOf } from '../client/browser';
import { Authenticator, factorApp } from '../features/second-factor/factor-app';
import type { AuthClient } from '../../src/client/index';
import type { SecondFactorClient } from '../../src/client/second-factor';

const page = useDocPage('docs/step-up.md');
const ANN = { username: 'ann', password: 'correct horse battery' };
const EVE = { ...ANN, username: 'eve' };

test('a payment asks for the password again, and the session goes on', async () => {
  const { env } = process;
  process.env = { ...env, ACCESS_TOKEN_SECRET: ACCESS_SECRET, REFRESH_TOKEN_SECRET: REFRESH_SECRET };
  const machine = Date.now;
  let aheadMs = 0;
  const clock = jest.spyOn(Date, 'now').mockImplementation(() => machine() + aheadMs);
  try {
    const { app } = page.evaluate('step-up') as { app: Express };
    const browser = request.agent(app);
    for (const user of [ANN, EVE]) await browser.post('/auth/register').send(user);
    await browser.post('/auth/login').send(ANN);
    const sessionId = async () =>
      ((await browser.get('/auth/check')).body as { user: { sessionId: string } }).user.sessionId;
    const before = await sessionId();
    aheadMs = 6 * 60_000;
    expect((await browser.post('/payments')).status).toBe(401);
    for (const wrong of [EVE, { ...ANN, password: 'wrong' }])
      expect((await browser.post('/confirm').send(wrong)).status).toBe(401);
    expect((await browser.post('/payments')).status).toBe(401);
    expect((await browser.post('/confirm').send(ANN)).status).toBe(200);
    expect((await browser.post('/payments')).body).toEqual({ paid: true });
    expect(await sessionId()).toBe(before);
  } finally {
    clock.mockRestore();
    process.env = env;
  }
});

test('the page asks for the factor of a user who has one, and sends the others to set one up', async () => {
  const server = factorApp({
    mount: (app, auth) =>
      app.post('/payments', auth.guard({ secondFactor: true, freshWithin: '5m' }), (_req, res) =>
        res.json({}),
      ),
  });
  await server.createUser('ann');
  const site = await siteOf(server.app, () => undefined);
  const { start } = page.evaluate('page') as {
    start(
      baseUrl: string,
      options: object,
    ): { client: AuthClient; secondFactor: SecondFactorClient; pay(url: string): Promise<string> };
  };
  const phones: Authenticator[] = [];
  const showDialog = jest.fn((kinds: string[]) =>
    Promise.resolve(kinds.includes('totp') ? { code: phones[0]?.nextCode() } : { password: PASSWORD }),
  );
  const { client, secondFactor, pay } = start(`${site.origin}/auth`, { showDialog, fetch: site.browser() });
  await client.login({ username: 'ann', password: PASSWORD });
  expect(await pay(`${site.origin}/payments`)).toBe('Set up a second factor first');
  server.clock.forward(6 * 60_000);
  const phone = new Authenticator(await secondFactor.startTotp(), server.clock);
  phones.push(phone);
  await secondFactor.confirmTotp({ id: phone.id, code: phone.code() });
  expect(await pay(`${site.origin}/payments`)).toBe('Paid');
  expect(showDialog.mock.calls.map(([kinds]) => kinds)).toEqual([['password'], ['totp', 'recovery-code']]);
  await site.close();
  await server.auth.close();
});
