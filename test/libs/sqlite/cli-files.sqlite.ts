import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { RedisRefreshTokenStore } from '../../../src';
import { SqliteRefreshTokenStore, SqliteUserStore } from '../../../src/stores/sqlite';
import { cli, cliJson, cliPid, cliProcess, expectCliFailure } from '../../helpers/apps/cli';
import { startRedis } from '../../helpers/servers/servers';
import { newSession } from '../../stores/samples';
import { DRIVERS, type TestDatabase } from './databases';
import { within } from '../../helpers/within';

const ROOT = join(__dirname, '../../..');
const [[, open]] = DRIVERS as [(typeof DRIVERS)[number]];

let folder: string;
let file: string;
let env: Record<string, string>;
let files = 0;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'passport-visa-sqlite-'))));
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  file = join(folder, `${(files += 1)}.db`);
  env = { DATABASE_URL: `sqlite:${file}` };
});

/** One piece of work on the file, past the command. */
async function onFile<T>(work: (database: TestDatabase) => T | Promise<T>): Promise<T> {
  const database = open(file);
  try {
    return await work(database);
  } finally {
    database.close();
  }
}
const tables = () =>
  onFile((database) =>
    (
      database.prepare(`SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`).all() as {
        name: string;
      }[]
    )
      .map(({ name }) => name)
      .filter((name) => !name.startsWith('sqlite_')),
  );
const TABLES = [
  'attempts',
  'credentials',
  'identities',
  'one_time_tokens',
  'refresh_tokens',
  'revocations',
  'users',
].map((name) => `visa_${name}`);

/** What the doctor says of the file. */
async function doctor(...args: string[]): Promise<[status: number | null, lines: string[]]> {
  const { status, stdout } = await cli(['doctor', ...args], { env });
  const lines = stdout.split('\n').filter((line) => /^\w+ +sqlite: /.test(line));
  return [status, lines.map((line) => line.replace(/ +sqlite/, ' sqlite').replaceAll(file, 'FILE'))];
}

describe('migrate', () => {
  test('makes the file and its tables, in several processes at once, and can be repeated', async () => {
    const results = await Promise.all([1, 2, 3].map(() => cliProcess(['migrate'], { env })));
    for (const result of results)
      expect(result).toEqual({
        status: 0,
        stdout: 'The schema of users and sessions is up to date\n',
        stderr: '',
      });
    expect(await tables()).toEqual(TABLES);
    expect(await cliJson(['migrate'], { env })).toEqual({ migrated: ['users', 'sessions'] });
    await onFile((database) => new SqliteUserStore(database).ready());
  });

  test('--only makes one part, and options rename the tables', async () => {
    await cliJson(['migrate', '--only', 'users', '--users-table', 'people', '--prefix', 'app'], { env });
    expect(await tables()).toEqual(['app_credentials', 'app_identities', 'people']);
    await cliJson(['migrate', '--only', 'sessions', '--sessions-table', 'logins'], { env });
    expect(await tables()).toContain('logins');
  });

  test.each([
    [['--dry-run'], true],
    [['--dialect', 'sqlite'], false],
  ])('%s prints the SQL that migrate runs, and opens nothing', async (options, isUrlSet) => {
    const { stdout: sql } = await cli(['migrate', ...options], { env: isUrlSet ? env : {} });
    expect(existsSync(file)).toBe(false);
    await onFile((database) => database.exec(sql));
    expect(await tables()).toEqual(TABLES);
    expect((await doctor())[1].filter((line) => !line.startsWith('ok'))).toEqual([]);
    const parts = await cliJson<Record<string, string>>(['migrate', ...options], {
      env: isUrlSet ? env : {},
    });
    expect(`${parts['users']}\n${parts['sessions']}\n`).toBe(sql);
  });

  test('--beside prints the SQL of SQLite, and --dialect postgres is refused', async () => {
    await onFile((database) =>
      database.exec('CREATE TABLE people (id integer PRIMARY KEY, email text UNIQUE, hash text)'),
    );
    const { stdout: sql } = await cli(['migrate', '--beside', 'people', '--prefix', 'app'], { env });
    const options = {
      table: 'people',
      columns: { id: 'id', username: 'email', passwordHash: 'hash' },
      prefix: 'app',
    };
    await onFile(async (database) => {
      database.exec(sql);
      await new SqliteUserStore(database, options).ready();
    });
    expectCliFailure(await cli(['migrate', '--dialect', 'postgres'], { env }), 2, /names a file of SQLite/);
  });
});

