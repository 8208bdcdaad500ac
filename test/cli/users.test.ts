import { execFile } from 'node:child_process';
import { PasswordHasher } from '../../src/accounts/password-hasher';
import { PASSWORD } from '../helpers/apps/app';
import { appDatabase, type AppDatabase } from '../helpers/apps/app-database';
import { cli, cliJson, type CliResult } from '../helpers/apps/cli';

let database: AppDatabase;
let env: Record<string, string>;
let users: ReturnType<AppDatabase['users']>;
beforeAll(async () => {
  database = await appDatabase.open();
  env = { DATABASE_URL: database.url };
  users = database.users();
  await users.migrate();
});
afterAll(() => database.close());

const create = (username: string, password: string, ...options: string[]) =>
  cli(['users', 'create', username, '--password-stdin', ...options], { env, input: `${password}\n` });

interface ShownUser {
  id: string;
  username: string;
  roles: string[];
  disabled: boolean;
}

describe('users create', () => {
  test('creates a user who can log in with the password, and with no other', async () => {
    const result = await create(' Ann ', PASSWORD, '--roles', 'admin, editor,admin');
    expect(result).toMatchObject({ status: 0, stderr: '' });
    expect(result.stdout).toMatch(/^Created "Ann", id [\w-]{36}, roles: admin, editor\n$/);
    const ann = await users.findByUsername('ann');
    expect(ann).toMatchObject({ username: 'Ann', roles: ['admin', 'editor'], disabled: false });
    const passwords = new PasswordHasher(12);
    const hash = ann?.passwordHash ?? null;
    expect(await passwords.verify(PASSWORD, hash)).toEqual({ matches: true, needsRehash: false });
    expect((await passwords.verify(`${PASSWORD}\n`, hash)).matches).toBe(false);
    await passwords.close();
  });

  test('refuses a password over 72 bytes with --password-long refuse, and hashes it first without', async () => {
    const long = '가'.repeat(25); // 75 bytes
    const refused = await create('long', long, '--password-long', 'refuse');
    expect(refused).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('at most 72 bytes') as string,
    });
    expect(await users.findByUsername('long')).toBeUndefined();
    expect((await create('long', '가'.repeat(24), '--password-long', 'refuse')).status).toBe(0);
    // Plain bcrypt, which the app's own code can check.
    expect((await users.findByUsername('long'))?.passwordHash).toMatch(/^\$2b\$/);
    expect((await create('longer', long)).status).toBe(0);
    expect((await users.findByUsername('longer'))?.passwordHash).not.toMatch(/^\$2b\$/);
    expect((await create('else', long, '--password-long', 'cut')).status).toBe(2);
  });

  test('prints --json without the hash', async () => {
    const { stdout } = await create('json', PASSWORD, '--json');
    const { user } = JSON.parse(stdout) as { user: ShownUser };
    expect(user).toEqual({ id: user.id, username: 'json', roles: [], disabled: false });
  });

  test.each<[string, string, string, string[], RegExp]>([
    [
      'a short password',
      'new',
      's4 qx',
      [],
      /^passport-visa: The password must be at least 8 characters long\n$/,
    ],
    [
      'a password shorter than the app requires',
      'new',
      'nine char',
      ['--min-length', '12'],
      /at least 12 characters/,
    ],
    ['a common password', 'new', 'iloveyou', [], /The password is one of the most common passwords/],
    [
      'the username as password',
      'new person',
      'New Person',
      [],
      /The password must differ from the username/,
    ],
    ['an empty name', '  ', PASSWORD, [], /The username must not be empty/],
    ['a name with escapes', 'ann\u001b[2J', PASSWORD, [], /The username must not contain control characters/],
    ['a twin of a name', 'ta\u200bken', PASSWORD, [], /The username must not contain invisible characters/],
    ['a taken name', 'TAKEN', PASSWORD, [], /^passport-visa: The username "TAKEN" is taken\n$/],
  ])('refuses %s, as POST /register does', async (_what, username, password, options, message) => {
    if (username === 'TAKEN') await users.create({ username: 'taken', passwordHash: null });
    const result = await create(username, password, ...options);
    expect(result).toEqual({ status: 1, stdout: '', stderr: expect.stringMatching(message) as string });
    expect(result.stderr).not.toContain(password === PASSWORD ? PASSWORD : `"${password}"`);
    expect(await users.findByUsername('new')).toBeUndefined();
  });

  test('needs a terminal or --password-stdin', async () => {
    const { status, stderr } = await cli(['users', 'create', 'nobody'], { env });
    expect([status, stderr]).toEqual([2, expect.stringContaining('hand it over with --password-stdin')]);
  });
});

/** Runs a command in a terminal, which `script` provides, and types an answer at each prompt for a password. */
function inTerminal(line: string, answers: string[]): Promise<{ status: number | null; screen: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      'script',
      ['-qec', line, '/dev/null'],
      { env: { PATH: process.env['PATH'], ...env }, timeout: 60_000 },
      (error, screen) => resolve({ status: error ? Number(error.code) : 0, screen }),
    );
    let seen = '';
    child.stdout?.on('data', (text: string) => {
      seen += text;
      if (!/(Password|once more): $/.test(seen)) return;
      seen = '';
      child.stdin?.write(answers.shift() ?? '');
    });
  });
}

