import { PASSWORD } from '../../helpers/apps/app';
import { appDatabase } from '../../helpers/apps/app-database';
import { useAppProcesses } from '../../helpers/apps/app-processes';
import { randomPrefix } from '../../helpers/apps/backends';
import { eventually } from '../../helpers/eventually';
import { mailTo, post, type Answer } from './app-calls';
import { tokenOf } from './email-app';

const processes = useAppProcesses({ EMAIL_ACCOUNT: 'yes' });

/** With two stores, 36 changes and 36 undos that are killed at random moments. Those of one process are at different steps. */
const KILLED_PROCESSES = 3;
const CHANGES_OF_PROCESS = 6;
const rounds = Array.from({ length: KILLED_PROCESSES }, (_, index) => index);

describe.each(appDatabase.sessionStores)('with sessions in %s', (store) => {
  const prefix = randomPrefix();
  let other: string;
  let users: ReturnType<typeof processes.database.users>;
  let passwordHash: string;
  let count = 0;

  beforeAll(async () => {
    other = await processes.start(store, prefix);
    users = processes.database.users();
    ({ passwordHash = '' } = await post(`${other}/own/hash`, { password: PASSWORD }));
  });

  const login = (username: string) =>
    post(`${other}/auth/login`, { username, password: PASSWORD, transport: 'body' });

  /** A user who is logged in and has asked a process for another address. */
  async function userOf(address: string) {
    count += 1;
    const [from, to] = [`from${count}.${store}@example.com`, `to${count}.${store}@example.com`];
    const { id } = await users.create({ username: from, passwordHash });
    const session = await login(from);
    expect((await post(`${address}/auth/email/change`, { username: to }, session.accessToken)).status).toBe(
      202,
    );
    const token = tokenOf(await mailTo(address, to, 'email-change'));
    const confirm = (at: string) => post(`${at}/auth/email/change/confirm`, { token }, session.accessToken);
    const username = async () => (await users.findById(id))?.username;
    let { refreshToken } = session;
    const refreshes = async () => {
      const answer = await post(`${other}/auth/refresh`, { refreshToken });
      refreshToken = answer.refreshToken ?? refreshToken;
      return answer.status;
    };
    return { id, from, to, confirm, username, refreshes };
  }

  type User = Awaited<ReturnType<typeof userOf>>;

  const undoOf = async (address: string, { from, confirm }: User) => {
    expect((await confirm(address)).status).toBe(200);
    const token = tokenOf(await mailTo(address, from, 'email-changed'));
    return (at: string) => post(`${at}/auth/email/change/undo`, { token });
  };

  /** Kills the process while it does the same for several users. How long one takes is measured first. */
  async function killWhile(
    address: string,
    undisturbed: () => Promise<Answer>,
    all: (() => Promise<Answer>)[],
  ) {
    const begin = performance.now();
    expect((await undisturbed()).status).toBe(200);
    const duration = performance.now() - begin;
    await post(`${address}/own/kill-in`, { ms: Math.random() * (all.length / 3) * duration });
    await Promise.allSettled(all.map((work) => work()));
    await eventually('the process is dead', () =>
      fetch(address).then(
        () => false,
        () => true,
      ),
    );
  }

  /** What must hold after a kill at any moment of a change. */
  async function expectOldOrNew(user: User): Promise<void> {
    const { id, from, to, confirm, username, refreshes } = user;
    const found = await username();
    expect([from, to]).toContain(found);
    expect(await refreshes()).toBe(200);
    // No one else gets the old address, at any moment.
    if (found === to) expect((await users.credentials().find('former-address', from))?.userId).toBe(id);
    const repeated = await confirm(other);
    // The token is still good unless the change has come to its end.
    if (found === from) expect(repeated.status).toBe(200);
    else expect([200, 401]).toContain(repeated.status);
    expect(await username()).toBe(to);
    expect(await refreshes()).toBe(200);
    expect([(await login(to)).status, (await login(from)).status]).toEqual([200, 401]);
    if (repeated.status !== 200) return;
    const undo = tokenOf(await mailTo(other, from, 'email-changed'));
    expect((await post(`${other}/auth/email/change/undo`, { token: undo })).status).toBe(200);
    expect([await username(), await refreshes()]).toEqual([from, 401]);
  }

  /** What must hold after a kill at any moment of an undo. */
  async function expectUndone({ user, undo }: { user: User; undo: (at: string) => Promise<Answer> }) {
    const { from, to, username, refreshes } = user;
    const found = await username();
    expect([from, to]).toContain(found);
    const repeated = await undo(other);
    if (found === to) expect(repeated.status).toBe(200);
    else expect([200, 401]).toContain(repeated.status);
    expect([await username(), await refreshes()]).toEqual([from, 401]);
    expect([(await login(from)).status, (await login(to)).status]).toEqual([401, 401]);
    // A process that was killed at the very end has sent no mail, and the user can ask for one.
    await post(`${other}/auth/password/forgot`, { username: from });
    await mailTo(other, from, 'reset');
  }

  test.each(rounds)(
    'a process killed at a random moment of several changes leaves each with the old address or the new one, and the same request finishes it (%i)',
    async () => {
      const address = await processes.start(store, prefix);
      const undisturbed = await userOf(address);
      const all = await Promise.all(Array.from({ length: CHANGES_OF_PROCESS }, () => userOf(address)));
      await killWhile(
        address,
        () => undisturbed.confirm(address),
        all.map(
          ({ confirm }) =>
            () =>
              confirm(address),
        ),
      );
      await Promise.all(all.map(expectOldOrNew));
    },
  );

  test.each(rounds)(
    'a process killed at a random moment of several undos leaves no session and no password once the same request was repeated (%i)',
    async () => {
      const address = await processes.start(store, prefix);
      const [first, ...all] = await Promise.all(
        Array.from({ length: CHANGES_OF_PROCESS + 1 }, async () => {
          const user = await userOf(address);
          return { user, undo: await undoOf(address, user) };
        }),
      );
      await killWhile(
        address,
        () => first?.undo(address) as Promise<Answer>,
        all.map(
          ({ undo }) =>
            () =>
              undo(address),
        ),
      );
      await Promise.all(all.map(expectUndone));
    },
  );
});
