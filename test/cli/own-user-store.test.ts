import { PostgresRefreshTokenStore, RedisRefreshTokenStore } from '../../src';
import { newSession } from '../../src/testing/session-fixtures';
import { connectRedis, createDatabase, randomPrefix, type TestDatabase } from '../helpers/apps/backends';
import { cli, cliJson } from '../helpers/apps/cli';

/** An app whose users are in a table of its own. The command knows only their ids. */
let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
  await new PostgresRefreshTokenStore(database.pool).migrate();
});
afterAll(() => database.close());

describe.each(['redis', 'postgres'])('sessions in %s of a user store of your own', (kind) => {
  const prefix = randomPrefix();
  const redis = connectRedis();
  afterAll(() => redis.disconnect());
  const env = () =>
    kind === 'redis' ? { REDIS_URL: process.env['TEST_REDIS_URL'] } : { DATABASE_URL: database.url };
  const options = kind === 'redis' ? ['--redis-prefix', prefix] : [];
  const run = (...args: string[]) => cli(['sessions', ...args, ...options], { env: env() });

  test('sessions list and sessions end take the id of the user', async () => {
    const store =
      kind === 'redis'
        ? new RedisRefreshTokenStore(redis, { keyPrefix: prefix })
        : new PostgresRefreshTokenStore(database.pool);
    const userId = '-42';
    const [one, two, three] = [newSession({ userId }), newSession({ userId }), newSession({ userId })];
    for (const session of [one, two, three]) await store.create(session);
    const { sessions } = await cliJson<{ sessions: { id: string }[] }>(
      ['sessions', 'list', '--id', userId, ...options],
      { env: env() },
    );
    expect(sessions.map(({ id }) => id).sort()).toEqual(
      [one, two, three].map(({ sessionId }) => sessionId).sort(),
    );
    expect((await run('end', '--id', userId, one.sessionId)).stdout).toBe('Sessions ended: 1\n');
    expect((await run('end', '--id', userId, one.sessionId)).stderr).toContain(
      `The user -42 has no session ${one.sessionId}`,
    );
    expect((await run('end', '--id', userId, '--all')).stdout).toBe('Sessions ended: 2\n');
    expect((await run('list', '--id', userId)).stderr).toBe('The user -42 has no sessions\n');
  });
});

test.each([
  ['list'],
  ['list', 'ann', '--id', '42'],
  ['end', '--all'],
  ['end', 'ann'],
  ['end', '--id', '42'],
  ['end', '--id', '42', 'one', 'two'],
  ['end', '--id', '42', 'one', '--all'],
])('sessions %s %s %s %s %s is refused', async (...args) => {
  const { status, stderr } = await cli(['sessions', ...args], { env: { DATABASE_URL: database.url } });
  expect(status).toBe(2);
  expect(stderr).toMatch(/--id/);
});

test.each([
  ['list', 'ann'],
  ['end', 'ann', '--all'],
  ['end', 'ann', 'CxtGl3WtrT3w1jHdOM2e7Q'],
])('sessions %s %s %s without DATABASE_URL names the option that does without it', async (...args) => {
  const { status, stderr } = await cli(['sessions', ...args], {
    env: { REDIS_URL: process.env['TEST_REDIS_URL'] },
  });
  expect(status).toBe(2);
  expect(stderr).toMatch(/DATABASE_URL is not set: .* name the user by --id <id>/);
});

test('sessions --id without a URL names both variables', async () => {
  const { status, stderr } = await cli(['sessions', 'list', '--id', '42']);
  expect(status).toBe(2);
  expect(stderr).toMatch(/DATABASE_URL is not set: .* set REDIS_URL in its place/);
});

