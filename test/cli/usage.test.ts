import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cli, cliJson, cliProcess, expectCliFailure } from '../helpers/apps/cli';
import { freePort } from '../helpers/servers/free-port';
import { reasonOf } from '../../src/cli/describe-error';

const ROOT = path.join(__dirname, '../..');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'passport-visa-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('help', () => {
  test('lists the commands at each level, with examples', async () => {
    const [top, users, create, version] = await Promise.all([
      cli(['--help']),
      cli(['users', '--help']),
      cli(['users', 'create', '--help']),
      cli(['--version']),
    ]);
    expect(top).toMatchObject({ status: 0, stderr: '' });
    for (const command of ['secret', 'migrate', 'users', 'sessions', 'doctor'])
      expect(top.stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
    expect(top.stdout).toContain('$ npx passport-visa secret >> .env');
    expect(top.stdout).toContain('arguments can be read by everybody');
    expect(top.stdout).toContain('Exit status: 0 done, 1 failed, 2 wrong usage.');
    for (const command of ['create', 'list', 'roles', 'disable', 'enable'])
      expect(users.stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
    expect(create.stdout).toMatch(/--password-stdin +read the password from stdin/);
    expect(create.stdout).toContain('$ npx passport-visa users create ann --roles admin,editor');
    expect(version.stdout.trim()).toBe(
      // eslint-disable-next-line @typescript-eslint/no-require-imports
      (require('../../package.json') as { version: string }).version,
    );
  });

  test('names no argument that takes a password or a server address', async () => {
    const all = await Promise.all(
      ['migrate', 'users create', 'users disable', 'sessions end', 'doctor'].map((command) =>
        cli([...command.split(' '), '--help']),
      ),
    );
    for (const { stdout } of all) expect(stdout).not.toMatch(/--password <|--(database|redis)-url/);
  });
});

const columns = (mapping: string) => ['--users-table', 'people', '--columns', mapping];

test.each<[string, string[], RegExp]>([
  ['no command', [], /Usage: passport-visa/],
  ['an unknown command', ['migrat'], /unknown command 'migrat'.*\n.*Did you mean migrate/],
  ['an unknown option', ['secret', '--jsn'], /unknown option '--jsn'/],
  ['a missing argument', ['users', 'create'], /missing required argument 'username'/],
  ['a wrong choice', ['migrate', '--only', 'roles'], /Allowed choices are users, sessions/],
  ['an empty page', ['users', 'list', '--limit', '0'], /whole number from 1 to 1000/],
  ['a lifetime without a unit', ['users', 'disable', 'ann', '--access-lifetime', '30'], /such as '30m'/],
  ['neither a session nor --all', ['sessions', 'end', 'ann'], /id of a session, or --all/],
  ['a session and --all', ['sessions', 'end', 'ann', 'x', '--all'], /id of a session, or --all/],
  ['an empty id', ['sessions', 'end', '--id', '', '--all'], /--id <userId>.*It must not be empty/],
  ['an empty id of a list', ['sessions', 'list', '--id='], /--id <userId>.*It must not be empty/],
  ['an id that no store has', ['sessions', 'list', '--id', 'x'.repeat(256)], /at most 255 characters/],
  ['an empty session id', ['sessions', 'end', 'ann', ''], /'sessionId'.*It must not be empty/],
  ['an empty name beside a session', ['sessions', 'end', '', 'x'], /'username'.*It must not be empty/],
  ['an empty name', ['users', 'roles', ''], /'username'.*It must not be empty/],
  ['roles and --none', ['users', 'roles', 'ann', 'admin', '--none'], /roles or --none, not both/],
  ['a role with a space', ['users', 'create', 'ann', '--roles', 'a b'], /A role must be a word/],
  ['no DATABASE_URL', ['users', 'list'], /DATABASE_URL is not set: put it into the environment/],
  ['an env file that is not there', ['users', 'list', '--env-file', 'none'], /none can't be read \(ENOENT\)/],
  ['a table name', ['migrate', '--dry-run', '--users-table', 'a;b'], /must be a lower-case table name/],
  [
    'a member twice',
    ['users', 'list', ...columns('username=a,passwordHash=b,username=c')],
    /names username twice/,
  ],
  ['a column twice', ['users', 'list', ...columns('username=a,passwordHash=a')], /columns names a twice/],
  ['the id twice', ['users', 'list', ...columns('username=id,passwordHash=a')], /columns names id twice/],
  [
    'a mark in a column',
    ['users', 'list', ...columns('username=a?,passwordHash=b')],
    /columns\.username.*have no \?/,
  ],
  [
    'no column',
    ['users', 'list', ...columns('username=a,passwordHash=b,disabled=!')],
    /such as username=email/,
  ],
  [
    'columns of no table',
    ['users', 'list', '--columns', 'username=a,passwordHash=b'],
    /--columns needs --users-table/,
  ],
  ['an invalid URL', ['doctor', '--url', 'x'], /--url must be where auth\.router is mounted/],
])('%s is wrong usage: exit status 2', async (_what, args, message) => {
  expectCliFailure(await cli(args), 2, message);
});

describe('secret', () => {
  test('prints two lines for .env and nothing else, with new secrets each time', async () => {
    const [one, other] = await Promise.all([cli(['secret']), cli(['secret'])]);
    expect(one).toMatchObject({ status: 0, stderr: '' });
    expect(one.stdout).toMatch(/^ACCESS_TOKEN_SECRET=[\w+/]{64}\nREFRESH_TOKEN_SECRET=[\w+/]{64}\n$/);
    const secrets = `${one.stdout}${other.stdout}`.match(/(?<==)\S{64}/g);
    expect(new Set(secrets).size).toBe(4);
  });

  test('prints JSON with --json, and doctor accepts the secrets', async () => {
    const secrets = await cliJson<Record<string, string>>(['secret']);
    expect(Object.keys(secrets)).toEqual(['ACCESS_TOKEN_SECRET', 'REFRESH_TOKEN_SECRET']);
    const { status, stdout } = await cli(['doctor'], { env: secrets });
    expect(stdout).toMatch(/^ok {4}secrets: ACCESS_TOKEN_SECRET is set, 64 bytes$/m);
    expect(status).toBe(0);
  });
});

describe('the environment', () => {
  test('--env-file is read, and variables that are already set win', async () => {
    const file = path.join(folder, 'settings.env');
    writeFileSync(file, 'DATABASE_URL=mysql://from-the-file/\n');
    expectCliFailure(await cli(['users', 'list', '--env-file', file]), 2, /begins with postgres:\/\//);
    const env = { DATABASE_URL: `postgres://127.0.0.1:${await freePort()}/x` };
    expectCliFailure(await cli(['users', 'list', '--env-file', file], { env }), 1, /ECONNREFUSED/);
  });

  test('Node itself reports a missing --env-file, with status 9, as docs/cli.md says', () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      [path.join(ROOT, 'dist/cli/main.js'), 'users', 'list', '--env-file', 'none.env'],
      {
        encoding: 'utf8',
      },
    );
    expect(stderr.trim()).toMatch(/: none\.env: not found$/);
    expect(status).toBe(9);
  });

  test('a URL with its password is never shown', async () => {
    const env = { DATABASE_URL: 'postgres://ann:hunter22@', REDIS_URL: 'http://ann:hunter22@host' };
    const down = { DATABASE_URL: `postgres://ann:hunter22@127.0.0.1:${await freePort()}/x` };
    const results = await Promise.all([
      cli(['users', 'list'], { env }),
      cli(['users', 'list'], { env: { ...down, DEBUG: 'x' } }),
      cli(['doctor'], { env }),
      cli(['doctor', '--url', 'https://ann:hunter22@host/'], { env }),
    ]);
    for (const { status, stdout, stderr } of results) {
      expect(status).not.toBe(0);
      expect(stdout + stderr).not.toContain('hunter22');
    }
  });

  test('DEBUG shows the stack', async () => {
    const { stderr } = await cli(['users', 'list'], { env: { DEBUG: '1' } });
    expect(stderr).toMatch(/^UsageError|^Error/m);
    expect(stderr).toMatch(/\n\s+at /);
  });
});

