import { isMarked } from '../../../src/stores/unfinished-change';
import { PASSWORD } from '../../helpers/apps/app';
import { emailApp, tokenOf, type EmailApp } from './email-app';
import { realStores } from '../../helpers/apps/feature-stores';

const ANN = 'ann@example.com';

interface Pair {
  accessToken: string;
  refreshToken: string;
}

/** 25 of each kind, in turn, over both apps. */
const EACH = 25;

test('of 100 changes, resets, logins and refreshes at once, over two apps, one new password is left, and no session from before', async () => {
  const stores = await realStores();
  const limits = { username: false, password: false, logins: false } as const;
  const apps = [1, 2].map(() => emailApp({ stores, auth: { limits } })) as [EmailApp, EmailApp];
  const [first] = apps;
  const at = (n: number) => (apps[n % 2] as EmailApp).client();
  const login = (password: string, n = 0) =>
    at(n).post('/auth/login').send({ username: ANN, password, transport: 'body' });
  const refresh = ({ refreshToken }: Pair, n = 0) => at(n).post('/auth/refresh').send({ refreshToken });
  try {
    const passwordHash = await first.auth.passwords.hash(PASSWORD);
    const ann = await stores.users.create({ username: ANN, passwordHash });
    const [own, stolen] = [(await login(PASSWORD)).body as Pair, (await login(PASSWORD)).body as Pair];
    await first.client().post('/auth/password/forgot').send({ username: ANN }).expect(202);
    const token = tokenOf(await first.mailTo(ANN, 'reset'));

    const kinds = [
      (n: number) =>
        at(n)
          .post('/auth/password')
          .auth(own.accessToken, { type: 'bearer' })
          .send({ currentPassword: PASSWORD, newPassword: `changed ${n} staplers` }),
      (n: number) =>
        at(n)
          .post('/auth/password/reset')
          .send({ token, newPassword: `reset ${n} staplers` }),
      (n: number) => login(PASSWORD, n),
      (n: number) => refresh(stolen, n),
    ];
    const answers = await Promise.all(
      kinds.flatMap((send, kind) =>
        Array.from({ length: EACH }, async (_, n) => ({ kind, n, answer: await send(n) })),
      ),
    );

    expect([...new Set(answers.map(({ answer }) => answer.status))].sort()).toEqual([200, 401]);
    const winners = answers.filter(({ kind, answer }) => kind < 2 && answer.status === 200);
    expect(winners).toHaveLength(1);
    const { kind, n, answer } = winners[0] as (typeof answers)[0];
    const stored = (await stores.users.findById(ann.id))?.passwordHash ?? null;
    expect(isMarked(stored)).toBe(false);
    expect((await login(PASSWORD)).status).toBe(401);
    const before = answers.filter((each) => each.kind >= 2 && each.answer.status === 200);
    for (const pair of [own, stolen, ...before.map((each) => each.answer.body as Pair)])
      expect((await refresh(pair)).status).toBe(401);
    const sessions = await first.auth.sessions.list(ann.id);
    if (kind === 0) expect((await refresh(answer.body as Pair)).status).toBe(200);
    expect(sessions).toHaveLength(kind === 0 ? 1 : 0);
    expect((await login(kind === 0 ? `changed ${n} staplers` : `reset ${n} staplers`)).status).toBe(200);
  } finally {
    for (const { auth } of apps) await auth.close();
    await stores.close();
  }
});