describe('migrate and a file that another process has locked', () => {
  test.each(['wal', 'delete'])('it waits for the lock, in the mode %s', async (mode) => {
    const lock = open(file);
    lock.exec(`PRAGMA journal_mode = ${mode}; CREATE TABLE mine (id integer); BEGIN EXCLUSIVE`);
    let isDone = false;
    const migration = cliProcess(['migrate'], { env });
    void migration.then(() => (isDone = true));
    await sleep(4000); // longer than any other command takes
    expect(isDone).toBe(false);
    lock.exec('COMMIT');
    expect(await migration).toMatchObject({ status: 0, stderr: '' });
    lock.close();
    expect(await tables()).toEqual(['mine', ...TABLES]);
  });
});

describe('doctor', () => {
  test('finds what is missing, and says how to get it', async () => {
    const migrate = 'run `npx passport-visa migrate`';
    expect(await doctor()).toEqual([
      1,
      [`fail sqlite: there is no file FILE -> correct DATABASE_URL, or ${migrate}`],
    ]);
    expect(existsSync(file)).toBe(false);
    await cli(['migrate'], { env });
    const healthy = await doctor();
    expect(healthy[1]).toEqual([
      expect.stringMatching(/^ok sqlite: SQLite 3\.\d+\.\d+, by node:sqlite$/),
      "ok sqlite: the file is in WAL mode, so readers and a writer don't wait for each other",
      ...[
        'users',
        'identities',
        'credentials',
        'refresh_tokens',
        'attempts',
        'revocations',
        'one_time_tokens',
      ].map((name) => `ok sqlite: the table visa_${name} is up to date`),
    ]);
    await onFile((database) => {
      database.exec('ALTER TABLE visa_refresh_tokens DROP COLUMN amr');
      database.exec('DROP TABLE visa_users');
      database.exec('DROP TABLE visa_one_time_tokens');
      database.exec('PRAGMA journal_mode = DELETE');
    });
    const [status, lines] = await doctor();
    expect([status, lines.filter((line) => !line.startsWith('ok'))]).toEqual([
      1,
      [
        `fail sqlite: the file is in the mode delete, in which readers and a writer wait for each other -> ${migrate}, which switches it to WAL`,
        `fail sqlite: the table visa_users is missing -> ${migrate}; with a table of your own: doctor --users-table people --columns username=email,…; with another user store: doctor --only sessions`,
        `fail sqlite: the table visa_refresh_tokens lacks amr -> ${migrate}`,
        `fail sqlite: the table visa_one_time_tokens is missing -> ${migrate}`,
      ],
    ]);
    expect(await tables()).not.toContain('visa_users');
    const only = await doctor('--only', 'sessions');
    expect(only[1].join('\n')).not.toContain('visa_users');
    await onFile((database) =>
      database.exec('CREATE TABLE people (id integer PRIMARY KEY, email text NOT NULL, password text)'),
    );
    const columns = ['--users-table', 'people', '--columns', 'username=email,passwordHash=password'];
    expect((await doctor(...columns))[1]).toContain(
      'fail sqlite: people: the column email (columns.username) has no unique index -> CREATE UNIQUE INDEX people_email ON people (email);',
    );
    await onFile((database) => database.exec('CREATE UNIQUE INDEX people_email ON people (email)'));
    expect((await doctor(...columns))[1]).toContain('ok sqlite: the table people fits --columns');
  });

  test('with Redis it looks at users alone, and knows those who have sessions', async () => {
    await cli(['migrate', '--only', 'users'], { env });
    const redis = await startRedis();
    const client = new Redis(redis.url);
    try {
      env['REDIS_URL'] = redis.url;
      const store = new RedisRefreshTokenStore(client);
      const user = { username: 'ann', passwordHash: null };
      const { id } = await onFile((database) => new SqliteUserStore(database).create(user));
      await store.create(newSession(id, 'one'));
      const strangers = async () =>
        /(\d) of \d users who have sessions/.exec((await cli(['doctor'], { env })).stdout)?.[1];
      expect(await strangers()).toBeUndefined();
      expect((await doctor())[1].join('\n')).not.toContain('visa_refresh_tokens');
      await store.create(newSession('somebody else', 'two'));
      expect(await strangers()).toBe('1');
    } finally {
      client.disconnect();
      await redis.stop();
    }
  });
});