test.each([
  ['pg', [], ['users', 'list'], { DATABASE_URL: 'postgres://127.0.0.1/x' }],
  ['ioredis', ['redis', 'iovalkey'], ['doctor'], { REDIS_URL: 'redis://127.0.0.1' }],
])(
  'without %s the command names the package and how to install it, and other commands work',
  async (missing, missingToo, args, env) => {
    const modules = path.join(folder, `without-${missing}`, 'node_modules');
    const installed = path.join(modules, 'passport-visa');
    mkdirSync(installed, { recursive: true });
    cpSync(path.join(ROOT, 'dist'), path.join(installed, 'dist'), { recursive: true });
    cpSync(path.join(ROOT, 'package.json'), path.join(installed, 'package.json'));
    for (const name of readdirSync(path.join(ROOT, 'node_modules')))
      if (![missing, ...missingToo].includes(name))
        symlinkSync(path.join(ROOT, 'node_modules', name), path.join(modules, name));
    const main = path.join(installed, 'dist/cli/main.js');

    const { status, stdout, stderr } = await cliProcess(args, { main, env });
    expect(status).toBe(1);
    expect(stdout + stderr).toContain(
      `The package ${missing} is missing: run \`npm install passport-visa ${missing}\``,
    );
    expect((await cliProcess(['secret'], { main })).status).toBe(0);
  },
);

test('the package itself loads no code of the command line', async () => {
  const script = path.join(folder, 'loads.cjs');
  const loaded = 'Object.keys(require.cache).filter((file) => /commander|dist.cli/.test(file))';
  writeFileSync(script, `require(${JSON.stringify(ROOT)}); console.log(${loaded});`);
  expect(await cliProcess([], { main: script })).toEqual({ status: 0, stdout: '[]\n', stderr: '' });
});

test.each([
  ['connect to postgres://ann:hunter22@db:5432/app failed', 'connect to postgres://db:5432/app failed'],
  ['an @ in the password: postgres://ann:hun@ter22@db/app', 'an @ in the password: postgres://db/app'],
])('no message quotes a password: %s', (message, shown) => {
  expect(reasonOf(new Error(message))).toBe(shown);
});
