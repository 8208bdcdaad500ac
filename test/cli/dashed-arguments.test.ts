import { Command } from 'commander';
import { PostgresRefreshTokenStore, PostgresUserStore } from '../../src';
import { defineCommands } from '../../src/cli/commands';
import { separateArguments } from '../../src/cli/dashed-arguments';
import { newSessionId } from '../../src/sessions/session-id';
import { newSession } from '../../src/testing/session-fixtures';
import { createDatabase, type TestDatabase } from '../helpers/apps/backends';
import { cli, cliJson } from '../helpers/apps/cli';

let database: TestDatabase;
let env: Record<string, string>;
let users: PostgresUserStore;
let sessions: PostgresRefreshTokenStore;
beforeAll(async () => {
  database = await createDatabase();
  env = { DATABASE_URL: database.url };
  users = new PostgresUserStore(database.pool);
  sessions = new PostgresRefreshTokenStore(database.pool);
  await Promise.all([users.migrate(), sessions.migrate()]);
});
afterAll(() => database.close());

describe('separateArguments', () => {
  const program = new Command('passport-visa').version('1.2.3');
  defineCommands(program, () => undefined);
  const separate = (line: string) => separateArguments(program, line.split(' ')).join(' ');

  test.each([
    ['sessions end ann -Yl9Ts6deEubFq0apuEfQg', 'sessions end -- ann -Yl9Ts6deEubFq0apuEfQg'],
    ['sessions end ann -V9Ts6deEubFq0apuEfQgA', 'sessions end -- ann -V9Ts6deEubFq0apuEfQgA'],
    ['sessions end ann --9Ts6deEubFq0apuEfQgA', 'sessions end -- ann --9Ts6deEubFq0apuEfQgA'],
    ['sessions end --json -ann --all', 'sessions end --json --all -- -ann'],
    ['sessions list -ann --env-file -file', 'sessions list --env-file -file -- -ann'],
    ['users roles -ann -a -b --none', 'users roles --none -- -ann -a -b'],
    ['users roles --users-table=t ann', 'users roles --users-table=t -- ann'],
    ['users roles --json -- --ann --json', 'users roles --json -- --ann --json'],
    ['users create -ann --roles -a,-b', 'users create --roles -a,-b -- -ann'],
    ['users create -h', 'users create -h --'],
    ['users disable ann --jsno', 'users disable --jsno -- ann'],
    ['users list --after -ann', 'users list --after -ann'],
    ['doctor -x', 'doctor -x'],
    ['--version', '--version'],
    ['help users', 'help users'],
  ])('%s', (line, separated) => {
    expect(separate(line)).toBe(separated);
  });
});

test('a session whose id begins with a dash can be ended by it', async () => {
  const { id: userId } = await users.create({ username: 'carl', passwordHash: null });
  for (const sessionId of ['-Yl9Ts6deEubFq0apuEfQg', '-V9Ts6deEubFq0apuEfQgA', '--allTs6deEubFq0apuEfQ']) {
    await sessions.create(newSession({ userId, sessionId }));
    const args = ['sessions', 'end', 'carl', sessionId];
    expect(await cliJson<unknown>(args, { env })).toEqual({ ended: [sessionId] });
    expect(await sessions.find(userId, sessionId)).toBeUndefined();
  }
});

test('names and roles may begin with a dash', async () => {
  const input = 'correct horse battery staple';
  const create = ['users', 'create', '-ann', '--password-stdin', '--roles', '-a'];
  expect(await cliJson<unknown>(create, { env, input })).toMatchObject({
    user: { username: '-ann', roles: ['-a'] },
  });
  const roles = await cliJson<unknown>(['users', 'roles', '-ann', '-b', 'c'], { env });
  expect(roles).toMatchObject({ user: { username: '-ann', roles: ['-b', 'c'] } });
  await users.create({ username: '--all', passwordHash: null });
  const dashes = await cli(['users', 'roles', '--', '--all', '--admin'], { env });
  expect(dashes.stdout).toContain('Roles of "--all"');
  expect((await users.findByUsername('--all'))?.roles).toEqual(['--admin']);
});

test('a misspelt option is refused, and the help says how a name may begin with two dashes', async () => {
  const misspelt = await cli(['sessions', 'end', 'carl', '--al'], { env });
  expect(misspelt).toMatchObject({ status: 2, stdout: '' });
  expect(misspelt.stderr).toContain("unknown option '--al'");
  expect((await cli(['--help'])).stdout).toContain('users roles -- --ann');
});

test('no new session id begins with a dash', () => {
  const ids = Array.from({ length: 2000 }, newSessionId);
  for (const id of ids) expect(id).toMatch(/^\w[\w-]{21}$/);
  expect(new Set(ids).size).toBe(2000);
});
