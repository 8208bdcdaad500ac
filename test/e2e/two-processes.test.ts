import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { PostgresRefreshTokenStore, PostgresUserStore } from '../../src';
import { ACCESS_SECRET, PASSWORD, REFRESH_SECRET } from '../helpers/app';
import { createDatabase, randomPrefix, type TestDatabase } from '../helpers/backends';

let database: TestDatabase;
const children: ChildProcess[] = [];

beforeAll(async () => {
  database = await createDatabase();
  await Promise.all([
    new PostgresUserStore(database.pool).migrate(),
    new PostgresRefreshTokenStore(database.pool).migrate(),
  ]);
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await database.close();
});

/** Starts a process of the same app. @returns the address of its router */
async function startProcess(store: string, keyPrefix: string): Promise<string> {
  const child = fork(require.resolve('../helpers/app-process.mjs'), [store], {
    env: {
      ...process.env,
      DATABASE_URL: database.url,
      REDIS_URL: process.env['TEST_REDIS_URL'],
      KEY_PREFIX: keyPrefix,
      ACCESS_TOKEN_SECRET: ACCESS_SECRET,
      REFRESH_TOKEN_SECRET: REFRESH_SECRET,
    },
  });
  children.push(child);
  const [port] = (await once(child, 'message', { signal: AbortSignal.timeout(10_000) })) as [number];
  return `http://127.0.0.1:${port}/auth`;
}

const post = (url: string, body: object) =>
  fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });

interface Tokens {
  code?: string;
  accessToken: string;
  refreshToken: string;
}

describe.each(['redis', 'postgres'])('sessions in %s', (store) => {
  let addresses: string[];
  const credentials = { username: `ann-${store}`, password: PASSWORD, transport: 'body' };

  beforeAll(async () => {
    const prefix = randomPrefix();
    addresses = await Promise.all([startProcess(store, prefix), startProcess(store, prefix)]);
    await post(`${addresses[0]}/register`, credentials);
  });

  const refresh = (refreshToken: string, n: number) => post(`${addresses[n % 2]}/refresh`, { refreshToken });

  test('100 parallel refreshes over two processes end with one successor', async () => {
    const login = (await (await post(`${addresses[0]}/login`, credentials)).json()) as Tokens;
    const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => refresh(login.refreshToken, n)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 100 }, () => 200));
    const tokens = (await Promise.all(answers.map((answer) => answer.json()))) as Tokens[];
    const successors = new Set(tokens.map(({ refreshToken }) => refreshToken));
    expect(successors.size).toBe(1);

    const [successor] = [...successors] as [string];
    expect((await refresh(successor, 0)).status).toBe(200);
    expect(await (await refresh(login.refreshToken, 1)).json()).toMatchObject({
      code: 'REFRESH_TOKEN_REUSED',
    });
    expect(await (await refresh(successor, 0)).json()).toMatchObject({ code: 'SESSION_NOT_FOUND' });
  });

  test('a session that one process ends cannot be refreshed at the other', async () => {
    const login = (await (await post(`${addresses[0]}/login`, credentials)).json()) as Tokens;
    expect((await post(`${addresses[0]}/logout`, { refreshToken: login.refreshToken })).status).toBe(200);
    expect(await (await refresh(login.refreshToken, 1)).json()).toMatchObject({ code: 'SESSION_NOT_FOUND' });
  });
});
