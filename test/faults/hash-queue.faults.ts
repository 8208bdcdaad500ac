import { setTimeout as sleep } from 'node:timers/promises';
import { hash } from 'bcryptjs';
import { Pool } from 'pg';
import { PostgresUserStore } from '../../src';
import { PASSWORD } from '../helpers/apps/app';
import { createDatabase, type TestDatabase } from '../helpers/apps/backends';
import { startRedis, type TestServer } from '../helpers/servers/servers';
import { startAppProcess, type AppProcess } from './app-process';
import { History } from './history';
import { measure, medianTime } from './measure';
import { saveResult } from './results';
import type { ScenarioName } from './scenarios';

/** The default. */
const COST = 12;
/** Right logins before the attack, and during it: one after the other, each of another user at another address. */
const UNDISTURBED = 3;
const DISTURBED = 15;
/** More than may wait. */
const ATTACKERS = 128;
/** What an attacker waits after a refusal. A faster one only takes the CPU of this machine, which is also the server's. */
const PAUSE_MS = 500;
/** In the time of a login without an attack. A machine that is busy otherwise is slow both times. */
const MAX_SLOWDOWN = 6;

let redis: TestServer;
let database: TestDatabase;
let app: AppProcess;

beforeEach(async () => {
  redis = await startRedis();
  database = await createDatabase();
  const pool = new Pool({ connectionString: database.url });
  const users = new PostgresUserStore(pool);
  await users.migrate();
  const passwordHash = await hash(PASSWORD, COST);
  const names = Array.from({ length: UNDISTURBED + DISTURBED }, (_, index) => `user-${index}`);
  for (const username of ['attacker-with-account', ...names]) await users.create({ username, passwordHash });
  await pool.end();
  app = await startAppProcess({
    postgres: database.url,
    redis: { url: redis.url },
    options: { password: { cost: COST }, limits: {} },
    trustProxy: 'loopback',
  });
});
afterEach(async () => {
  await app.kill();
  await database.close();
  await redis.stop();
});

test('One account asks for its username as its new password, again and again', async () => {
  const login = { username: 'attacker-with-account', password: PASSWORD, transport: 'body' };
  const { accessToken } = (await (await post('login', '203.0.113.1', login)).json()) as {
    accessToken: string;
  };
  const body = { currentPassword: PASSWORD, newPassword: 'attacker-with-account' };
  await attack('One account asks for its username as its new password, again and again', () =>
    post('password', '203.0.113.1', body, accessToken),
  );
});

test('Four addresses guess passwords', () => guess('Four addresses guess passwords', 4));

test('Eight addresses guess passwords', () => guess('Eight addresses guess passwords', 8));

test('Forty addresses guess passwords', () => guess('Forty addresses guess passwords', 40));

test('An IPv6 /48 guesses passwords, each from another /64', () => {
  let guesses = 0;
  return guessFrom(
    'An IPv6 /48 guesses passwords, each from another /64',
    () => `2001:db8:1:${(guesses++).toString(16)}::1`,
  );
});

const guess = (name: ScenarioName, addresses: number) =>
  guessFrom(name, (attacker) => `203.0.113.${1 + (attacker % addresses)}`);

async function guessFrom(name: ScenarioName, addressOf: (attacker: number) => string): Promise<void> {
  await attack(name, (index, turn) =>
    post('login', addressOf(index), {
      username: `invented-${index}-${turn}`,
      password: 'wrong horse 9 battery',
    }),
  );
}

/** Right logins of others, while all attackers send request after request. */
async function attack(
  name: ScenarioName,
  strike: (attacker: number, turn: number) => Promise<Response>,
): Promise<void> {
  const undisturbed = new History();
  for (let index = 0; index < UNDISTURBED; index += 1) await loginElsewhere(undisturbed, index);
  let lasts = true;
  const strikeAgain = async (_: unknown, attacker: number) => {
    for (let turn = 0; lasts; turn += 1) {
      const { status } = await strike(attacker, turn);
      if (status !== 401) await sleep(PAUSE_MS); // this one wasn't hashed
    }
  };
  const attackers = Promise.allSettled(Array.from({ length: ATTACKERS }, strikeAgain));
  await sleep(PAUSE_MS); // the queue fills
  const history = new History();
  history.mark('fault');
  for (let index = 0; index < DISTURBED; index += 1) await loginElsewhere(history, UNDISTURBED + index);
  lasts = false;
  await app.kill();
  await attackers;
  const served = history.operations.filter(({ status }) => status === 200);
  const [alone, median] = [medianTime(undisturbed.operations), medianTime(served)];
  const note = `${served.length} of ${DISTURBED} logged in; a login took ${median} ms at the median, and ${alone} ms before`;
  process.stdout.write(`${name}: ${note}\n`);
  saveResult(name, history, { ...measure(history, false), note });
  expect(served).toHaveLength(DISTURBED);
  expect(median / alone).toBeLessThan(MAX_SLOWDOWN);
}

async function loginElsewhere(history: History, index: number): Promise<void> {
  const startedAt = history.now();
  const { status } = await post('login', `198.51.100.${index + 1}`, {
    username: `user-${index}`,
    password: PASSWORD,
  });
  history.add({ kind: 'password', app: 0, startedAt, endedAt: history.now(), status });
}

function post(path: string, from: string, body: object, accessToken?: string): Promise<Response> {
  return fetch(`${app.url}/auth/${path}`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'X-Forwarded-For': from,
      ...(accessToken && { Authorization: `Bearer ${accessToken}` }),
    },
    body: JSON.stringify(body),
  });
}
