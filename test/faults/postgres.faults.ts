import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { startPostgres, startRedis, type TestServer } from '../helpers/servers/servers';
import { failuresOfServers } from './history';
import { runScenario } from './run-scenario';

let redis: TestServer;
let postgres: TestServer;
let folder: string;

beforeEach(async () => {
  // The folder must survive a stop, because the server is restarted with it.
  folder = mkdtempSync(join(tmpdir(), 'passport-visa-faults-'));
  [redis, postgres] = await Promise.all([
    startRedis(),
    startPostgres({ dir: folder, args: ['-c', 'fsync=on'] }),
  ]);
});
afterEach(async () => {
  await Promise.all([redis.stop(), postgres.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

const sessionsInRedis = () => ({ postgres: postgres.url, redis: { url: redis.url } });
const sessionsInPostgres = () => ({ postgres: postgres.url });

test('PostgreSQL with the sessions is stopped at once and restarted', async () => {
  await runScenario('PostgreSQL with the sessions is stopped at once and restarted', {
    app: sessionsInPostgres(),
    strike: postgres.stop,
    repair: postgres.restart,
  });
});

test('PostgreSQL with the users is stopped at once and restarted', async () => {
  const { history } = await runScenario('PostgreSQL with the users is stopped at once and restarted', {
    app: sessionsInRedis(),
    strike: postgres.stop,
    repair: postgres.restart,
  });
  const needNoUser = history.operations.filter(({ kind }) => kind === 'guard' || kind === 'check');
  expect(failuresOfServers(needNoUser)).toEqual([]);
});

test('PostgreSQL with the sessions is frozen for 5 s', async () => {
  await runScenario('PostgreSQL with the sessions is frozen for 5 s', {
    app: sessionsInPostgres(),
    strike: postgres.freeze,
    lastsMs: 5000,
    repair: postgres.thaw,
  });
});

test('PostgreSQL with the users is frozen for 5 s', async () => {
  await runScenario('PostgreSQL with the users is frozen for 5 s', {
    app: sessionsInRedis(),
    strike: postgres.freeze,
    lastsMs: 5000,
    repair: postgres.thaw,
  });
});

test('The table of users is locked for 5 s', async () => {
  const administrator = new Client({ connectionString: postgres.url });
  await administrator.connect();
  try {
    await runScenario('The table of users is locked for 5 s', {
      app: sessionsInRedis(),
      strike: () => administrator.query('BEGIN; LOCK TABLE visa_users IN ACCESS EXCLUSIVE MODE'),
      lastsMs: 5000,
      repair: () => administrator.query('ROLLBACK'),
    });
  } finally {
    await administrator.end();
  }
});