test('the doctor looks at what is in use, and names the way out where the table of users is missing', async () => {
  interface Report {
    findings: { about: string; level: string; message: string; cure?: string }[];
  }
  const doctor = async (args: string[], env: Record<string, string | undefined>) => {
    const { stdout } = await cli(['doctor', ...args, '--json'], { env });
    return (JSON.parse(stdout) as Report).findings.filter(({ about }) => about === 'postgres');
  };
  const postgres = { DATABASE_URL: database.url };
  const failed = (await doctor([], postgres)).filter(({ level }) => level === 'fail');
  expect(failed[0]).toMatchObject({
    message: 'the table visa_users is missing',
    cure: expect.stringContaining('doctor --only sessions') as string,
  });
  const only = await doctor(['--only', 'sessions'], postgres);
  expect(only.filter(({ level }) => level !== 'ok')).toEqual([]);
  expect(only.map(({ message }) => message)).toContain('the table visa_refresh_tokens is up to date');
  const withRedis = await doctor(['--only', 'sessions'], { REDIS_URL: process.env['TEST_REDIS_URL'] });
  expect(withRedis).toMatchObject([{ level: 'ok' }]);
  for (const [last] of [only.slice(-1), withRedis])
    expect(last?.message).toContain('`await auth.ready()` checks when your app starts');
});

describe('with --columns, commands work on a table of the app', () => {
  const env = () => ({ DATABASE_URL: database.url });
  const people = ['--users-table', 'people', '--columns'];
  const mapping = [...people, 'username=email,passwordHash=hash,disabled=!active'];

  test('the doctor checks it as auth.ready() does, migrate makes the tables beside it, users manages its users', async () => {
    const doctor = async () => {
      const { stdout } = await cli(['doctor', ...mapping], { env: env() });
      return stdout.split('\n').filter((line) => / postgres: .*people/.test(line));
    };
    expect(await doctor()).toContain('fail  postgres: the table people is missing -> correct --users-table');
    await database.pool.query(
      'CREATE TABLE people (id serial PRIMARY KEY, email text NOT NULL, hash varchar(50), active boolean NOT NULL DEFAULT true)',
    );
    expect(await doctor()).toEqual([
      'fail  postgres: the table people_usernames is missing -> run `npx passport-visa migrate` with the same options',
      'fail  postgres: the table people_identities is missing -> run `npx passport-visa migrate` with the same options',
      'fail  postgres: the table people_credentials is missing -> run `npx passport-visa migrate` with the same options',
      'fail  postgres: people: the column hash (columns.passwordHash) has the type character varying(50), which is too short for a hash -> ALTER TABLE people ALTER COLUMN hash TYPE text;',
      'fail  postgres: people: the column email (columns.username) has no unique index -> CREATE UNIQUE INDEX people_email ON people (email);',
    ]);
    await database.pool.query(
      'ALTER TABLE people ALTER COLUMN hash TYPE text; CREATE UNIQUE INDEX people_email ON people (email)',
    );
    await cli(['migrate', '--only', 'users', ...mapping], { env: env() });
    expect((await doctor()).every((line) => line.startsWith('ok'))).toBe(true);
    const run = (...args: string[]) =>
      cli(['users', ...args, ...mapping], { env: env(), input: 'correct horse 42\n' });
    expect((await run('create', 'ann@example.com', '--password-stdin')).stderr).toBe('');
    expect((await run('disable', 'ANN@example.com')).stderr).toBe('');
    const { rows } = await database.pool.query('SELECT id, email, active FROM people');
    expect(rows).toEqual([{ id: 1, email: 'ann@example.com', active: false }]);
    expect((await run('list')).stdout).toMatch(/^ann@example.com +1 +- +disabled$/m);
  });

  test.each([
    [[...people, 'email'], /"email" is none of id, username, .* such as username=email/],
    [[...people, 'username='], /one column for username, such as username=email/],
    [[...people, 'username=email'], /must have username and passwordHash, such as username=email/],
    [[...people, 'username=email,passwordHash=hash,name=x'], /"name" is none of id, username/],
    [['--columns', 'username=email,passwordHash=hash'], /--columns needs --users-table/],
  ])('%j is refused', async (args, message) => {
    const { status, stderr } = await cli(['doctor', ...args], { env: env() });
    expect([status, stderr]).toEqual([2, expect.stringMatching(message)]);
  });
});