describe('the address', () => {
  const forms = [
    'sqlite:NAME',
    'file:./NAME',
    'sqlite://NAME',
    'SQLite:PATH',
    'file://PATH',
    'file:PATH?mode=rw',
  ];
  test.each(forms)('%s', async (form) => {
    await cli(['migrate'], { env });
    const url = form.replace('NAME', basename(file)).replace('PATH', file);
    const options = { cwd: folder, env: { DATABASE_URL: url } };
    expect((await cliJson<{ users: unknown[] }>(['users', 'list'], options)).users).toEqual([]);
  });

  test.each<[url: string, status: number, message: RegExp]>([
    ['sqlite:', 2, /must name the file of SQLite: sqlite:app\.db/],
    ['file::memory:?cache=shared', 2, /A database in memory is inside your app's process/],
    ['sqlite:missing.db', 1, /There is no file \/.*missing\.db: correct DATABASE_URL, or create it with/],
    ['sqlite:text.db', 1, /SQLite at \/.*text\.db can't be used: file is not a database/],
    ['sqlite:.', 1, /SQLite at \/.* can't be used: unable to open database file/],
  ])('%s is refused with status %i', async (url, status, message) => {
    writeFileSync(
      join(folder, 'text.db'),
      'This text is not a database, and long enough to have a header.'.repeat(20),
    );
    const options = { cwd: folder, env: { DATABASE_URL: url } };
    expectCliFailure(await cli(['users', 'list'], options), status, message);
    const { stdout } = await cli(['doctor'], options);
    expect(stdout).toMatch(/^fail {2}sqlite: .* -> (correct|see whether) DATABASE_URL/m);
    expect(existsSync(join(folder, 'missing.db'))).toBe(false);
  });
});

test('options of the other database are refused', async () => {
  await cli(['migrate'], { env });
  const wrong = await cli(['sessions', 'list', 'ann', '--credentials-table', 'keys'], { env });
  expectCliFailure(wrong, 2, /in SQLite the option --prefix names these tables/);
  const postgres = await cli(['migrate', '--dry-run', '--prefix', 'app']);
  expectCliFailure(postgres, 2, /--prefix is for a SqliteUserStore/);
});

test('sessions of users in a store of your own are listed and ended by their id, in every process', async () => {
  await cli(['migrate', '--only', 'sessions'], { env });
  const store = open(file);
  const app = new SqliteRefreshTokenStore(store);
  await app.create(newSession('-42', 'one'));
  const { sessions } = await cliJson<{ sessions: object[] }>(['sessions', 'list', '--id', '-42'], { env });
  expect(sessions).toMatchObject([{ id: 'one' }]);
  const ended = await cli(['sessions', 'end', '--id', '-42', '--all'], { env });
  expect(ended).toEqual({ status: 0, stdout: 'Sessions ended: 1\n', stderr: '' });
  expect(await app.list('-42')).toEqual([]);
  store.close();
});

test('a file that the app has locked is reported within two seconds, in words', async () => {
  await cli(['migrate'], { env });
  const locking = open(file);
  locking.exec('BEGIN IMMEDIATE');
  const end = () => cli(['sessions', 'end', '--id', '42', '--all'], { env });
  const result = await within(2000, end, cliPid());
  expectCliFailure(result, 1, /^passport-visa: The file of SQLite can't be used: database is locked\n$/);
  locking.close();
});

describe('where Node has no SQLite', () => {
  const withoutSqlite = { NODE_OPTIONS: '--no-experimental-sqlite' };

  /** An app that has installed this package, and perhaps better-sqlite3. */
  function installed(name: string, ...others: string[]): string {
    const modules = join(folder, name, 'node_modules');
    mkdirSync(join(modules, 'passport-visa'), { recursive: true });
    for (const part of ['dist', 'package.json'])
      cpSync(join(ROOT, part), join(modules, 'passport-visa', part), { recursive: true });
    for (const each of readdirSync(join(ROOT, 'node_modules')))
      symlinkSync(join(ROOT, 'node_modules', each), join(modules, each));
    for (const each of others) symlinkSync(join(ROOT, 'test/libs/node_modules', each), join(modules, each));
    return join(modules, 'passport-visa/dist/cli/main.js');
  }

  test('the commands take better-sqlite3', async () => {
    const main = installed('with', 'better-sqlite3');
    const run = (...args: string[]) => cliProcess(args, { main, env: { ...env, ...withoutSqlite } });
    expect(await run('users', 'list')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('no file') as string,
    });
    expect(await run('migrate')).toMatchObject({ status: 0, stderr: '' });
    await onFile((database) => new SqliteUserStore(database).create({ username: 'ann', passwordHash: null }));
    const ended = await run('users', 'disable', 'ann');
    expect(ended).toEqual({ status: 0, stdout: 'Disabled "ann"; sessions ended: 0\n', stderr: '' });
    expect((await run('doctor')).stdout).toMatch(/^ok {4}sqlite: SQLite 3\.\S+, by better-sqlite3$/m);
  });

  test('without it they say what to install', async () => {
    const main = installed('without');
    const run = (...args: string[]) => cliProcess(args, { main, env: { ...env, ...withoutSqlite } });
    writeFileSync(file, '');
    const failed = await run('users', 'list');
    expectCliFailure(
      failed,
      1,
      /The package better-sqlite3 is missing: run `npm install .* Node 22\.13 and newer need no/,
    );
    expect((await run('doctor')).stdout).toMatch(
      /^fail {2}sqlite: The package better-sqlite3 is missing.* -> install it/m,
    );
  });
});
