import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { judgeClock } from '../../src/cli/doctor/check-clock';
import { checkEnvironment, checkNode } from '../../src/cli/doctor/check-environment';
import { judgeEviction, judgePersistence, judgeVersion } from '../../src/cli/doctor/check-redis';
import { checkSecrets } from '../../src/cli/doctor/check-secrets';
import { checkUrl, judgeCookies, type Fetch } from '../../src/cli/doctor/check-url';
import type { Finding } from '../../src/cli/doctor/finding';
import { createTestApp } from '../helpers/apps/app';
import { createDatabase } from '../helpers/apps/backends';
import { cli, expectCliFailure } from '../helpers/apps/cli';
import { freePort } from '../helpers/servers/free-port';

const levels = (findings: Finding[]) => findings.map(({ level }) => level);
const lines = (findings: Finding[]) => findings.map(({ level, message }) => `${level}: ${message}`);

const STRONG = { ACCESS_TOKEN_SECRET: 'b8f1c0', REFRESH_TOKEN_SECRET: '' };
STRONG.ACCESS_TOKEN_SECRET = 'k3Jq9vR2xLm8TzWn5YpBc7HdFg4SaUe1';
STRONG.REFRESH_TOKEN_SECRET = '5f2a9c7e1b3d8046f7a2c9e4b1d6835f'; // 16 bytes in hexadecimal

describe('secrets', () => {
  test.each<[string, string | undefined, RegExp]>([
    ['a missing secret', undefined, /is not set/],
    ['an empty secret', '', /is not set/],
    ['a short secret', 'k3Jq9vR2xLm8TzWn5YpBc7HdFg4SaUe', /has 31 bytes; 32 are the least/],
    ['a placeholder', 'change-me-to-something-that-is-long-enough', /looks like a placeholder/],
    ['a sentence about itself', 'this is my very own secret for signing tokens', /looks like a placeholder/],
    ['a secret that repeats itself', 'abcd'.repeat(12), /repeats itself/],
  ])('%s fails', (_what, secret, message) => {
    const [finding] = checkSecrets({ ...STRONG, ACCESS_TOKEN_SECRET: secret });
    expect(finding).toMatchObject({ level: 'fail', message: expect.stringMatching(message) as string });
    expect(finding?.cure).toContain('npx passport-visa secret');
    if (secret) expect(JSON.stringify(finding)).not.toContain(secret);
  });

  test('each secret of a list in one variable is checked', () => {
    const { ACCESS_TOKEN_SECRET: one, REFRESH_TOKEN_SECRET: other } = STRONG;
    const third = 'Zt7Qe2Lw9XcV4bNm6KjH1gFdS8aPoIu3';
    const check = (access: string) => lines(checkSecrets({ ...STRONG, ACCESS_TOKEN_SECRET: access }));
    expect(check(`${one} ${third}`)).toEqual([
      'ok: ACCESS_TOKEN_SECRET (1 of 2) is set, 32 bytes, enough for HS256 only',
      'ok: ACCESS_TOKEN_SECRET (2 of 2) is set, 32 bytes, enough for HS256 only',
      'ok: REFRESH_TOKEN_SECRET is set, 32 bytes',
    ]);
    expect(check(`${one} short`)).toContain(
      'fail: ACCESS_TOKEN_SECRET (2 of 2) has 5 bytes; 32 are the least',
    );
    expect(check(`change-me-to-something-that-is-long ${one}`)[0]).toMatch(
      /^fail.*\(1 of 2\) looks like a placeholder/,
    );
    expect(check(`${one} ${other}`).at(-1)).toBe('fail: both lists have a secret in common');
  });

  test('random secrets pass, in base64 and in hexadecimal; the same secret twice fails', () => {
    expect(levels(checkSecrets(STRONG))).toEqual(['ok', 'ok']);
    const same = checkSecrets({ ...STRONG, REFRESH_TOKEN_SECRET: STRONG.ACCESS_TOKEN_SECRET });
    expect(lines(same).at(-1)).toBe('fail: both secrets are the same');
  });
});

