import { withMark, withoutMark } from '../../../src/stores/unfinished-change';
import { PASSWORD, type TestApp } from '../../helpers/apps/app';
import { quickHash } from '../../helpers/apps/quick-passwords';
import { useRealApp } from '../../helpers/apps/real-app';
import { useCallTimes } from '../../helpers/call-times';
import { eventually } from '../../helpers/eventually';
import { expectFailure } from '../../helpers/failures';

type Tokens = Awaited<ReturnType<TestApp['tokensOf']>>;

// A process counts as killed after this time, and not after two seconds.
useCallTimes({ passwordChange: 150 });

const NEW_PASSWORD = 'another stapler 4 you';
const passwordHash = quickHash(PASSWORD);
const real = useRealApp(passwordHash);

const change = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
const client = () => real.testApp.client();
const post = ({ accessToken }: Tokens, body: object) =>
  client().post('/auth/password').auth(accessToken, { type: 'bearer' }).send(body);
const refresh = ({ refreshToken }: Tokens) => client().post('/auth/refresh').send({ refreshToken });
const login = (password: string) => client().post('/auth/login').send({ username: real.username, password });
const stored = async () => (await real.stores.options.users.findById(real.userId))?.passwordHash ?? '';
const sessions = () => real.testApp.auth.sessions.list(real.userId);

/** What a process leaves that is killed when it has stored the new hash. */
async function killedChange(): Promise<Tokens> {
  const tokens = await real.testApp.tokensOf(real.username);
  const marked = withMark(quickHash(NEW_PASSWORD));
  await real.stores.options.users.updatePasswordHash(real.userId, marked, passwordHash);
  return tokens;
}

test('no session is refreshed while a change is unfinished', async () => {
  const tokens = await killedChange();
  expectFailure(await refresh(tokens), 'SESSION_NOT_FOUND');
  await expect(real.testApp.auth.sessions.refresh(tokens.refreshToken)).rejects.toMatchObject({
    code: 'SESSION_NOT_FOUND',
  });
});

test('a refresh while a change is being made waits, and goes on if an outage brings the old password back', async () => {
  const tokens = await killedChange();
  const { users } = real.stores.options;
  const finds = jest.spyOn(users, 'findById');
  const refreshed = refresh(tokens).then((answer) => answer);
  await eventually('the refresh waits', () => Promise.resolve(finds.mock.calls.length > 1));
  await users.updatePasswordHash(real.userId, passwordHash, withMark(quickHash(NEW_PASSWORD)));
  expect((await refreshed).status).toBe(200);
  expect(await sessions()).toHaveLength(1);
  finds.mockRestore();
});

test('many refreshes that wait for a change ask for the user as often as one, and once more each', async () => {
  const tokens = await killedChange();
  const finds = jest.spyOn(real.stores.options.users, 'findById');
  await refresh(tokens);
  const polls = finds.mock.calls.length - 2; // one before the waiting, and one after it
  finds.mockClear();
  const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(tokens)));
  for (const answer of answers) expectFailure(answer, 'SESSION_NOT_FOUND');
  // Requests that come late begin to wait once more.
  expect(finds.mock.calls.length).toBeLessThanOrEqual(100 + 5 * polls);
  finds.mockRestore();
});

test('a user who was told of no change can change the new password into a third one', async () => {
  const tokens = await killedChange();
  const third = { currentPassword: NEW_PASSWORD, newPassword: 'yet another 7 staplers' };
  const changed = await post(tokens, third);
  expect(changed.status).toBe(200);
  expect(await stored()).toBe(quickHash(third.newPassword));
  expectFailure(await refresh(tokens), 'SESSION_NOT_FOUND');
  expect((await refresh(changed.body as Tokens)).status).toBe(200);
});

test('a login with the new password ends all sessions and finishes the change', async () => {
  const tokens = await killedChange();
  const revoked: unknown[] = [];
  const listener = ({ userId, reason }: { userId: string; reason: string }) =>
    userId === real.userId && revoked.push(reason);
  real.testApp.auth.events.on('revoked', listener);
  expectFailure(await login(PASSWORD), 'INVALID_CREDENTIALS');
  expect(await sessions()).toHaveLength(1);
  expect((await login(NEW_PASSWORD)).status).toBe(200);
  real.testApp.auth.events.off('revoked', listener);
  expect([revoked, (await sessions()).length]).toEqual([['password-changed'], 1]);
  expectFailure(await refresh(tokens), 'SESSION_NOT_FOUND');
  expect(await stored()).toBe(quickHash(NEW_PASSWORD));
});

test('a login without a password finishes the change as well', async () => {
  await killedChange();
  const tokens = await real.testApp.auth.sessions.start(real.userId);
  expect((await sessions()).map(({ sessionId }) => sessionId)).toEqual([tokens.sessionId]);
  expect((await refresh(tokens as unknown as Tokens)).status).toBe(200);
});

test('the request that is sent again finishes the change, and only with the new password', async () => {
  const tokens = await killedChange();
  const wrong = { ...change, newPassword: 'yet another 7 staplers' };
  expectFailure(await post(tokens, wrong), 'INVALID_CREDENTIALS');
  expect(await stored()).toBe(withMark(quickHash(NEW_PASSWORD)));
  const changed = await post(tokens, change);
  expect(changed.status).toBe(200);
  expect(await stored()).toBe(withoutMark(await stored()));
  expectFailure(await refresh(tokens), 'SESSION_NOT_FOUND');
  expect((await refresh(changed.body as Tokens)).status).toBe(200);
  expect(await sessions()).toHaveLength(1);
});

test('the new hash is unmarked when the change has been answered', async () => {
  const tokens = await real.testApp.tokensOf(real.username);
  expect((await post(tokens, change)).status).toBe(200);
  expect(await stored()).toBe(quickHash(NEW_PASSWORD));
});

test('auth.passwords.verify reads a marked hash as the hash', async () => {
  const marked = withMark(quickHash(NEW_PASSWORD));
  expect(await real.testApp.auth.passwords.verify(NEW_PASSWORD, marked)).toBe(true);
  expect(await real.testApp.auth.passwords.verify(PASSWORD, marked)).toBe(false);
});
