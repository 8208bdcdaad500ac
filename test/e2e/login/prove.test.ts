import { AuthError, type AuthErrorCode, type AuthEvent } from '../../../src/index';
import { PasswordHasher } from '../../../src/accounts/password-hasher';
import { PASSWORD } from '../../helpers/apps/app';
import { passwordHash, useLimitedApp } from '../../helpers/apps/limited-app';
import { expectFailure } from '../../helpers/failures';

const limited = useLimitedApp();
afterEach(() => jest.restoreAllMocks());

const origin = { ip: '192.0.2.1', userAgent: 'a browser' };
const prove = (...[username, password, from = origin]: [unknown, unknown, object?]) =>
  limited.testApp.auth.passwords.prove(username, password, from);

/** The code that `prove` throws, or undefined. */
const codeOf = (...args: Parameters<typeof prove>): Promise<AuthErrorCode | undefined> =>
  prove(...args).then(
    () => undefined,
    (error: AuthError) => {
      expect(error).toBeInstanceOf(AuthError);
      return error.code;
    },
  );

test('a right password gives the stored user, without the hash, and starts no session', async () => {
  await limited.open();
  const stored = await limited.users.findByUsername('ann');
  const user = await prove(' ANN ', PASSWORD);
  expect({ ...user, passwordHash }).toEqual(stored);
  // @ts-expect-error -- the type has no hash either
  expect(user.passwordHash).toBeUndefined();
  expect(user).not.toHaveProperty('passwordHash');
  expect(await limited.testApp.auth.sessions.list(user.id)).toEqual([]);
});

test('a wrong password, an unknown user and a disabled one are alike, and take one hash each', async () => {
  await limited.open();
  const bob = await limited.users.findByUsername('bob');
  await limited.users.update(bob?.id as string, { disabled: true });
  const failed: AuthEvent<'loginFailed'>[] = [];
  limited.testApp.auth.events.on('loginFailed', (event) => void failed.push(event));
  const verify = jest.spyOn(PasswordHasher.prototype, 'verify');

  const thrown = await Promise.all(
    [prove('ann', 'wrong'), prove('bob', PASSWORD), prove('eve', PASSWORD)].map((call) =>
      call.catch((error: AuthError) => error.toJSON()),
    ),
  );
  expect(thrown).toEqual(Array(3).fill(new AuthError('INVALID_CREDENTIALS').toJSON()));
  expect(verify.mock.calls.map(([, hash]) => hash)).toEqual([passwordHash, null, null]);
  expect(failed.map(({ username, reason, ip, userAgent }) => [username, reason, ip, userAgent])).toEqual([
    ['ann', 'wrong-password', origin.ip, origin.userAgent],
    ['bob', 'disabled', origin.ip, origin.userAgent],
    ['eve', 'unknown-user', origin.ip, origin.userAgent],
  ]);
});

test('failures of one username are counted together with those of POST /login', async () => {
  await limited.open({ limits: { username: { failures: 4 } } });
  const locked: AuthEvent<'locked'>[] = [];
  limited.testApp.auth.events.on('locked', (event) => void locked.push(event));
  for (let count = 0; count < 2; count += 1) {
    expect(await codeOf('ann', 'wrong')).toBe('INVALID_CREDENTIALS');
    expectFailure(await limited.login('ann', 'wrong'), 'INVALID_CREDENTIALS');
  }
  await expect(prove('ann', PASSWORD)).rejects.toMatchObject({
    code: 'TOO_MANY_ATTEMPTS',
    retryAfterSeconds: 60,
  });
  expectFailure(await limited.login('ann', PASSWORD), 'TOO_MANY_ATTEMPTS');
  expect(locked[0]).toMatchObject({ limit: 'username', key: 'ann', ip: origin.ip });
  expect(await codeOf('bob', PASSWORD)).toBeUndefined();
});

