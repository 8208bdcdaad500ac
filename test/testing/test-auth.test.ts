import express from 'express';
import request from 'supertest';
import { MemoryUserStore } from '../../src';
import { loginAs, testAuth, testClock } from '../../src/testing';
import { PASSWORD } from '../helpers/apps/app';
import { expectFailure } from '../helpers/failures';

function appOf(auth: ReturnType<typeof testAuth>) {
  const app = express();
  app.use('/auth', auth.router);
  app.get('/profile', auth.tokenVerify, (req, res) => res.json(req.user));
  app.get('/checked', auth.guard({ checkSession: true }), (_req, res) => res.json({}));
  return app;
}

test('testAuth needs no options: registration, login and guards work over plain HTTP', async () => {
  const auth = testAuth();
  const browser = request.agent(appOf(auth));
  await browser.post('/auth/register').send({ username: 'ann', password: PASSWORD }).expect(201);
  await browser.post('/auth/login').send({ username: 'ann', password: PASSWORD }).expect(200);
  await browser.get('/profile').expect(200);
  expect((await auth.users.findByUsername('ann'))?.passwordHash).toMatch(/^\$2b\$10\$/);
  await auth.close();
});

test('two testAuths share neither users nor secrets', async () => {
  const [one, other] = [testAuth(), testAuth()];
  const { bearer } = await loginAs(one, { username: 'ann' });
  expectFailure(
    await request(appOf(other)).get('/profile').set('Authorization', bearer),
    'ACCESS_TOKEN_INVALID',
  );
  expect(await other.users.findByUsername('ann')).toBeUndefined();
  await Promise.all([one.close(), other.close()]);
});

test('attempts are not limited unless a test sets limits', async () => {
  const unlimited = testAuth();
  const app = appOf(unlimited);
  for (let n = 0; n < 12; n += 1) {
    const answer = await request(app)
      .post('/auth/register')
      .send({ username: `user ${n}`, password: PASSWORD });
    expect(answer.status).toBe(201);
  }
  await unlimited.close();

  const limited = testAuth({ limits: { register: { attempts: 1 } } });
  const register = () =>
    request(appOf(limited)).post('/auth/register').send({ username: 'ann', password: PASSWORD });
  expect([(await register()).status, (await register()).status]).toEqual([201, 429]);
  await limited.close();
});

test('options are merged with the defaults group by group', async () => {
  const users = new MemoryUserStore();
  const auth = testAuth({
    users,
    accessToken: { expiresIn: '5m', issuer: 'https://app.example.com' },
    cookies: { accessName: 'at' },
    clock: testClock('2030-01-01T00:00:00Z'),
  });
  expect(auth.users).toBe(users);
  const ann = await loginAs(auth, { username: 'ann' });
  expect(ann.cookie).toMatch(/^at=/);
  expect(await auth.sessions.list(ann.user.id)).toMatchObject([
    { createdAt: new Date('2030-01-01T00:00:00Z') },
  ]);
  await auth.close();
  expect(() => testAuth({ accessToken: { expiresIn: 'soon' as '5m' } })).toThrow('accessToken.expiresIn');
});

describe('the clock stands still until a test moves it', () => {
  const auth = testAuth();
  const app = appOf(auth);
  const get = (path: string, cookie: string) => request(app).get(path).set('Cookie', cookie);
  afterAll(() => auth.close());

  test('an access token expires to the second', async () => {
    const { cookie } = await loginAs(auth, { username: 'ann' });
    auth.clock.advance('29m');
    auth.clock.advance(59);
    await get('/profile', cookie).expect(200);
    auth.clock.advance('1s');
    expectFailure(await get('/profile', cookie), 'ACCESS_TOKEN_EXPIRED');
    const refresh = await request(app).post('/auth/refresh').set('Cookie', cookie);
    const renewed = (refresh.headers as unknown as { 'set-cookie': string[] })['set-cookie'].join('; ');
    await get('/profile', renewed).expect(200);
  });

  test('a session expires, also for guards and lists', async () => {
    const bob = await loginAs(auth, { username: 'bob' });
    auth.clock.advance('2h');
    expect(await auth.sessions.list(bob.user.id)).toHaveLength(1);
    auth.clock.advance('1h');
    expect(await auth.sessions.list(bob.user.id)).toEqual([]);
    const refresh = await request(app).post('/auth/refresh').set('Cookie', bob.cookie);
    expectFailure(refresh, 'REFRESH_TOKEN_EXPIRED');
  });

  test('the clock may be set to the past', async () => {
    auth.clock.set('2001-02-03');
    const { cookie } = await loginAs(auth, { username: 'cleo' });
    await loginAs(auth, { username: 'cleo' });
    await get('/checked', cookie).expect(200);
  });

  test("the clock refuses what it can't read", () => {
    expect(() => auth.clock.advance('soon' as '1s')).toThrow(
      "seconds, or a text with its unit such as '31m'",
    );
    expect(() => auth.clock.set('tomorrow')).toThrow('valid time');
    expect(() => testClock(NaN)).toThrow('valid time');
  });
});
