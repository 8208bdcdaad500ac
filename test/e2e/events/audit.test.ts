import { createHash } from 'node:crypto';
import {
  AuthError,
  MemoryRefreshTokenStore,
  MemoryUserStore,
  RedisRefreshTokenStore,
  type AuditRecord,
} from '../../../src/index';
import {
  createRealStores,
  createTestApp,
  PASSWORD,
  type RealStores,
  type TestApp,
} from '../../helpers/apps/app';
import { connectRedis, randomPrefix } from '../../helpers/apps/backends';
import { eventually } from '../../helpers/eventually';
import { decodeToken } from '../../helpers/tokens/tokens';
import { quickHash } from '../../helpers/apps/quick-passwords';

// What an audit log is for. test/e2e/events/events.test.ts checks the record of every event at every endpoint.
const passwordHash = quickHash(PASSWORD);
const records: AuditRecord[] = [];
const audit = (record: AuditRecord) => records.push(record);
beforeEach(() => void (records.length = 0));

const sessionOf = (refreshToken: string) => {
  const sessionId = decodeToken(refreshToken).payload['sid'] as string;
  return { sessionId, session: createHash('sha256').update(sessionId).digest('base64url') };
};

describe('two processes on Redis and PostgreSQL', () => {
  const clients = [connectRedis(), connectRedis()];
  const keyPrefix = randomPrefix();
  let stores: RealStores;
  let here: TestApp;
  let there: TestApp;

  beforeAll(async () => {
    stores = await createRealStores();
    [here, there] = clients.map((client) => {
      const refreshTokens = new RedisRefreshTokenStore(client, { keyPrefix });
      return createTestApp({ users: stores.options.users, refreshTokens, audit });
    }) as [TestApp, TestApp];
    await Promise.all([here.auth.ready(), there.auth.ready()]);
    await stores.options.users.create({ username: 'ann', passwordHash });
  });
  afterAll(async () => {
    for (const { auth } of [here, there]) await auth.close();
    for (const client of clients) client.disconnect();
    await stores.close();
  });

  test('a session has one name from its login to its end, and each event has one record', async () => {
    const login = { username: 'ann', password: PASSWORD, transport: 'body' };
    const { body } = await here.client().post('/auth/login').send(login).expect(200);
    const { accessToken, refreshToken } = body as { accessToken: string; refreshToken: string };
    const next = await there.client().post('/auth/refresh').send({ refreshToken }).expect(200);
    await here.client().post('/auth/logout').send({ refreshToken: next.body.refreshToken }).expect(200);
    await eventually('the other process has learned of it', async () => {
      const answer = await there.client().get('/profile').set('Authorization', `Bearer ${accessToken}`);
      return (answer.body as { code?: string }).code === 'SESSION_REVOKED';
    });
    await there.client().post('/auth/refresh').send({ refreshToken }).expect(401);

    const { session, sessionId } = sessionOf(refreshToken);
    const told = records.filter(({ event }) => event !== 'refused');
    expect(told.map(({ event, outcome, reason }) => [event, outcome, reason])).toEqual([
      ['login', 'success', null],
      ['refresh', 'success', null],
      ['revoked', 'success', 'logout'],
      ['refreshFailed', 'failure', 'SESSION_NOT_FOUND'],
    ]);
    expect(new Set(records.map((record) => record.session))).toEqual(new Set([session]));
    expect(session).toHaveLength(43); // all 256 bits
    expect(new Set(records.map(({ userId }) => userId)).size).toBe(1);
    expect(JSON.stringify(records)).not.toContain(sessionId);
  });

  test('a session that server code ends has one record, whichever process the user is in', async () => {
    const { refreshToken } = await there.tokensOf('ann');
    const { sessionId, session } = sessionOf(refreshToken);
    const { userId } = records[0] as { userId: string };
    await here.auth.sessions.revoke(userId, sessionId);
    await there.auth.sessions.revoke(userId, sessionId);
    const ended = records.filter(({ event }) => event === 'revoked');
    expect(ended).toEqual([
      {
        ...{ time: expect.any(String), event: 'revoked', outcome: 'success', reason: 'server' },
        ...{ userId, session, sessions: [session], ip: null, userAgent: null },
      },
    ]);
  });
});

