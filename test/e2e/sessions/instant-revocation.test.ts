import { once } from 'node:events';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import {
  PostgresRefreshTokenStore,
  PostgresUserStore,
  RedisRefreshTokenStore,
  type RefreshTokenStore,
} from '../../../src/index';
import { createTestApp, PASSWORD, type TestApp, type TestOptions } from '../../helpers/apps/app';
import { createDatabase, randomPrefix, type TestDatabase } from '../../helpers/apps/backends';
import { eventually } from '../../helpers/eventually';
import { expectFailure } from '../../helpers/failures';
import { startTcpProxy, type TcpProxy } from '../../helpers/servers/tcp-proxy';
import { PATIENT, useCallTimes } from '../../helpers/call-times';

let database: TestDatabase;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  database = await createDatabase();
  await new PostgresUserStore(database.pool).migrate();
  await new PostgresRefreshTokenStore(database.pool).migrate();
});
afterAll(async () => {
  for (const close of closing.reverse()) await close();
  await database.close();
});

type StoreKind = 'redis' | 'postgres';
const keyPrefix = randomPrefix();

/** A store with its own client, as each process has one. `port`: that of a proxy in between. */
function makeStore(kind: StoreKind, port?: number): RefreshTokenStore {
  const url = new URL(serverUrl(kind));
  if (port !== undefined) url.port = String(port);
  if (kind === 'redis') {
    const redis = new Redis(url.href);
    closing.push(() => redis.disconnect());
    return new RedisRefreshTokenStore(redis, { keyPrefix });
  }
  const pool = new Pool({ connectionString: url.href });
  closing.push(() => pool.end());
  return new PostgresRefreshTokenStore(pool);
}

const serverUrl = (kind: StoreKind) =>
  kind === 'redis' ? (process.env['TEST_REDIS_URL'] as string) : database.url;

/** Deletes the user's sessions, as a server that loses its data does. */
async function loseSessions(kind: StoreKind, userId: string): Promise<void> {
  if (kind === 'postgres') {
    await database.pool.query('DELETE FROM visa_refresh_tokens WHERE user_id = $1', [userId]);
    return;
  }
  const redis = new Redis(serverUrl(kind));
  await redis.del(`${keyPrefix}{${userId}}`);
  redis.disconnect();
}

interface Process extends TestApp {
  readonly users: PostgresUserStore;
  /** Requests a guarded route. */
  visit(accessToken: string, path?: string): ReturnType<ReturnType<TestApp['client']>['get']>;
}

/** An app that shares only the servers with the others. */
function startProcess(kind: StoreKind, options: TestOptions = {}, port?: number): Process {
  const users = new PostgresUserStore(database.pool);
  const testApp = createTestApp(
    { users, refreshTokens: makeStore(kind, port), limits: { register: false }, ...options },
    (app, auth) => {
      if (options.revocation !== 'expiry')
        app.get('/strict', auth.guard({ onStoreDown: 'deny' }), (_req, res) => res.json({}));
      app.get('/lenient', auth.guard({ onStoreDown: 'allow-until-expiry' }), (_req, res) => res.json({}));
      const viaPassport = auth.passport.authenticate(['jwt'], { session: false }) as typeof auth.tokenVerify;
      app.get('/passport', viaPassport, (_req, res) => res.json({}));
    },
  );
  closing.push(() => testApp.auth.close());
  const visit = (accessToken: string, path = '/profile') =>
    testApp.client().get(path).set('Authorization', `Bearer ${accessToken}`);
  return Object.assign(testApp, { users, visit });
}

let names = 0;
const newName = () => `user ${(names += 1)}`;

