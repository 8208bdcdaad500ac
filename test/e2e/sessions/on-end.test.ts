import { Redis } from 'ioredis';
import { Pool } from 'pg';
import {
  MemoryRefreshTokenStore,
  MemoryUserStore,
  PostgresRefreshTokenStore,
  PostgresUserStore,
  RedisRefreshTokenStore,
  type RefreshTokenStore,
  type SessionEnd,
  type UserStore,
  userOf,
} from '../../../src/index';
import { createTestApp, PASSWORD, type TestApp } from '../../helpers/apps/app';
import { createDatabase, randomPrefix, type TestDatabase } from '../../helpers/apps/backends';
import { expectFailure } from '../../helpers/failures';
import { eventually } from '../../helpers/eventually';

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

const keyPrefix = randomPrefix();
const memory = { users: new MemoryUserStore(), refreshTokens: new MemoryRefreshTokenStore() };

/** Each call makes clients of its own, as each process does. */
const stores: Record<string, () => { users: UserStore; refreshTokens: RefreshTokenStore }> = {
  memory: () => memory,
  Redis() {
    const redis = new Redis(process.env['TEST_REDIS_URL'] as string);
    closing.push(() => redis.disconnect());
    const users = new PostgresUserStore(database.pool);
    return { users, refreshTokens: new RedisRefreshTokenStore(redis, { keyPrefix }) };
  },
  PostgreSQL() {
    const pool = new Pool({ connectionString: database.url });
    closing.push(() => pool.end());
    return { users: new PostgresUserStore(pool), refreshTokens: new PostgresRefreshTokenStore(pool) };
  },
};

/** An app, and the ends that its listener was called with. */
function startApp(kind: string, options: object = {}): TestApp & { ends: SessionEnd[] } {
  const app = createTestApp({ ...stores[kind]?.(), limits: { register: false }, ...options });
  closing.push(() => app.auth.close());
  const ends: SessionEnd[] = [];
  app.auth.sessions.onEnd((end) => ends.push(end));
  return Object.assign(app, { ends });
}

let names = 0;
async function newUser(app: TestApp) {
  const username = `user ${(names += 1)}`;
  const { id } = await app.register(username);
  return { id, username, login: () => app.auth.sessions.start(id) };
}

const endsOf = ({ ends }: { ends: SessionEnd[] }, sessionId: string) =>
  ends.filter((end) => end.sessionId === sessionId);
const reached = (app: { ends: SessionEnd[] }, sessionId: string) =>
  eventually('the listener is called', () => Promise.resolve(endsOf(app, sessionId).length > 0));

describe.each(Object.keys(stores))('sessions in %s', (kind) => {
  let here: ReturnType<typeof startApp>;
  let there: ReturnType<typeof startApp>;

  beforeAll(async () => {
    [here, there] = [startApp(kind), startApp(kind)];
    await Promise.all([here.auth.ready(), there.auth.ready()]);
  });

  type Login = Awaited<ReturnType<Awaited<ReturnType<typeof newUser>>['login']>>;
  const asBearer = ({ accessToken }: Login) => ({ Authorization: `Bearer ${accessToken}` });

  test.each<[string, (login: Login) => PromiseLike<unknown>]>([
    ['server', ({ user, sessionId }) => here.auth.sessions.revoke(user.id, sessionId)],
    ['server', ({ user }) => here.auth.sessions.revokeAll(user.id)],
    ['logout', (login) => here.client().post('/auth/logout').set(asBearer(login)).expect(200)],
    ['logout-all', (login) => here.client().post('/auth/logout-all').set(asBearer(login)).expect(200)],
    [
      'password-changed',
      (login) =>
        here
          .client()
          .post('/auth/password')
          .set(asBearer(login))
          .send({ currentPassword: PASSWORD, newPassword: 'another 77 phrase' })
          .expect(200),
    ],
    [
      'reuse',
      async ({ refreshToken }) => {
        const next = await here.auth.sessions.refresh(refreshToken);
        await here.auth.sessions.refresh(next.refreshToken);
        await expect(here.auth.sessions.refresh(refreshToken)).rejects.toThrow();
      },
    ],
  ])('an end for the reason %s reaches the listeners of both processes once', async (reason, end) => {
    const user = await newUser(here);
    const [login, marker] = [await user.login(), await newUser(here).then(({ login }) => login())];
    await end(login);
    const expected = { userId: user.id, sessionId: login.sessionId };
    await reached(there, login.sessionId);
    expect(endsOf(here, login.sessionId)).toEqual([{ ...expected, reason }]);
    // What came once more would have come before the next end, because the log has an order.
    await here.auth.sessions.revoke(marker.user.id, marker.sessionId);
    await here.auth.sessions.revoke(user.id, login.sessionId);
    await reached(there, marker.sessionId);
    await reached(here, marker.sessionId);
    expect(endsOf(there, login.sessionId)).toEqual([expected]);
    expect(endsOf(here, login.sessionId)).toHaveLength(1);
  });

  test('a listener that throws or rejects becomes a warning, and the others are called', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const stop = [
      there.auth.sessions.onEnd(() => {
        throw new Error('the first listener');
      }),
      there.auth.sessions.onEnd(() => Promise.reject(new Error('the second listener'))),
    ];
    const seen: SessionEnd[] = [];
    stop.push(there.auth.sessions.onEnd((end) => seen.push(end)));
    const { user, sessionId } = await (await newUser(here)).login();
    await here.auth.sessions.revoke(user.id, sessionId);
    await reached(there, sessionId);
    await eventually('both warnings come', () => Promise.resolve(warn.mock.calls.length === 2));
    expect(warn.mock.calls).toEqual(
      ['first', 'second'].map((which) => [
        `A listener of auth.sessions.onEnd() failed: Error: the ${which} listener`,
        'PassportVisaWarning',
      ]),
    );
    warn.mockRestore();
    for (const end of stop) end();
    expect(seen).toEqual([{ userId: user.id, sessionId }]);
    expect(() => Object.assign(seen[0] as object, { userId: 'another' })).toThrow(TypeError);
  });

  test('a function that onEnd returned ends its listener and no other', async () => {
    const counts = [0, 0];
    const listener = () => void ((counts[0] as number) += 1);
    const [stop, stopTwin] = [here.auth.sessions.onEnd(listener), here.auth.sessions.onEnd(listener)];
    const stopOther = here.auth.sessions.onEnd(() => void ((counts[1] as number) += 1));
    stop();
    stop();
    const { user, sessionId } = await (await newUser(here)).login();
    await here.auth.sessions.revoke(user.id, sessionId);
    await reached(here, sessionId);
    expect(counts).toEqual([1, 1]);
    stopTwin();
    stopOther();
  });
});

