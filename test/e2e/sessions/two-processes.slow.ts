import { PASSWORD } from '../../helpers/apps/app';
import { appDatabase } from '../../helpers/apps/app-database';
import { useAppProcesses } from '../../helpers/apps/app-processes';
import { randomPrefix } from '../../helpers/apps/backends';

const processes = useAppProcesses();

const post = (url: string, body: object) =>
  fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });

interface Tokens {
  code?: string;
  accessToken: string;
  refreshToken: string;
}

describe.each(appDatabase.sessionStores)('sessions in %s', (store) => {
  let addresses: string[];
  const credentials = { username: `ann-${store}`, password: PASSWORD };
  const asBearer = { ...credentials, transport: 'body' };

  beforeAll(async () => {
    const prefix = randomPrefix();
    addresses = await Promise.all([processes.start(store, prefix), processes.start(store, prefix)]);
    await post(`${addresses[0]}/auth/register`, credentials);
  });

  const refresh = (refreshToken: string, n: number) =>
    post(`${addresses[n % 2]}/auth/refresh`, { refreshToken });

  test('100 parallel refreshes over two processes end with one successor', async () => {
    const login = (await (await post(`${addresses[0]}/auth/login`, asBearer)).json()) as Tokens;
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
    const login = (await (await post(`${addresses[0]}/auth/login`, asBearer)).json()) as Tokens;
    expect((await post(`${addresses[0]}/auth/logout`, { refreshToken: login.refreshToken })).status).toBe(
      200,
    );
    expect(await (await refresh(login.refreshToken, 1)).json()).toMatchObject({ code: 'SESSION_NOT_FOUND' });
  });
});