describe('a record', () => {
  const users = new MemoryUserStore();
  const refreshTokens = new MemoryRefreshTokenStore();
  const limits = { username: { failures: 1 } };
  const testApp = createTestApp({ users, refreshTokens, limits, audit });
  const login = (username: string, password: string) =>
    testApp.client().post('/auth/login').send({ username, password });

  beforeAll(() => users.create({ username: 'ann', passwordHash }));
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => testApp.auth.close());

  test('says how the user proved who they are', async () => {
    const body = { username: 'ann', amr: ['pwd', 'otp'] };
    await testApp.client().post('/quick-login').send(body).expect(200);
    expect(records).toMatchObject([{ event: 'login', amr: ['pwd', 'otp'] }]);
  });

  test('has the username if such a user exists, and never a password typed into the wrong field', async () => {
    await login('Ann', 'wrong').expect(401);
    await login('ann', PASSWORD).expect(429);
    await login(PASSWORD, 'ann').expect(401);
    await login(PASSWORD, 'ann').expect(429);
    await testApp.client().post('/auth/register').send({ username: 'ANN', password: PASSWORD }).expect(409);
    expect(records.map(({ event, username }) => [event, username])).toEqual([
      ['loginFailed', 'Ann'],
      ['locked', undefined],
      ['loginFailed', undefined],
      ['locked', undefined],
      ['registerFailed', 'ANN'],
    ]);
    expect(JSON.stringify(records)).not.toContain(PASSWORD);
  });

  test('is not written for outages, which concern no user', async () => {
    const outage = new AuthError('SERVICE_UNAVAILABLE', { cause: new Error('down') });
    jest.spyOn(users, 'findByUsername').mockRejectedValue(outage);
    await login('bob', PASSWORD).expect(503);
    expect(records).toEqual([]);
  });

  test('is plain JSON, so nothing is lost when it is written to a file', async () => {
    const { refreshToken } = await testApp.tokensOf('ann');
    await testApp.client().post('/auth/refresh').send({ refreshToken }).expect(200);
    await testApp.client().post('/auth/logout').send({ refreshToken }).expect(200);
    expect(records).toHaveLength(3);
    expect(JSON.parse(JSON.stringify(records))).toEqual(records);
    for (const record of records) expect(Object.values(record)).not.toContain(undefined);
  });
});

describe('failing audit logs', () => {
  test.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('the disk is full');
      },
    ],
    ['rejects', () => Promise.reject(new Error('the disk is full'))],
  ])(
    'an audit log that %s breaks no request: the failure becomes a warning without secrets',
    async (_how, failing) => {
      const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
      const outputs = [
        jest.spyOn(process.stdout, 'write').mockReturnValue(true),
        jest.spyOn(process.stderr, 'write').mockReturnValue(true),
        ...(['log', 'info', 'warn', 'error'] as const).map((name) =>
          jest.spyOn(console, name).mockReturnValue(),
        ),
      ];
      const users = new MemoryUserStore();
      await users.create({ username: 'ann', passwordHash });
      const testApp = createTestApp({ users, audit: failing });
      const credentials = { username: 'ann', password: PASSWORD, transport: 'body' };
      const login = await testApp.client().post('/auth/login').send(credentials);
      const { refreshToken } = login.body as { refreshToken: string };
      const refresh = await testApp.client().post('/auth/refresh').send({ refreshToken });
      const printed = outputs.flatMap(({ mock }) => mock.calls as unknown[]);
      const warned = warn.mock.calls.map(String);
      jest.restoreAllMocks();
      await testApp.auth.close();

      expect([login.status, refresh.status]).toEqual([200, 200]);
      expect(warned).toEqual([
        expect.stringMatching(/'login'.*the disk is full/),
        expect.stringMatching(/'refresh'.*the disk is full/),
      ]);
      expect(printed).toEqual([]);
      for (const secret of [PASSWORD, passwordHash, ...refreshToken.split('.')])
        expect(warned.join()).not.toContain(secret);
    },
  );
});