// Needs util-linux's `script`, which Linux has.
(process.platform === 'linux' ? describe : describe.skip)('users create in a terminal', () => {
  const command = (username: string) =>
    `${process.execPath} dist/cli/main.js users create ${username}; stty -a | grep -wo -- '-\\?echo'`;

  test('asks twice, echoes nothing, and leaves the terminal as it was', async () => {
    const { screen } = await inTerminal(command('terry'), [`${PASSWORD}\r`, `${PASSWORD}\r`]);
    expect(screen).toMatch(/Password: \s+The same once more: \s+Created "terry"/);
    expect(screen).not.toContain(PASSWORD);
    expect(screen).toMatch(/(?<!-)echo\s*$/);
  });

  test('creates no user when the two passwords differ', async () => {
    const { screen } = await inTerminal(command('tessa'), [`${PASSWORD}\r`, `${PASSWORD}!\r`]);
    expect(screen).toContain('The two passwords differ: nothing was changed');
    expect(await users.findByUsername('tessa')).toBeUndefined();
  });

  test('gives up on Ctrl-C, and restores the terminal', async () => {
    const { screen } = await inTerminal(command('tina'), ['half a pass\u0003']);
    expect(screen).toContain('Given up: nothing was changed');
    expect(screen).toMatch(/(?<!-)echo\s*$/);
    expect(await users.findByUsername('tina')).toBeUndefined();
  });
});

test('users roles shows, sets and removes roles', async () => {
  await users.create({ username: 'rob', passwordHash: null, roles: ['old'] });
  const roles = (...args: string[]) =>
    cliJson<{ user: ShownUser }>(['users', 'roles', 'ROB', ...args], { env });
  expect((await roles()).user.roles).toEqual(['old']);
  expect((await roles('admin,editor', 'admin')).user.roles).toEqual(['admin', 'editor']);
  expect((await users.findByUsername('rob'))?.roles).toEqual(['admin', 'editor']);
  expect((await cli(['users', 'roles', 'rob', '--none'], { env })).stdout).toBe(
    'Roles of "rob", from the next login or refresh on: none\n',
  );
  expect((await users.findByUsername('rob'))?.roles).toEqual([]);
});

test.each([['roles'], ['enable'], ['disable']])('users %s of an unknown user fails', async (command) => {
  const results = await cli(['users', command, 'no\u001bbody'], { env });
  expect(results).toEqual({
    status: 1,
    stdout: '',
    stderr: 'passport-visa: There is no user "no\ufffdbody"\n',
  });
});

test('a missing table leads to a message that names the command to create it', async () => {
  const { status, stderr } = await cli(['users', 'list', '--users-table', 'elsewhere'], { env });
  expect([status, stderr]).toEqual([1, expect.stringContaining('run `npx passport-visa migrate`')]);
});

/** As names were made before invisible characters were refused; the last one is a pair of surrogates. */
const EVIL = 'evil\u001b]0;pwned\u0007\u202e\u009b2J\u200b\u{e0061}';

describe('users list', () => {
  const table = ['--users-table', 'crowd'];
  const list = (...args: string[]): Promise<CliResult> => cli(['users', 'list', ...table, ...args], { env });

  beforeAll(async () => {
    const crowd = database.users({ table: 'crowd' });
    await crowd.migrate();
    for (const username of ['cleo', 'Abe', 'evil'])
      await crowd.create({
        username,
        passwordHash: 'hash',
        roles: username === 'Abe' ? ['admin', 'editor'] : [],
      });
    // A name from before the rule against invisible characters.
    await database.run("UPDATE crowd SET username = ? WHERE username = 'evil'", EVIL);
    const cleo = await crowd.findByUsername('cleo');
    await crowd.update(cleo?.id as string, { disabled: true });
  });

  test('shows a table in which no name can control the terminal or hide a character', async () => {
    const { stdout, stderr } = await list();
    expect(stderr).toBe('');
    expect(stdout.split('\n').map((line) => line.replace(/\s{2,}\S{36}/, ''))).toEqual([
      expect.stringMatching(/^USERNAME +ID +ROLES +STATE$/),
      expect.stringMatching(/^Abe +admin,editor +enabled$/),
      expect.stringMatching(/^cleo +- +disabled$/),
      expect.stringMatching(/^evil\ufffd\]0;pwned\ufffd\ufffd\ufffd2J\ufffd\ufffd +- +enabled$/),
      '',
    ]);
  });

  test('prints JSON page by page with --json, keeps every character and shows no hash', async () => {
    const first = await list('--limit', '2', '--json');
    const page = JSON.parse(first.stdout) as { users: ShownUser[]; next: string | null };
    expect(page.users.map(({ username }) => username)).toEqual(['Abe', 'cleo']);
    expect(Object.keys(page.users[0] as object)).toEqual(['id', 'username', 'roles', 'disabled']);
    expect(page.next).toBe('cleo');
    const last = await list('--after', page.next as string, '--json');
    expect(last.stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(JSON.parse(last.stdout)).toMatchObject({
      users: [{ username: EVIL }],
      next: null,
    });
  });

  test('reports that there may be more', async () => {
    expect((await list('--limit', '1')).stderr).toBe(
      'There may be more: go on with --after and the last username\n',
    );
  });
});
