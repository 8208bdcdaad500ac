import { PASSWORD } from '../../helpers/apps/app';
import { appDatabase } from '../../helpers/apps/app-database';
import { useAppProcesses } from '../../helpers/apps/app-processes';
import { randomPrefix } from '../../helpers/apps/backends';

const processes = useAppProcesses();

interface Tokens {
  code?: string;
  accessToken: string;
  refreshToken: string;
}

describe.each(appDatabase.sessionStores)('auth.sessions of two processes, sessions in %s', (store) => {
  let addresses: string[];
  let userId: string;
  const credentials = { username: `own-${store}`, password: PASSWORD };

  const post = async <Answer>(path: string, body: object, n = 0): Promise<Answer> => {
    const init = {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    };
    return (await (await fetch(`${addresses[n % 2]}${path}`, init)).json()) as Answer;
  };
  const start = () => post<Tokens>('/own/start', { userId });
  const refresh = (refreshToken: string, n: number) => post<Tokens>('/own/refresh', { refreshToken }, n);

  beforeAll(async () => {
    const prefix = randomPrefix();
    addresses = await Promise.all([processes.start(store, prefix), processes.start(store, prefix)]);
    await post('/auth/register', credentials);
    ({ id: userId } = (await post<{ user: { id: string } }>('/auth/login', credentials)).user);
  });

  test('100 parallel refreshes of one token give the same next refresh token, which is good once', async () => {
    const { refreshToken } = await start();
    const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => refresh(refreshToken, n)));
    const [next, ...others] = [...new Set(answers.map((each) => each.refreshToken))];
    expect([next, others]).toEqual([expect.any(String), []]);
    expect((await refresh(next as string, 1)).refreshToken).not.toBe(next);
    expect(await refresh(refreshToken, 0)).toMatchObject({ code: 'REFRESH_TOKEN_REUSED' });
  });

  test('a session that ends during a refresh is over for both processes, whichever came first', async () => {
    const rounds = Array.from({ length: 20 }, async (_, n) => {
      const { accessToken, refreshToken } = await start();
      const token = n % 3 ? accessToken : refreshToken;
      const [refreshed, ended] = await Promise.all([
        refresh(refreshToken, n),
        post<boolean>('/own/end', { token }, n + 1),
      ]);
      expect(ended).toBe(true);
      if (refreshed.code === undefined)
        for (const each of [0, 1])
          expect(await refresh(refreshed.refreshToken, each)).toMatchObject({ code: 'SESSION_NOT_FOUND' });
      else expect(refreshed.code).toBe('SESSION_NOT_FOUND');
    });
    await Promise.all(rounds);
  });
});