test.each([
  ['one address', { ip: '192.0.2.1' }, { ip: '192.0.2.2' }],
  ['calls that name no address', {}, { ip: '192.0.2.2' }],
])('failures of %s are counted, whatever the names', async (_whose, from, other) => {
  await limited.open({ limits: { address: { failures: 3 } } });
  for (const name of ['eve', 'joe', 'kim'])
    expect(await codeOf(name, 'wrong', from)).toBe('INVALID_CREDENTIALS');
  expect(await codeOf('ann', PASSWORD, from)).toBe('TOO_MANY_ATTEMPTS');
  expect(await codeOf('ann', PASSWORD, other)).toBeUndefined();
});

test('of 40 guesses at once, no more are judged than the limit allows', async () => {
  await limited.open({ limits: { username: { failures: 5 } } });
  const verify = jest.spyOn(PasswordHasher.prototype, 'verify');
  const codes = await Promise.all(Array.from({ length: 40 }, () => codeOf('ann', 'wrong')));
  expect(codes.filter((code) => code === 'INVALID_CREDENTIALS')).toHaveLength(5);
  expect(codes.filter((code) => code === 'TOO_MANY_ATTEMPTS')).toHaveLength(35);
  expect(verify).toHaveBeenCalledTimes(5);
});

test('right passwords count towards limits.logins', async () => {
  await limited.open({ limits: { logins: { successes: 2 } } });
  const codes = [];
  for (let count = 0; count < 3; count += 1) codes.push(await codeOf('ann', PASSWORD));
  expect(codes).toEqual([undefined, undefined, 'TOO_MANY_ATTEMPTS']);
});

test.each<[string, unknown, unknown, [path: string, message: string][]]>([
  ['nothing', undefined, undefined, [['email', 'is required'], ['secret', 'is required']]], // prettier-ignore
  ['numbers', 5, 12345678, [['email', 'must be a string'], ['secret', 'must be a string']]], // prettier-ignore
  ['an object as the username', { $ne: '' }, PASSWORD, [['email', 'must be a string']]],
  ['null as the password', 'ann', null, [['secret', 'must be a string']]],
  ['empty texts', ' ', '', [['email', 'must not be empty'], ['secret', 'must not be empty']]], // prettier-ignore
  ['a NUL in the username', 'ann\0', PASSWORD, [['email', 'must not contain NUL']]],
  ['a lone surrogate in the password', 'ann', 'x\ud800', [['secret', 'must be well-formed Unicode']]],
  ['a password of a megabyte', 'ann', 'x'.repeat(1e6), [['secret', 'must be at most 16384 characters long']]],
])('%s is refused by name, and counts as no failure', async (_what, username, password, problems) => {
  await limited.open({
    usernameField: 'email',
    passwordField: 'secret',
    limits: { address: { failures: 1 }, username: { failures: 1 } },
  });
  const { errors } = (await prove(username, password).catch((error: AuthError) =>
    error.toJSON(),
  )) as AuthError;
  expect(errors).toEqual(problems.map(([path, message]) => ({ path, message })));
  expect(await codeOf(username, password)).toBe('VALIDATION_FAILED');
  expect(await codeOf('ann', PASSWORD)).toBeUndefined();
});

test('an outage is SERVICE_UNAVAILABLE and counts as no failure, and an error of the store stays itself', async () => {
  await limited.open({ limits: { username: { failures: 1 }, address: { failures: 1 } } });
  const find = jest.spyOn(limited.users, 'findByUsername');
  find.mockRejectedValue(new AuthError('SERVICE_UNAVAILABLE'));
  for (let count = 0; count < 3; count += 1)
    expect(await codeOf('ann', PASSWORD)).toBe('SERVICE_UNAVAILABLE');
  find.mockRejectedValue(new RangeError('a bug'));
  await expect(prove('ann', PASSWORD)).rejects.toThrow(RangeError);
  find.mockRestore();
  expect(await codeOf('ann', PASSWORD)).toBeUndefined();
});

test('options out of form are a TypeError that names the call', async () => {
  await limited.open();
  await expect(prove('ann', PASSWORD, { req: 1 })).rejects.toThrow(
    new TypeError('passwords.prove(): Unknown option req: known are ip, userAgent'),
  );
});
