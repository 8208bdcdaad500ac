import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import express from 'express';
import {
  MemoryRefreshTokenStore,
  type AuthEventMap,
  type RevocationFeed,
  type RevocationFollower,
  type RotateRequest,
} from '../../../src/index';
import { createTestApp } from '../../helpers/apps/app';
import { expectFailure } from '../../helpers/failures';
import { testClock } from '../../../src/testing/index';

/** Apps, clients and machines that do unexpected things. */

test('an app that changes req.body after the router does not affect other requests', async () => {
  const testApp = createTestApp();
  const outer = express();
  outer.use((req, res, next) => {
    res.on('finish', () => {
      if (req.body) (req.body as { refreshToken?: string }).refreshToken = '[redacted]';
    });
    next();
  }, testApp.app);
  await testApp.register('ann');
  const browser = await testApp.loggedIn('ann');
  const server = outer.listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { body } = await browser.post('/quick-login').send({ username: 'ann', transport: 'body' });
  const Cookie = `refreshToken=${body.refreshToken}`;
  for (let times = 0; times < 3; times += 1) {
    const answer = await fetch(`http://127.0.0.1:${port}/auth/refresh`, {
      method: 'POST',
      headers: { Cookie },
    });
    expect(answer.status).toBe(200);
  }
  server.close();
  await testApp.auth.close();
});

test('an app that changes req.user does not affect other requests', async () => {
  const testApp = createTestApp({}, (app, auth) => {
    app.get('/promote', auth.tokenVerify, (req, res) => {
      req.user?.roles.push('admin');
      req.user?.authTime.setTime(0);
      if (req.user) req.user.id = 'somebody else';
      res.json({});
    });
  });
  const { id } = await testApp.register('ann');
  const browser = await testApp.loggedIn('ann');
  const before = (await browser.get('/profile')).body as object;
  await browser.get('/promote').expect(200);
  expect((await browser.get('/profile')).body).toEqual({ ...before, id, roles: [] });
  await testApp.auth.close();
});

test('the address of a thief who disconnects before the response is still announced', async () => {
  let reached: () => void = () => undefined;
  class SlowStore extends MemoryRefreshTokenStore {
    override async rotate(request: RotateRequest) {
      reached();
      await sleep(50);
      return super.rotate(request);
    }
  }
  const testApp = createTestApp({ refreshTokens: new SlowStore() });
  const announced = once(testApp.auth.events, 'reuse') as Promise<AuthEventMap['reuse']>;
  await testApp.register('ann');
  const { refreshToken: first } = await testApp.tokensOf('ann');
  const { body } = await testApp.client().post('/auth/refresh').send({ refreshToken: first });
  await testApp
    .client()
    .post('/auth/refresh')
    .send({ refreshToken: body.refreshToken as string });

  const server = testApp.app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const thief = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const isReached = new Promise<void>((resolve) => (reached = resolve));
  thief.write(
    `POST /auth/refresh HTTP/1.1\r\nHost: x\r\nUser-Agent: thief\r\nCookie: refreshToken=${first}\r\nContent-Length: 0\r\n\r\n`,
  );
  await isReached;
  thief.resetAndDestroy();
  expect((await announced)[0]).toMatchObject({ ip: '127.0.0.1', userAgent: 'thief' });
  server.close();
  await testApp.auth.close();
});

describe('a process that was suspended', () => {
  class StoppedStore extends MemoryRefreshTokenStore {
    override followRevocations(follower: RevocationFollower): RevocationFeed {
      follower.onCurrent(100); // and never again, as if neither timers nor sockets ran
      return { announce: () => Promise.resolve(), close: () => undefined };
    }
  }

  test("denies guards with onStoreDown: 'deny', although it has not yet noticed that it may have missed revocations", async () => {
    const testApp = createTestApp({ refreshTokens: new StoppedStore() }, (app, auth) => {
      app.get('/strict', auth.guard({ onStoreDown: 'deny' }), (_req, res) => res.json({}));
    });
    await testApp.register('ann');
    const browser = await testApp.loggedIn('ann');
    await sleep(150);
    expectFailure(await browser.get('/strict'), 'SERVICE_UNAVAILABLE');
    await browser.get('/profile').expect(200);
    await testApp.auth.close();
  });
});

test("after auth.close() revocations are no longer received, so guards with onStoreDown: 'deny' refuse", async () => {
  const testApp = createTestApp({ onStoreDown: 'deny' });
  await testApp.register('ann');
  const browser = await testApp.loggedIn('ann');
  await browser.get('/profile').expect(200);
  await testApp.auth.close();
  expectFailure(await browser.get('/profile'), 'SERVICE_UNAVAILABLE');
  await expect(testApp.auth.ready()).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
});

test('an access token never outlives its session', async () => {
  const clock = testClock();
  const testApp = createTestApp({ clock, refreshToken: { expiresIn: '10m' } });
  await testApp.register('ann');
  const browser = await testApp.loggedIn('ann');
  clock.advance(599);
  await browser.get('/profile').expect(200);
  clock.advance(1);
  expectFailure(await browser.get('/profile'), 'ACCESS_TOKEN_EXPIRED');
  await testApp.auth.close();
});

test('a shorter expiresIn also shortens tokens that are already signed', async () => {
  const clock = testClock();
  const before = createTestApp({
    clock,
    accessToken: { expiresIn: '2h' },
    refreshToken: { expiresIn: '1d' },
  });
  const after = createTestApp({ clock, accessToken: { expiresIn: '5m' } });
  await before.register('ann');
  const { accessToken } = await before.tokensOf('ann');
  const visit = (app: typeof after) =>
    app.client().get('/profile').set('Authorization', `Bearer ${accessToken}`);
  clock.advance(299);
  await visit(after).expect(200);
  clock.advance(1);
  expectFailure(await visit(after), 'ACCESS_TOKEN_EXPIRED');
  await visit(before).expect(200);
  await Promise.all([before.auth.close(), after.auth.close()]);
});
