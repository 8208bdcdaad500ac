import { checkSecondFactor } from '../../src/cli/doctor/check-second-factor';
import { checkSecrets } from '../../src/cli/doctor/check-secrets';
import { appDatabase, type AppDatabase } from '../helpers/apps/app-database';
import { cli, cliJson } from '../helpers/apps/cli';
import { factorApp } from '../features/second-factor/factor-app';
import type { FeatureStores } from '../helpers/apps/feature-stores';

let database: AppDatabase;
let env: Record<string, string>;
let stores: FeatureStores;
beforeAll(async () => {
  database = await appDatabase.open();
  env = { DATABASE_URL: database.url };
  const users = database.users();
  const refreshTokens = database.sessions();
  await users.migrate();
  await refreshTokens.migrate();
  stores = { users, refreshTokens };
});
afterAll(() => database.close());

test('users reset-factors lets a user log in by the password, and ends sessions in other processes', async () => {
  const factor = factorApp({ stores });
  await factor.auth.ready();
  const { id } = await factor.createUser('ann');
  const { browser, authenticator } = await factor.enrol('ann');
  const result = await cli(['users', 'reset-factors', 'Ann'], { env });
  expect([result.status, result.stdout]).toEqual([
    0,
    '"ann" logs in by password only: second factors removed: 1, sessions ended: 1\n',
  ]);
  const records = result.stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  expect(records).toMatchObject([
    { event: 'revoked', reason: 'factor-removed', userId: id },
    { event: 'factorRemoved', outcome: 'success', userId: id, kind: 'totp', session: null },
  ]);
  expect((await browser.post('/auth/refresh')).status).toBe(401);
  expect((await factor.firstStep(factor.browser(), 'ann')).status).toBe(200);

  const printed = await cliJson<{ factors: string[]; ended: string[]; audit: { event: string }[] }>(
    ['users', 'reset-factors', 'ann'],
    { env },
  );
  expect(printed).toEqual({
    user: { id, username: 'ann', roles: [], disabled: false },
    factors: [],
    ended: [expect.any(String)],
    audit: [expect.objectContaining({ event: 'revoked', userId: id })],
  });
  expect(JSON.stringify(printed.audit)).not.toContain(printed.ended[0]);
  expect(authenticator.id).toMatch(/^[\w-]{22}$/);
  await factor.auth.close();
});

test('it says that there is no such user', async () => {
  expect(await cli(['users', 'reset-factors', 'eve'], { env })).toEqual({
    status: 1,
    stdout: '',
    stderr: 'passport-visa: There is no user "eve"\n',
  });
});

describe('doctor', () => {
  const ACCESS_TOKEN_SECRET = 'k3Jq9vR2xLm8TzWn5YpBc7HdFg4SaUe1';
  const REFRESH_TOKEN_SECRET = '9c1f84e0b7d25a63f08e4c7b2d915a6fe3b8d047c2a9516e';
  const tokens = { ACCESS_TOKEN_SECRET, REFRESH_TOKEN_SECRET };
  const KEY = 'Zt7Qe2Lw9XcV4bNm6KjH1gFdS8aPoIu3';
  const findings = (FACTOR_KEY?: string) =>
    checkSecrets({ ...tokens, FACTOR_KEY })
      .slice(2)
      .map(({ level, message }) => `${level}: ${message}`);

  test.each<[key: string | undefined, found: string[]]>([
    [undefined, []],
    [KEY, ['ok: FACTOR_KEY is set, 32 bytes']],
    ['short', ['fail: FACTOR_KEY has 5 bytes; 32 are the least']],
    [
      'a-key-that-you-must-replace-before-production',
      ['fail: FACTOR_KEY looks like a placeholder that was never replaced'],
    ],
    [
      `${KEY} ${REFRESH_TOKEN_SECRET}`,
      [
        'ok: FACTOR_KEY (1 of 2) is set, 32 bytes',
        'ok: FACTOR_KEY (2 of 2) is set, 48 bytes',
        'fail: FACTOR_KEY and REFRESH_TOKEN_SECRET have a secret in common',
      ],
    ],
  ])('judges the key %s', (key, found) => {
    expect(findings(key)).toEqual(found);
  });

  test.each([
    [{ FACTOR_KEY: KEY, REDIS_URL: 'redis://a' }, 'ok', 'in Redis'],
    [{ FACTOR_KEY: KEY, DATABASE_URL: 'postgres://a' }, 'ok', 'in PostgreSQL'],
    [{ FACTOR_KEY: KEY, DATABASE_URL: 'file:./a.db' }, 'ok', 'in SQLite'],
    [{ FACTOR_KEY: KEY }, 'warn', 'in each process by itself'],
  ])('with %j the counters of tries are %s', (given, level, text) => {
    expect(checkSecondFactor(given)).toMatchObject([
      { level, message: expect.stringContaining(text) as string },
    ]);
    expect(checkSecondFactor({ ...given, FACTOR_KEY: undefined })).toEqual([]);
  });
});
