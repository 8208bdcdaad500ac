import { PASSWORD } from '../../helpers/apps/app';
import { appDatabase } from '../../helpers/apps/app-database';
import { useAppProcesses } from '../../helpers/apps/app-processes';
import { randomPrefix } from '../../helpers/apps/backends';

const processes = useAppProcesses({ REAL_PASSWORDS: 'yes' });
const NEW_PASSWORD = 'another good passphrase';

interface Tokens {
  accessToken: string;
  refreshToken: string;
}
interface Answer extends Partial<Tokens> {
  status: number;
  code?: string;
}

async function post(url: string, body: object, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { ...((await response.json()) as object), status: response.status };
}

const times = <T>(count: number, make: (n: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, n) => make(n)));

describe.each(appDatabase.sessionStores)('with sessions in %s, over two processes', (store) => {
  let addresses: string[];
  let user = 0;

  beforeAll(async () => {
    const prefix = randomPrefix();
    addresses = await Promise.all([processes.start(store, prefix), processes.start(store, prefix)]);
  });

  const at = (n: number) => addresses[n % 2] as string;
  const refresh = (refreshToken: string, n: number) => post(`${at(n)}/auth/refresh`, { refreshToken });

  /** Changes the password many times in parallel, while all sessions refresh. */
  async function race(keyOf: (n: number) => string) {
    const credentials = { username: `ann-${store}-${(user += 1)}`, password: PASSWORD };
    await post(`${at(0)}/auth/register`, credentials);
    const logins = await times(4, (n) => post(`${at(n)}/auth/login`, { ...credentials, transport: 'body' }));
    const own = logins[0]?.accessToken as string;
    const change = (n: number) =>
      post(
        `${at(n)}/auth/password`,
        { currentPassword: PASSWORD, newPassword: NEW_PASSWORD },
        { Authorization: `Bearer ${own}`, 'Idempotency-Key': keyOf(n) },
      );
    const chain = async (login: Answer, first: number) => {
      const tokens = [login.refreshToken as string];
      for (let n = 0; n < 8; n += 1) {
        const { refreshToken } = await refresh(tokens.at(-1) as string, first + n);
        if (refreshToken === undefined) break;
        tokens.push(refreshToken);
      }
      return tokens;
    };
    const [changes, ...chains] = await Promise.all([times(8, change), ...logins.map(chain)]);
    return { credentials, changes, old: chains.flat() };
  }

  async function expectOnlyNewSession({ credentials, changes, old }: Awaited<ReturnType<typeof race>>) {
    const pairs = new Set(changes.flatMap(({ refreshToken }) => refreshToken ?? []));
    expect([pairs.size, changes.map(({ status }) => status)]).toEqual([
      1,
      expect.not.arrayContaining([500, 503]),
    ]);
    const answers = await Promise.all(old.map((token, n) => refresh(token, n)));
    expect([...new Set(answers.map(({ status }) => status))]).toEqual([401]);
    expect((await refresh([...pairs][0] as string, 0)).status).toBe(200);
    const logIn = (password: string) =>
      post(`${at(1)}/auth/login`, { ...credentials, password, transport: 'body' });
    expect([(await logIn(PASSWORD)).status, (await logIn(NEW_PASSWORD)).status]).toEqual([401, 200]);
  }

  test('no token from before a change is good after it, although all sessions refresh meanwhile', async () => {
    await expectOnlyNewSession(await race((n) => `change-${n}`));
  });

  test('one change that is sent many times at once is made once, and its answers have the same pair', async () => {
    await expectOnlyNewSession(await race(() => 'the-only-change'));
  });

  test('a user never has more sessions than the limit, however many begin at once', async () => {
    const { user: registered } = (await post(`${at(0)}/auth/register`, {
      username: `bob-${store}`,
      password: PASSWORD,
    })) as unknown as { user: { id: string } };
    const started = await times(130, (n) => post(`${at(n)}/own/start`, { userId: registered.id }));
    const answers = await Promise.all(started.map(({ refreshToken }, n) => refresh(String(refreshToken), n)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(100);
  });
});