test.each<[number, Finding['level'], RegExp]>([
  [0, 'ok', /0\.0 s ahead/],
  [4900, 'ok', /4\.9 s ahead/],
  [-5000, 'warn', /5\.0 s behind/],
  [60_000, 'warn', /60\.0 s ahead/],
  [-60_500, 'fail', /60\.5 s behind this machine's; 60 s are tolerated/],
])('a clock that is %p ms ahead gives %s', (aheadMs, level, message) => {
  expect(judgeClock('redis', aheadMs)).toMatchObject({
    level,
    message: expect.stringMatching(message) as string,
  });
});

test('the version of Node is compared with what the package supports', () => {
  expect(checkNode('20.19.0', '>=20.19').level).toBe('ok');
  expect(checkNode('24.1.0', '>=20.19').level).toBe('ok');
  expect(checkNode('20.9.1', '>=20.19')).toMatchObject({
    level: 'fail',
    cure: 'install Node 20.19 or newer',
  });
});

test('the doctor checks NODE_ENV and TRUST_PROXY', () => {
  expect(levels(checkEnvironment({ NODE_ENV: 'production', TRUST_PROXY: '1' }))).toEqual(['ok', 'ok']);
  expect(levels(checkEnvironment({}))).toEqual(['warn', 'ok']);
  expect(levels(checkEnvironment({ TRUST_PROXY: 'true' }))).toEqual(['warn', 'fail']);
  const production = { NODE_ENV: 'production', BASE_URL: 'http://app.example.com' };
  expect(levels(checkEnvironment(production))).toEqual(['ok', 'ok', 'fail']);
  expect(levels(checkEnvironment({ ...production, BASE_URL: 'HTTPS://app.example.com' }))).toEqual([
    'ok',
    'ok',
  ]);
});

test('the doctor judges the version, eviction and persistence that Redis reports', () => {
  expect(judgeVersion({ redis_version: '6.0.16' }).level).toBe('fail');
  expect(judgeVersion({ redis_version: '6.2.0' }).level).toBe('ok');
  expect(judgeEviction({ maxmemory_policy: 'volatile-lru', maxmemory: '100' }).level).toBe('fail');
  expect(judgeEviction({ maxmemory_policy: 'allkeys-lru', maxmemory: '0' }).level).toBe('warn');
  expect(judgeEviction({}).level).toBe('warn');
  expect(judgePersistence({ aof_enabled: '1' }, '').level).toBe('ok');
  expect(judgePersistence({ aof_enabled: '0' }, '3600 1').level).toBe('warn');
  expect(judgePersistence({ aof_enabled: '0' }, undefined).level).toBe('warn');
  expect(judgePersistence({ aof_enabled: '0', connected_slaves: '1' }, '').level).toBe('warn');
  expect(judgePersistence({ aof_enabled: '0', connected_slaves: '0' }, '').level).toBe('fail');
});

describe('--url', () => {
  /** A site that answers as passport-visa does. @param headers further headers of its answer to /check */
  function site(
    headers: Record<string, string> = {},
    cookie = 'accessToken=; Path=/; HttpOnly; Secure; SameSite=Strict',
  ): Fetch {
    return (url, init) => {
      if (url.protocol === 'http:')
        return Promise.resolve(
          new Response(null, { status: 308, headers: { location: `https://${url.host}/` } }),
        );
      if (url.pathname === '/auth/check')
        return Promise.resolve(
          Response.json(
            { code: 'NO_ACCESS_TOKEN' },
            { status: 401, headers: { 'cache-control': 'no-store', ...headers } },
          ),
        );
      const foreign = new Headers(init.headers).get('origin') !== 'https://app.example.com';
      return Promise.resolve(
        foreign
          ? new Response(null, { status: 403 })
          : new Response('{}', { headers: { 'set-cookie': cookie } }),
      );
    };
  }
  const base = new URL('https://app.example.com/auth/');
  const hsts = { 'strict-transport-security': 'max-age=31536000' };

  test("a proxy that drops the port is told from one that Express doesn't know of", async () => {
    const { app } = createTestApp();
    const find = async (host: string) => {
      const server = createServer((req, res) => {
        req.headers.host = host;
        (app as (req: unknown, res: unknown) => void)(req, res);
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const findings = await checkUrl(new URL(`http://127.0.0.1:${port}/auth`));
      server.closeAllConnections();
      server.close();
      return findings.find(({ message }) => message.startsWith('it takes its own pages'))?.cure;
    };
    expect(await find('127.0.0.1')).toContain('$http_host');
    expect(await find('internal:8080')).toContain('trust proxy');
  });

  test('a correct site passes', async () => {
    expect(lines(await checkUrl(base, site(hsts)))).toEqual([
      'ok: /check answers 401 NO_ACCESS_TOKEN, and is not cached',
      'ok: Strict-Transport-Security is set',
      'ok: it knows its own origin',
      'ok: it refuses requests of other sites',
      'ok: the cookie accessToken: HttpOnly, Secure, samesite=strict',
      'ok: plain HTTP leads to HTTPS',
    ]);
  });

  test('the doctor reports missing HSTS, cookies that are not Secure and a clock that is behind', async () => {
    const date = new Date(Date.now() - 90_000).toUTCString();
    const findings = await checkUrl(base, site({ date }, 'accessToken=; HttpOnly; SameSite=None'));
    const problems = findings.filter(({ level }) => level !== 'ok');
    expect(lines(problems)).toEqual([
      'warn: Strict-Transport-Security is not set',
      expect.stringMatching(/^fail: its clock is (89|90)\.\d s behind/),
      'fail: the cookie accessToken is not Secure',
    ]);
    expect(problems.every(({ cure }) => cure)).toBe(true);
  });

  test.each([
    ['HttpOnly', 'a=; Secure; SameSite=Lax', 'fail'],
    ['SameSite', 'a=; HttpOnly; Secure', 'warn'],
    ['a strict SameSite', 'a=; HttpOnly; Secure; SameSite=None', 'warn'],
  ])('the doctor reports a cookie without %s', (_what, line, level) => {
    expect(levels(judgeCookies(base, [line]))).toEqual([level]);
  });

  test('plain HTTP to another machine fails', async () => {
    const answers: Fetch = (url, init) => site()(new URL(url.href.replace('http:', 'https:')), init);
    const findings = await checkUrl(new URL('http://app.example.com/auth'), answers);
    expect(lines(findings)).toContain('fail: it is plain HTTP: whoever listens can log in as anybody');
    // The app answered as if it were behind an HTTPS proxy, without `trust proxy`.
    expect(lines(findings)).toContain('fail: it takes its own pages for those of another site');
  });
});

test('one report covers a running app, its database and its environment', async () => {
  const testApp = createTestApp();
  const server = createServer(testApp.app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const database = await createDatabase();
  const env = { ...STRONG, NODE_ENV: 'production', DATABASE_URL: database.url };

  const failing = await cli(['doctor', '--url', `${url}/nowhere`], { env });
  expect(failing).toMatchObject({ status: 1, stderr: '' });
  expect(failing.stdout).toMatch(
    /^fail {2}postgres: the table visa_users is missing -> run `npx passport-visa migrate`; with a table of your own: doctor --users-table people --columns username=email,…; with another user store: doctor --only sessions$/m,
  );
  expect(failing.stdout).toMatch(
    /^fail {2}url: \/check answered 404 and not as passport-visa does -> give the URL/m,
  );

  await cli(['migrate'], { env });
  await database.pool.query('ALTER TABLE visa_revocations DROP COLUMN written_by');
  await database.pool.query('ALTER TABLE visa_credentials DROP COLUMN data');
  await database.pool.query('DROP TABLE visa_one_time_tokens');
  const old = await cli(['doctor'], { env });
  expect(old.stdout).toMatch(/^fail {2}postgres: the table visa_revocations lacks written_by -> run/m);
  expect(old.stdout).toMatch(/^fail {2}postgres: the table visa_credentials lacks data -> run/m);
  expect(old.stdout).toMatch(/^fail {2}postgres: the table visa_one_time_tokens is missing -> run/m);
  expect(old.status).toBe(1);

  await database.pool.query('DROP TABLE visa_revocations, visa_credentials');
  const older = await cli(['doctor'], { env });
  expect(older.stdout).toMatch(/^fail {2}postgres: the table visa_credentials is missing -> run/m);
  await cli(['migrate'], { env });
  const { status, stdout } = await cli(['doctor', '--json', '--url', `${url}/auth`], { env });
  const report = JSON.parse(stdout) as { healthy: boolean; findings: Finding[] };
  expect(lines(report.findings.filter(({ level }) => level !== 'ok'))).toEqual([
    'warn: it is plain HTTP, which is for your own machine alone',
  ]);
  expect(lines(report.findings)).toContain('ok: the cookie refreshToken: HttpOnly, samesite=strict');
  expect([status, report.healthy]).toEqual([0, true]);

  await database.pool.query(`ALTER TABLE visa_users DROP CONSTRAINT visa_users_username_key_key,
    ADD COLUMN city text NOT NULL, ALTER COLUMN disabled TYPE text USING 'no'`);
  const changed = await cli(['doctor'], { env });
  for (const line of [
    'the column disabled (columns.disabled) has the type text, and must be a boolean -> name another column',
    'the column username_key (columns.usernameKey) has no unique index -> CREATE UNIQUE INDEX visa_users_username_key ON visa_users (username_key);',
    'the column city is NOT NULL without a default, and no registration fills it -> give register.schema',
  ])
    expect(changed.stdout).toContain(`fail  postgres: visa_users: ${line}`);

  const env2 = { ...env, DATABASE_URL: `postgres://127.0.0.1:${await freePort()}/x` };
  const down = await cli(['doctor', '--url', `http://127.0.0.1:${await freePort()}/auth`], { env: env2 });
  expect(down.stdout).toMatch(
    /^fail {2}postgres: PostgreSQL at \S+ can't be used: connect ECONNREFUSED.* -> start the server/m,
  );
  expect(down.stdout).toMatch(/^fail {2}url: http:\S+ can't be reached: connect ECONNREFUSED/m);
  const elsewhere = await cli(['doctor'], { env: { ...env, DATABASE_URL: `${database.url}_no` } });
  expect(elsewhere.stdout).toMatch(
    /^fail {2}postgres: .* does not exist -> the server is there and refuses: .*DATABASE_URL/m,
  );
  const other = await cli(['doctor'], { env: { ...env, DATABASE_URL: 'mysql://127.0.0.1/x' } });
  expect(other.stdout).toMatch(
    /^fail {2}postgres: DATABASE_URL must be a URL .* run `doctor --only sessions`.* -> correct DATABASE_URL$/m,
  );
  server.close();
  await testApp.auth.close();
  await database.close();
});

test.each([
  [['--users-table', 'A;B'], /table must be a lower-case table name/],
  [['--identities-table', 'A B'], /identitiesTable must be a lower-case table name/],
  [['--sessions-table', 'A B'], /table must be a lower-case table name/],
  [['--prefix', 'app'], /--prefix is for a SqliteUserStore, or for --columns/],
  [['--redis-prefix', 'a{b}'], /keyPrefix must not contain/],
])('the wrong options %j are wrong usage, and no fault of DATABASE_URL', async (options, message) => {
  const database = await createDatabase();
  const env = {
    DATABASE_URL: database.url,
    ...(options.includes('--redis-prefix') && { REDIS_URL: process.env['TEST_REDIS_URL'] }),
  };
  expectCliFailure(await cli(['doctor', ...options], { env }), 2, message);
  await database.close();
});
