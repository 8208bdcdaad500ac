import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { PostgresRefreshTokenStore, PostgresUserStore } from '../../src';
import { createDatabase, randomPrefix, type TestDatabase } from '../helpers/apps/backends';
import { cliProcess, MAIN, type CliResult } from '../helpers/apps/cli';
import { installedWithout, type InstalledCopy } from '../helpers/apps/installed-copy';
import { sharedRedisUrl } from '../helpers/apps/redis-clients';
import { eventually } from '../helpers/eventually';
import { startPostgres, startRedis, type TestServer } from '../helpers/servers/servers';

/** It takes two seconds; the rest is for starting several processes of Node at once on a busy machine. */
const COMMAND_MS = 20_000;
/** `migrate` waits for ten seconds, because a statement of its own may take long. */
const MIGRATE_MS = COMMAND_MS + 10_000;
/** More than any command sends. */
const MOST_MESSAGES = 40;
const AT_ONCE = 4;

/** Without them the doctor ends with 1 whatever the servers do. */
const secret = () => randomBytes(48).toString('base64');
const SECRETS = { ACCESS_TOKEN_SECRET: secret(), REFRESH_TOKEN_SECRET: secret() };

interface SilentProxy {
  readonly port: number;
  /** Whether there were so many messages. */
  readonly isSilent: boolean;
  close(): Promise<void>;
}

/** A server that answers the first messages of its client and then nothing more, on any connection. */
async function silentFrom(
  nth: number,
  target: URL,
  onSilence = () => undefined as void,
): Promise<SilentProxy> {
  const sockets = new Set<Socket>();
  let messages = 0;
  const server: Server = createServer((client) => {
    const real = connect(Number(target.port), target.hostname);
    for (const each of [client, real]) sockets.add(each.on('error', () => undefined));
    client.on('data', (data) => {
      messages += 1;
      if (messages === nth) onSilence();
      if (messages < nth) real.write(data);
    });
    client.on('close', () => real.destroy());
    real.on('data', (data) => client.write(data));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get isSilent() {
      return messages >= nth;
    },
    async close() {
      for (const each of sockets) each.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
  const users = new PostgresUserStore(database.pool);
  for (const store of [users, new PostgresRefreshTokenStore(database.pool)]) await store.migrate();
  for (let n = 0; n < 300; n += 1) await users.create({ username: `user${n}`, passwordHash: null });
});
afterAll(() => database.close());

function through(url: string, { port }: SilentProxy): string {
  const changed = new URL(url);
  changed.port = String(port);
  return changed.href;
}

type Run = (nth: number) => Promise<{ isSilent: boolean; result: CliResult; took: number }>;

/** Runs a command again and again, with a server that is silent from one message later on, until it needs no more of them. */
async function expectWords(run: Run, limitMs: number, words: RegExp): Promise<void> {
  let failures = 0;
  for (let first = 1; first <= MOST_MESSAGES; first += AT_ONCE) {
    const runs = await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => run(first + n)));
    for (const { result, took } of runs.filter((each) => each.isSilent)) {
      expect(took).toBeLessThan(limitMs);
      if (result.status === 0) continue; // done before: the last message says goodbye
      failures += 1;
      expect(result.stdout + result.stderr).toMatch(words);
      expect(result.status).toBe(1);
    }
    if (runs.some(({ isSilent }) => !isSilent)) {
      // On a busy machine a server may be too late for the command that no one has silenced. Nothing else is a reason to try again.
      const { status, stdout, stderr } = (runs.at(-1) as Awaited<ReturnType<Run>>).result;
      if (status !== 0) expect(stdout + stderr).toMatch(words);
      await eventually('the command succeeds', async () => (await run(first + AT_ONCE)).result.status === 0);
      expect(failures).toBeGreaterThan(1);
      return;
    }
  }
  throw new Error('The command sends more than expected');
}

