import { PASSWORD } from '../../helpers/apps/app';
import { appDatabase } from '../../helpers/apps/app-database';
import { useAppProcesses } from '../../helpers/apps/app-processes';
import { randomPrefix } from '../../helpers/apps/backends';
import { eventually } from '../../helpers/eventually';
import { mailTo, post, type Answer } from './app-calls';
import { NEW_PASSWORD, tokenOf } from './email-app';

const processes = useAppProcesses({ EMAIL_ACCOUNT: 'yes' });

/** The writes of a reset, in their order. */
const STEPS: [string, object][] = [
  ['the new hash', { store: 'users', method: 'updatePasswordHash', calls: 1 }],
  ['the end of the sessions', { store: 'refreshTokens', method: 'revokeAll', calls: 1 }],
  ['the last write of the hash', { store: 'users', method: 'updatePasswordHash', calls: 2 }],
];

/** With two stores, 56 resets that are killed at random moments. Those of one process are at different steps. */
const KILLED_PROCESSES = 4;
const RESETS_OF_PROCESS = 7;

describe.each(appDatabase.sessionStores)('with sessions in %s', (store) => {
  const prefix = randomPrefix();
  let other: string;
  let passwordHash: string;
  let users = 0;

  beforeAll(async () => {
    other = await processes.start(store, prefix);
  });

  /** A user with two sessions, and a token of a process that is going to be killed. */
  async function userOf(address: string) {
    const username = `ann${(users += 1)}.${store}@example.com`;
    const all = processes.database.users();
    if (!passwordHash) passwordHash = (await hashed()).passwordHash as string;
    await all.create({ username, passwordHash });
    const logIn = (password: string, at = other) =>
      post(`${at}/auth/login`, { username, password, transport: 'body' });
    const sessions = [await logIn(PASSWORD), await logIn(PASSWORD)];
    expect((await post(`${address}/auth/password/forgot`, { username })).status).toBe(202);
    const token = tokenOf(await mailTo(address, username, 'reset'));
    const reset = (at: string) => post(`${at}/auth/password/reset`, { token, newPassword: NEW_PASSWORD });
    return { sessions, logIn, reset };
  }

  /** By the app itself, with its own cost. */
  const hashed = () => post(`${other}/own/hash`, { password: PASSWORD });

  const refreshes = async (sessions: readonly Answer[]) => {
    const statuses = [];
    for (const { refreshToken } of sessions)
      statuses.push((await post(`${other}/auth/refresh`, { refreshToken })).status);
    return statuses;
  };

  /** What must hold after a kill at any moment. @returns whether the new password holds */
  async function expectOldOrNew({ sessions, logIn, reset }: Awaited<ReturnType<typeof userOf>>) {
    // The refreshes come first: a login would finish what the killed process has left.
    const refreshed = await refreshes(sessions);
    const [byOld, byNew] = [await logIn(PASSWORD), await logIn(NEW_PASSWORD)];
    expect([byOld.status, byNew.status].sort()).toEqual([200, 401]);
    if (byNew.status === 200) expect(refreshed).toEqual([401, 401]);
    // The token is still good unless the reset has come to its end.
    const repeated = await reset(other);
    if (byNew.status === 401) expect(repeated.status).toBe(200);
    else expect([200, 401]).toContain(repeated.status);
    expect(await refreshes(sessions)).toEqual([401, 401]);
    expect((await logIn(NEW_PASSWORD)).status).toBe(200);
    expect((await logIn(PASSWORD)).status).toBe(401);
    return byNew.status === 200;
  }

  test.each(STEPS)(
    'a process killed after %s leaves the new password and no older session',
    async (_step, step) => {
      const address = await processes.start(store, prefix);
      const user = await userOf(address);
      await post(`${address}/own/kill-after`, step);
      await expect(user.reset(address)).rejects.toThrow('fetch failed');
      expect(await expectOldOrNew(user)).toBe(true);
    },
  );

  test.each(Array.from({ length: KILLED_PROCESSES }, (_, index) => index))(
    'a process killed at a random moment of several resets leaves each with the old password, or the new one and no older session (%i)',
    async () => {
      const address = await processes.start(store, prefix);
      const undisturbed = await userOf(address);
      const begin = performance.now();
      expect((await undisturbed.reset(address)).status).toBe(200);
      const duration = performance.now() - begin;
      const all = await Promise.all(Array.from({ length: RESETS_OF_PROCESS }, () => userOf(address)));
      await post(`${address}/own/kill-in`, { ms: Math.random() * RESETS_OF_PROCESS * duration });
      await Promise.allSettled(all.map((user) => user.reset(address)));
      const isDead = () =>
        fetch(address).then(
          () => false,
          () => true,
        );
      await eventually('the process is dead', isDead);
      await Promise.all(all.map(expectOldOrNew));
    },
  );
});