describe.each<StoreKind>(['redis', 'postgres'])('sessions in %s', (kind) => {
  let here: Process;
  let there: Process;

  beforeAll(async () => {
    [here, there] = [startProcess(kind), startProcess(kind)];
    await Promise.all([here.auth.ready(), there.auth.ready()]);
  });

  const waitUntilRefused = (process: Process, accessToken: string) =>
    eventually(
      'the token is refused',
      async () => (await process.visit(accessToken)).body.code === 'SESSION_REVOKED',
    );

  interface Ending {
    /** The user of the session that ends. */
    userId: string;
    /** Of the session that ends. */
    tokens: { accessToken: string; refreshToken: string };
    sessionId: string;
    /** Another session of the same user, whose client ends it. */
    other: { accessToken: string; refreshToken: string };
  }
  const asOther = (verb: 'post' | 'delete', path: string, { other }: Ending, body?: object) =>
    here.client()[verb](path).set('Authorization', `Bearer ${other.accessToken}`).send(body);

  test.each<[string, number, (ending: Ending) => PromiseLike<unknown>]>([
    [
      'logout',
      200,
      ({ tokens }) => here.client().post('/auth/logout').send({ refreshToken: tokens.refreshToken }),
    ],
    ['logout-all', 401, (ending) => asOther('post', '/auth/logout-all', ending)],
    ['logging out one device', 200, (e) => asOther('delete', `/auth/sessions/${e.sessionId}`, e)],
    ['logging out all other devices', 200, (ending) => asOther('delete', '/auth/sessions', ending)],
    [
      'a new password',
      401,
      (ending) =>
        asOther('post', '/auth/password', ending, {
          currentPassword: PASSWORD,
          newPassword: 'another 77 phrase',
        }),
    ],
    [
      'a stolen refresh token',
      200,
      async ({ tokens: { refreshToken } }) => {
        const refresh = (token: string) => here.client().post('/auth/refresh').send({ refreshToken: token });
        const { body } = await refresh(refreshToken);
        await refresh(body.refreshToken as string);
        expectFailure(await refresh(refreshToken), 'REFRESH_TOKEN_REUSED');
      },
    ],
    ['server code', 200, ({ userId, sessionId }) => here.auth.sessions.revoke(userId, sessionId)],
    ['disabling the user', 401, ({ userId }) => here.users.update(userId, { disabled: true })],
    ['deleting the user', 401, ({ userId }) => here.users.delete(userId)],
  ])('%s in one process makes the other refuse the access tokens', async (_what, otherStatus, end) => {
    const username = newName();
    const { id: userId } = await here.register(username);
    const [tokens, other] = [await here.tokensOf(username), await here.tokensOf(username)];
    const stranger = newName();
    await here.register(stranger);
    const bystander = await here.tokensOf(stranger);
    // The other process has now verified the token, and caches that.
    const { body: user } = await there.visit(tokens.accessToken).expect(200);

    await end({ userId, tokens, other, sessionId: user.sessionId as string });
    await waitUntilRefused(there, tokens.accessToken);
    expectFailure(await there.visit(tokens.accessToken, '/strict'), 'SESSION_REVOKED');
    expect((await there.visit(tokens.accessToken, '/passport')).status).toBe(401);
    expect((await there.visit(other.accessToken)).status).toBe(otherStatus);
    expect((await there.visit(bystander.accessToken)).status).toBe(200);
  });

  test.each(['logout', 'logout-all'])(
    '%s reaches the other processes although the store has lost the session',
    async (name) => {
      const username = newName();
      const { id } = await here.register(username);
      const tokens = await here.tokensOf(username);
      await there.visit(tokens.accessToken).expect(200);
      await loseSessions(kind, id);
      const { status } = await here
        .client()
        .post(`/auth/${name}`)
        .set('Authorization', `Bearer ${tokens.accessToken}`);
      expect(status).toBe(200);
      await waitUntilRefused(there, tokens.accessToken);
    },
  );

  test('a process that starts later catches up before it is ready', async () => {
    const username = newName();
    await here.register(username);
    const [ended, kept] = [await here.tokensOf(username), await here.tokensOf(username)];
    await here.client().post('/auth/logout').send({ refreshToken: ended.refreshToken }).expect(200);
    const late = startProcess(kind);
    await late.auth.ready();
    expectFailure(await late.visit(ended.accessToken), 'SESSION_REVOKED');
    await late.visit(kept.accessToken).expect(200);
  });

  test("revocation: 'expiry' leaves access tokens valid in other processes, and sends and receives no revocations", async () => {
    const [old, other] = [
      startProcess(kind, { revocation: 'expiry' }),
      startProcess(kind, { revocation: 'expiry' }),
    ];
    await old.auth.ready();
    const username = newName();
    await here.register(username);
    const tokens = await here.tokensOf(username);
    await old.client().post('/auth/logout').send({ refreshToken: tokens.refreshToken }).expect(200);
    expectFailure(await old.visit(tokens.accessToken), 'SESSION_REVOKED');
    const marker = await here.tokensOf(username);
    await here.client().post('/auth/logout').send({ refreshToken: marker.refreshToken }).expect(200);
    await waitUntilRefused(there, marker.accessToken);
    await there.visit(tokens.accessToken).expect(200);
    await other.visit(tokens.accessToken).expect(200);
    await other.visit(marker.accessToken).expect(200);
  });

  describe('while a process is cut off from its store', () => {
    let proxy: TcpProxy;
    let cutOff: Process;
    let tokens: { accessToken: string; refreshToken: string };
    const news: { current: boolean; error?: Error }[] = [];

    beforeAll(async () => {
      useCallTimes({ timeout: 3000 }); // long enough for a busy machine
      proxy = await startTcpProxy(Number(new URL(serverUrl(kind)).port));
      closing.push(() => proxy.close());
      cutOff = startProcess(kind, {}, proxy.port);
      cutOff.auth.events.on('revocations', (change) => news.push(change));
      const username = newName();
      await here.register(username);
      tokens = await here.tokensOf(username);
      await cutOff.auth.ready();
    });
    afterEach(() => proxy.restore());
    afterAll(() => useCallTimes(PATIENT));

    test.each<[string, (proxy: TcpProxy) => void]>([
      ['cut', (each) => each.cut()],
      ['silenced', (each) => each.silence()],
    ])(
      '(%s) guards deny or allow as onStoreDown says, and the process catches up afterwards',
      async (how, cutOffBy) => {
        const username = newName();
        await here.register(username);
        const ended = await here.tokensOf(username);
        await cutOff.visit(ended.accessToken).expect(200);
        news.length = 0;
        const lost = once(cutOff.auth.events, 'revocations');

        cutOffBy(proxy);
        await lost;
        expect(news).toMatchObject([{ current: false, error: expect.any(Error) as Error }]);
        if (how === 'cut') {
          const denied = await cutOff.visit(tokens.accessToken, '/strict');
          expectFailure(denied, 'SERVICE_UNAVAILABLE');
          expect(Number(denied.headers['retry-after'])).toBeGreaterThan(0);
          for (const path of ['/profile', '/lenient', '/passport'])
            await cutOff.visit(tokens.accessToken, path).expect(200);
          await here.client().post('/auth/logout').send({ refreshToken: ended.refreshToken }).expect(200);
          await cutOff.visit(ended.accessToken).expect(200);
        } else {
          await here.client().post('/auth/logout').send({ refreshToken: ended.refreshToken }).expect(200);
        }

        proxy.restore();
        await eventually(
          'it is current again',
          async () => (await cutOff.visit(tokens.accessToken, '/strict')).status === 200,
        );
        expectFailure(await cutOff.visit(ended.accessToken), 'SESSION_REVOKED');
        expect(news.at(-1)).toMatchObject({ current: true });
        expect(news.at(-1)).not.toHaveProperty('error');
      },
    );

    test('onStoreDown of createAuth applies to every guard without its own', async () => {
      const strict = startProcess(kind, { onStoreDown: 'deny' }, proxy.port);
      await strict.auth.ready();
      await strict.visit(tokens.accessToken).expect(200);
      const lost = once(strict.auth.events, 'revocations');
      proxy.cut();
      await lost;
      for (const path of ['/profile', '/auth/check', '/strict'])
        expectFailure(await strict.visit(tokens.accessToken, path), 'SERVICE_UNAVAILABLE');
      expect((await strict.visit(tokens.accessToken, '/passport')).status).toBe(500); // next(err): the app's own answer
      await strict.visit(tokens.accessToken, '/lenient').expect(200);
      // An invalid token still gets its own code.
      expectFailure(await strict.visit('a.b.c'), 'ACCESS_TOKEN_INVALID');
    });

    test('ready() rejects when the store stays unreachable', async () => {
      proxy.cut();
      const stranded = startProcess(kind, { onStoreDown: 'deny' }, proxy.port);
      jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'performance', 'Date'] });
      const ready = stranded.auth.ready();
      jest.advanceTimersByTime(10_000);
      jest.useRealTimers();
      await expect(ready).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    });
  });
});
