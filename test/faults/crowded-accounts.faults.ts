import { Redis } from 'ioredis';
import { Pool } from 'pg';
import {
  PostgresRefreshTokenStore,
  PostgresUserStore,
  RedisRefreshTokenStore,
  type RefreshTokenStore,
} from '../../src';
import { newSession } from '../../src/testing/session-fixtures';
import { createDatabase, type TestDatabase } from '../helpers/apps/backends';
import { startRedis } from '../helpers/servers/servers';
import { failuresOfServers, type Operation } from './history';
import { percentileTime } from './measure';
import { runScenario, type Plan, type Running } from './run-scenario';
import type { ScenarioName } from './scenarios';

/** As an account may have them from before there was a limit. */
const SESSIONS = 5000;
const CONNECTIONS = 16;
const LASTS_MS = 5000;
const SEEDED_AT_ONCE = 200;

let database: TestDatabase;

beforeEach(async () => {
  database = await createDatabase();
});
afterEach(() => database.close());

test('A user of 5,000 sessions in Redis lists them over 16 connections', async () => {
  const redis = await startRedis();
  const client = new Redis(redis.url);
  try {
    await listBesideOthers(
      'A user of 5,000 sessions in Redis lists them over 16 connections',
      new RedisRefreshTokenStore(client),
      { postgres: database.url, redis: { url: redis.url } },
    );
  } finally {
    client.disconnect();
    await redis.stop();
  }
});

test('A user of 5,000 sessions in PostgreSQL lists them over 16 connections', async () => {
  const pool = new Pool({ connectionString: database.url });
  try {
    await listBesideOthers(
      'A user of 5,000 sessions in PostgreSQL lists them over 16 connections',
      new PostgresRefreshTokenStore(pool),
      { postgres: database.url },
    );
  } finally {
    await pool.end();
  }
});

async function listBesideOthers(name: ScenarioName, store: RefreshTokenStore, app: Plan['app']) {
  const answers: Record<number, number> = {};
  const lists: Operation[] = [];
  const { history } = await runScenario(name, {
    app,
    async strike(running) {
      const url = running.apps[0]?.url ?? '';
      const headers = { authorization: `Bearer ${await crowdedUser(url, store)}` };
      running.history.mark('fault'); // again: before this only the sessions were made
      const end = performance.now() + LASTS_MS;
      const list = async () => {
        while (performance.now() < end) {
          const [startedAt, before] = [running.history.now(), running.history.waits()];
          const answer = await fetch(`${url}/auth/sessions`, { headers });
          await answer.arrayBuffer();
          const { status } = answer;
          answers[status] = (answers[status] ?? 0) + 1;
          const endedAt = running.history.now();
          const waited = { before, after: running.history.waits() };
          lists.push({ kind: 'check', app: 0, startedAt, endedAt, waited, status });
        }
      };
      await Promise.all(Array.from({ length: CONNECTIONS }, list));
      running.history.mark('repaired');
    },
    note: (running) => {
      const { before, meanwhile } = refreshTimes(running);
      const counts = Object.entries(answers).map(([status, count]) => `${count} × ${status}`);
      return `lists: ${counts.join(', ')}; refreshes of others, p50 and p99: ${before.join(' and ')} ms before, ${meanwhile.join(' and ')} ms meanwhile`;
    },
  });
  expect(Object.keys(answers).filter((status) => status !== '503')).toEqual(['200']);
  expect(failuresOfServers(lists)).toEqual([]);
  expect(failuresOfServers(history.operations)).toEqual([]);
}

/** @returns an access token of a user with thousands of sessions */
async function crowdedUser(url: string, store: RefreshTokenStore): Promise<string> {
  const { id: userId } = await new PostgresUserStore(database.pool).create({
    username: 'crowded',
    passwordHash: null,
  });
  const login = await fetch(`${url}/proved-login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'crowded' }),
  });
  const { accessToken } = (await login.json()) as { accessToken: string };
  const userAgent = 'Browser/1.0 '.padEnd(512, 'x');
  for (let made = 0; made < SESSIONS; made += SEEDED_AT_ONCE)
    await Promise.all(
      Array.from({ length: SEEDED_AT_ONCE }, () => store.create(newSession({ userId, userAgent }))),
    );
  return accessToken;
}

/** The median and the 99th percentile, before the lists and meanwhile. */
function refreshTimes({ history }: Running): { before: number[]; meanwhile: number[] } {
  const [begin = 0, end = 0] = [history.timeOf('fault'), history.timeOf('repaired')];
  const first = history.marks[0]?.at ?? 0;
  const refreshes = history.operations.filter(({ kind }) => kind === 'refresh');
  const times = (among: typeof refreshes) => [percentileTime(among, 50), percentileTime(among, 99)];
  return {
    before: times(refreshes.filter(({ endedAt }) => endedAt < first)),
    meanwhile: times(refreshes.filter(({ startedAt }) => startedAt > begin && startedAt < end)),
  };
}