function runOf(
  args: string[],
  url: string,
  envOf: (url: string) => Record<string, string>,
  main = MAIN,
): Run {
  return async (nth) => {
    const proxy = await silentFrom(nth, new URL(url));
    const startedAt = performance.now();
    const result = await cliProcess(args, { main, env: { ...SECRETS, ...envOf(through(url, proxy)) } });
    const took = performance.now() - startedAt;
    const { isSilent } = proxy;
    await proxy.close();
    return { isSilent, result, took };
  };
}

const NO_ANSWER = /did not answer within|no answer within|timeout|timed out|does not answer|can't be used/;

describe('PostgreSQL', () => {
  const onPostgres = (args: string[]) => runOf(args, database.url, (url) => ({ DATABASE_URL: url }));

  test.each([
    [['users', 'list']],
    [['users', 'disable', 'user2']],
    [['sessions', 'list', 'user4']],
    [['doctor']],
  ])('%j reports a server that falls silent, whenever that is', async (args) => {
    await expectWords(onPostgres(args), COMMAND_MS, NO_ANSWER);
  });

  test('a migration may take long, but not without any answer', async () => {
    await expectWords(onPostgres(['migrate']), MIGRATE_MS, NO_ANSWER);
    const blocker = await database.pool.connect();
    await blocker.query(`SELECT pg_advisory_lock(hashtext('passport-visa'))`);
    let isDone = false;
    const migration = cliProcess(['migrate'], { env: { DATABASE_URL: database.url } });
    void migration.then(() => (isDone = true));
    const askedAt = performance.now();
    while (performance.now() - askedAt < 12_000) await blocker.query('SELECT pg_sleep(0.5)');
    expect(isDone).toBe(false);
    await blocker.query('SELECT pg_advisory_unlock_all()');
    expect(await migration).toMatchObject({ status: 0 });
    blocker.release();
  });
});

describe('Redis', () => {
  let copy: InstalledCopy;
  beforeAll(() => (copy = installedWithout('ioredis')));
  afterAll(() => copy.remove());

  test.each(['ioredis', 'node-redis'])(
    '%s reports a server that falls silent, whenever that is',
    async (name) => {
      const env = (redis: string) => ({ DATABASE_URL: database.url, REDIS_URL: redis });
      const prefix = ['--redis-prefix', randomPrefix()];
      for (const args of [
        ['users', 'disable', 'user5', ...prefix],
        ['sessions', 'list', '--id', 'x', ...prefix],
      ])
        await expectWords(
          runOf(args, sharedRedisUrl(), env, name === 'ioredis' ? MAIN : copy.main),
          COMMAND_MS,
          NO_ANSWER,
        );
    },
  );
});

describe('a server that is stopped (SIGSTOP)', () => {
  let servers: Record<'postgres' | 'redis', TestServer>;
  beforeAll(async () => {
    const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    servers = { postgres, redis };
    await cliProcess(['migrate'], { env: { DATABASE_URL: postgres.url } });
  });
  afterAll(() => Promise.all(Object.values(servers).map((each) => each.stop())));

  test.each([
    ['postgres', 2, ['users', 'list']],
    ['postgres', 3, ['doctor']],
    ['postgres', 3, ['migrate']],
    ['redis', 2, ['sessions', 'list', '--id', 'x']],
    ['redis', 4, ['doctor']],
  ] as const)('%s before message %i of %j', async (name, nth, args) => {
    const server = servers[name];
    const proxy = await silentFrom(nth, new URL(server.url), () => server.freeze());
    const env = {
      ...SECRETS,
      DATABASE_URL: servers.postgres.url,
      REDIS_URL: name === 'redis' ? servers.redis.url : '',
      [name === 'redis' ? 'REDIS_URL' : 'DATABASE_URL']: through(server.url, proxy),
    };
    const startedAt = performance.now();
    const result = await cliProcess(args, { env });
    server.thaw();
    expect(result.stdout + result.stderr).toMatch(NO_ANSWER);
    expect([proxy.isSilent, result.status]).toEqual([true, 1]);
    expect(performance.now() - startedAt).toBeLessThan(args[0] === 'migrate' ? MIGRATE_MS : COMMAND_MS);
    await proxy.close();
  });
});
