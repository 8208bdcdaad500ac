import { MemoryRefreshTokenStore } from '../../../src/index';
import { createTestApp, type TestApp } from '../../helpers/apps/app';

type Tokens = Awaited<ReturnType<TestApp['tokensOf']>>;
interface Listed {
  id: string;
  current: boolean;
  createdAt: string;
  lastUsedAt: string;
  expiresAt: string;
}

const START = Date.parse('2026-11-02T08:20:30.456Z');
const MINUTE = 60_000;

let nowMs: number;
let app: TestApp;
beforeEach(async () => {
  nowMs = START;
  const clock = () => nowMs;
  app = createTestApp({ clock, refreshTokens: new MemoryRefreshTokenStore({ clock }) });
  await app.register('ann');
});
afterEach(() => app.auth.close());

const refresh = async ({ refreshToken }: Tokens) =>
  (await app.client().post('/auth/refresh').send({ refreshToken }).expect(200)).body as Tokens;
const list = async ({ accessToken }: Tokens) => {
  const { body } = await app.client().get('/auth/sessions').auth(accessToken, { type: 'bearer' }).expect(200);
  return (body as { sessions: Listed[] }).sessions;
};

test('a copy of the session never sees when the user refreshes, minute by minute for five hours', async () => {
  let user = await app.tokensOf('ann');
  const unused = await app.tokensOf('ann');
  for (let minute = 0; minute < 300; minute++) {
    nowMs += MINUTE;
    const before = await list(user);
    if (minute % 25 === 24) {
      const next = await refresh(user);
      expect(await list(next)).toEqual(before);
      user = next;
    }
    if (minute === 100)
      await app.client().post('/auth/logout').send({ refreshToken: unused.refreshToken }).expect(200);
  }
});

test("another device's times are whole hours, and the last use is not before the login", async () => {
  let other = await app.tokensOf('ann');
  const shown = async () =>
    (await list(await app.tokensOf('ann'))).filter(({ createdAt }) => createdAt === login);
  const login = new Date(START).toISOString();
  const day = (time: string) => `2026-11-02T${time}.000Z`;
  const fixed = { current: false, createdAt: login };
  nowMs += MINUTE;
  expect(await shown()).toMatchObject([{ ...fixed, lastUsedAt: login, expiresAt: day('12:00:00') }]);
  nowMs += 20 * MINUTE;
  other = await refresh(other);
  expect(await shown()).toMatchObject([{ ...fixed, lastUsedAt: login, expiresAt: day('12:00:00') }]);
  nowMs += 70 * MINUTE;
  await refresh(other);
  expect(await shown()).toMatchObject([
    { ...fixed, lastUsedAt: day('09:00:00'), expiresAt: day('13:00:00') },
  ]);
});

test('the session that asks comes first, and then the one used last', async () => {
  const [first, second, third] = [
    await app.tokensOf('ann'),
    await app.tokensOf('ann'),
    await app.tokensOf('ann'),
  ];
  nowMs += 60 * MINUTE;
  await refresh(second);
  nowMs += 60 * MINUTE;
  const asking = await refresh(third);
  nowMs += 5 * MINUTE;
  await refresh(first);
  const listed = await list(asking);
  expect(listed.map(({ current }) => current)).toEqual([true, false, false]);
  const used = listed.map(({ lastUsedAt }) => lastUsedAt);
  expect([...used].sort().reverse()).toEqual(used);
  expect(new Set(used).size).toBe(2); // the first and the asking one in the same hour
});
