import { quickHash } from '../../helpers/apps/quick-passwords';
import { PASSWORD, type TestApp } from '../../helpers/apps/app';
import { useRealApp } from '../../helpers/apps/real-app';
import { eventually } from '../../helpers/eventually';
import { expectFailure } from '../../helpers/failures';

type Tokens = Awaited<ReturnType<TestApp['tokensOf']>>;

const change = { currentPassword: PASSWORD, newPassword: 'another stapler 4 you' };
const real = useRealApp(quickHash(PASSWORD));

const client = () => real.testApp.client();
const post = ({ accessToken }: Tokens) =>
  client()
    .post('/auth/password')
    .auth(accessToken, { type: 'bearer' })
    .set('Idempotency-Key', 'the-only-change')
    .send(change)
    .then((answer) => answer);
const refresh = ({ refreshToken }: Tokens) => client().post('/auth/refresh').send({ refreshToken });
const sessions = () => real.testApp.auth.sessions.list(real.userId);

afterEach(() => {
  jest.restoreAllMocks();
});

type Step = ['users' | 'refreshTokens', string];

/** The steps of a change after which the same request may come again. */
const STEPS: Step[] = [
  ['users', 'updatePasswordHash'],
  ['refreshTokens', 'revokeAll'],
  ['refreshTokens', 'create'],
  ['refreshTokens', 'revoke'],
];

/** Holds a change up when a step of it is done. */
async function changeHeldAfter([store, method]: Step, tokens: Tokens) {
  const target = real.stores.options[store] as unknown as Record<
    string,
    (...values: unknown[]) => Promise<unknown>
  >;
  const call = (target[method] as (...values: unknown[]) => Promise<unknown>).bind(target);
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  let isHeld = false;
  jest.spyOn(target, method).mockImplementationOnce(async (...values) => {
    const answer = await call(...values);
    isHeld = true;
    await released;
    return answer;
  });
  const first = post(tokens);
  await eventually('the change is held up', () => Promise.resolve(isHeld));
  return { first, release };
}

/** Sends the same request again, and resolves when it waits for the first one. */
async function repeat(tokens: Tokens) {
  const finds = jest.spyOn(real.stores.options.users, 'findById');
  const again = post(tokens);
  await eventually('the request waits', () => Promise.resolve(finds.mock.calls.length > 2));
  finds.mockRestore();
  return { again };
}

test.each(STEPS)(
  'the same request while the first is held up after %s.%s gets the same pair',
  async (...step) => {
    const tokens = await real.testApp.tokensOf(real.username);
    const { first, release } = await changeHeldAfter(step, tokens);
    const { again } = await repeat(tokens);
    release();
    const [one, two] = await Promise.all([first, again]);
    expect([one.status, two.status]).toEqual([200, 200]);
    expect(two.body).toEqual(one.body);
    expect(await sessions()).toHaveLength(1);
    expect((await refresh(two.body as Tokens)).status).toBe(200);
  },
);

test.each(STEPS.slice(0, 3))(
  'after a logout that comes after %s.%s, the change and the same request again get 401 and no session is left',
  async (...step) => {
    const tokens = await real.testApp.tokensOf(real.username);
    const { first, release } = await changeHeldAfter(step, tokens);
    await client().post('/auth/logout').auth(tokens.accessToken, { type: 'bearer' }).expect(200);
    const { again } = await repeat(tokens);
    release();
    expectFailure(await first, 'SESSION_REVOKED');
    expectFailure(await again, 'SESSION_REVOKED');
    expectFailure(await post(tokens), 'SESSION_REVOKED');
    expect(await sessions()).toEqual([]);
    await client()
      .post('/auth/login')
      .send({ username: real.username, password: change.newPassword })
      .expect(200);
    expect(await sessions()).toHaveLength(1);
  },
);

test('a login with the new password while the change is held up leaves the session of the change alone', async () => {
  const tokens = await real.testApp.tokensOf(real.username);
  const { first, release } = await changeHeldAfter(['refreshTokens', 'create'], tokens);
  const finds = jest.spyOn(real.stores.options.users, 'findById');
  const login = client()
    .post('/auth/login')
    .send({ username: real.username, password: change.newPassword })
    .then((answer) => answer);
  await eventually('the login waits', () => Promise.resolve(finds.mock.calls.length > 1));
  release();
  expect((await login).status).toBe(200);
  expect((await refresh((await first).body as Tokens)).status).toBe(200);
  expect(await sessions()).toHaveLength(2);
});