test('a guard that asks the store lets nothing begin whose session ends before it has the answer', async () => {
  let [answered, release] = [() => {}, () => {}];
  const isAsked = new Promise<void>((resolve) => (answered = resolve));
  const goesOn = new Promise<void>((resolve) => (release = resolve));
  class SlowStore extends MemoryRefreshTokenStore {
    override async find(...session: [string, string]) {
      const found = await super.find(...session);
      answered();
      await goesOn;
      return found;
    }
  }
  const streams: string[] = [];
  const app = createTestApp({ refreshTokens: new SlowStore() }, (express, auth) => {
    express.get('/events', auth.guard({ checkSession: true }), (req, res) => {
      streams.push(userOf(req).sessionId);
      res.json({});
    });
  });
  closing.push(() => app.auth.close());
  const { id, login } = await newUser(app);
  const { accessToken, sessionId } = await login();
  const asking = app.client().get('/events').auth(accessToken, { type: 'bearer' }).then();
  await isAsked;
  await app.auth.sessions.revoke(id, sessionId);
  release();
  expectFailure(await asking, 'SESSION_REVOKED');
  expect(streams).toEqual([]);
});

test('a session that expires, is refreshed or is not there calls no listener', async () => {
  let nowMs = Date.now();
  const clock = () => nowMs;
  const app = startApp('memory', { clock, refreshTokens: new MemoryRefreshTokenStore({ clock }) });
  const { id, login } = await newUser(app);
  const first = await login();
  await app.auth.sessions.refresh(first.refreshToken);
  expect(await app.auth.sessions.revoke(id, 'no such session')).toBe(false);
  nowMs += 4 * 60 * 60 * 1000;
  expect(await app.auth.sessions.revoke(id, first.sessionId)).toBe(false);
  expect(app.ends).toEqual([]);
});

test("revocation: 'expiry' calls listeners for the sessions that the process has ended itself", async () => {
  const [here, there] = [
    startApp('memory', { revocation: 'expiry' }),
    startApp('memory', { revocation: 'expiry' }),
  ];
  const { user, sessionId } = await (await newUser(here)).login();
  await here.auth.sessions.revoke(user.id, sessionId);
  expect([here.ends, there.ends]).toEqual([[{ userId: user.id, sessionId, reason: 'server' }], []]);
});

test('onEnd refuses what is no function, and names the cure', () => {
  const { auth } = startApp('memory');
  for (const wrong of [undefined, null, 'listener', { listener: () => 1 }])
    expect(() => auth.sessions.onEnd(wrong as never)).toThrow(
      /^sessions\.onEnd\(\): listener must be a function that gets/,
    );
});
