import { PASSWORD } from '../../helpers/apps/app';
import { appDatabase } from '../../helpers/apps/app-database';
import { useAppProcesses } from '../../helpers/apps/app-processes';
import { randomPrefix } from '../../helpers/apps/backends';
import { eventually } from '../../helpers/eventually';

const processes = useAppProcesses();
const NEW_PASSWORD = 'another good passphrase';
const KEY = 'the-only-change';

interface Answer {
  status: number;
  pid?: number;
  code?: string;
  accessToken?: string;
  refreshToken?: string;
  passwordHash?: string;
}

async function post(url: string, body: object, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { ...((await response.json()) as object), status: response.status };
}

/** The steps of a change, in their order. */
const STEPS: [string, object][] = [
  ['the new hash', { store: 'users', method: 'updatePasswordHash', calls: 1 }],
  ['the end of the other sessions', { store: 'refreshTokens', method: 'revokeAll', calls: 1 }],
  ['the new session', { store: 'refreshTokens', method: 'create', calls: 1 }],
  ['the end of its own session', { store: 'refreshTokens', method: 'revoke', calls: 1 }],
  ['the last write', { store: 'users', method: 'updatePasswordHash', calls: 2 }],
];

describe.each(appDatabase.sessionStores)('with sessions in %s', (store) => {
  const prefix = randomPrefix();
  let other: string;
  let passwordHash: string;
  let users = 0;

  beforeAll(async () => {
    other = await processes.start(store, prefix);
    ({ passwordHash = '' } = await post(`${other}/own/hash`, { password: PASSWORD }));
  });

  /** A user and a thief with a session each, in a process that will get the signal after a step of the user's change. */
  async function changeInterruptedBy(signal: 'SIGKILL' | 'SIGSTOP', step: object) {
    const address = await processes.start(store, prefix);
    const credentials = { username: `ann ${store} ${(users += 1)}`, password: PASSWORD };
    const stored = processes.database.users();
    const { username } = credentials;
    await stored.create({ username, passwordHash }); // an address may register ten
    const logIn = (at: string, password: string) =>
      post(`${at}/auth/login`, { ...credentials, password, transport: 'body' });
    const [user, thief] = [await logIn(address, PASSWORD), await logIn(address, PASSWORD)];
    const change = (at: string) =>
      post(
        `${at}/auth/password`,
        { currentPassword: PASSWORD, newPassword: NEW_PASSWORD },
        { Authorization: `Bearer ${user.accessToken}`, 'Idempotency-Key': KEY },
      );
    const { pid } = await post(`${address}/own/kill-after`, { ...step, signal });
    const changing = change(address);
    return {
      ...{ user, thief, changing, repeat: () => change(other) },
      logIn: (password: string) => logIn(other, password),
      isStored: async () => (await stored.findByUsername(username))?.passwordHash !== passwordHash,
      goOn: () => process.kill(pid as number, 'SIGCONT'),
    };
  }

  async function changeInKilledProcess(step: object) {
    const { changing, ...others } = await changeInterruptedBy('SIGKILL', step);
    await expect(changing).rejects.toThrow('fetch failed');
    return others;
  }

  const refresh = ({ refreshToken }: Answer) => post(`${other}/auth/refresh`, { refreshToken });
  const expectOver = async (...sessions: Answer[]) => {
    for (const session of sessions)
      expect(await refresh(session)).toMatchObject({ status: 401, code: 'SESSION_NOT_FOUND' });
  };

  test.each(STEPS)(
    'a process killed after %s leaves no session that goes on, and the same request finishes the change',
    async (_step, step) => {
      const { user, thief, repeat, logIn } = await changeInKilledProcess(step);
      await expectOver(user, thief);
      expect((await logIn(PASSWORD)).status).toBe(401);
      const changed = await repeat();
      expect(changed.status).toBe(200);
      await expectOver(user, thief);
      expect((await refresh(changed)).status).toBe(200);
      expect((await logIn(NEW_PASSWORD)).status).toBe(200);
    },
  );

  test.each(STEPS)(
    'a process killed after %s lets the user log in with the new password, which ends the old access tokens too',
    async (_step, step) => {
      const { user, thief, logIn } = await changeInKilledProcess(step);
      const login = await logIn(NEW_PASSWORD);
      const profile = async ({ accessToken }: Answer) =>
        (await fetch(`${other}/profile`, { headers: { Authorization: `Bearer ${accessToken}` } })).status;
      // What the killed process has ended, this one hears from the log.
      for (const old of [user, thief])
        await eventually('an old token is refused', async () => (await profile(old)) === 401);
      expect(await profile(login)).toBe(200);
      await expectOver(user, thief);
      expect((await refresh(login)).status).toBe(200);
      expect((await logIn(NEW_PASSWORD)).status).toBe(200);
    },
  );

  // The steps are the same with every store, and each test waits for seconds.
  if (store !== 'redis') return;

  const LAST_STEP = 'the last write';

  test.each(STEPS)(
    'a process that stands still after %s for longer than others wait for it hands out no session if the user has logged in meanwhile',
    async (name, step) => {
      const { user, thief, changing, logIn, isStored, goOn } = await changeInterruptedBy('SIGSTOP', step);
      await eventually('the new hash is stored', isStored);
      await eventually('the user logs in', async () => (await logIn(NEW_PASSWORD)).status === 200);
      await expectOver(user, thief);
      goOn();
      // After the last step the change was over when the user logged in, so both go on.
      expect((await changing).code).toBe(name === LAST_STEP ? undefined : 'SESSION_REVOKED');
      await expectOver(user, thief);
      expect([(await logIn(NEW_PASSWORD)).status, (await logIn(PASSWORD)).status]).toEqual([200, 401]);
    },
  );

  test('a process that stands still in the middle of a change lets no thief refresh meanwhile, and finishes the change when it goes on', async () => {
    const step = { store: 'refreshTokens', method: 'revokeAll', calls: 1 };
    const { user, thief, changing, isStored, goOn } = await changeInterruptedBy('SIGSTOP', step);
    await eventually('the new hash is stored', isStored);
    await expectOver(user, thief);
    goOn();
    const changed = await changing;
    expect(changed.status).toBe(200);
    await expectOver(user, thief);
    expect((await refresh(changed)).status).toBe(200);
  });
});
