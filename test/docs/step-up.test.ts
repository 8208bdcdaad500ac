import type { Express } from 'express';
import request from 'supertest';
import { ACCESS_SECRET, REFRESH_SECRET } from '../helpers/apps/app';
import { useDocPage } from '../helpers/snippets';

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
