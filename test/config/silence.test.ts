import { type EventEmitter } from 'node:events';
import {
  AUTH_EVENT_NAMES,
  AuthError,
  createAuth,
  MemoryRefreshTokenStore,
  MemoryUserStore,
  PostgresRefreshTokenStore,
  PostgresUserStore,
  RedisRefreshTokenStore,
  type Auth,
} from '../../src/index';
import { connectRedis } from '../helpers/apps/backends';
import { optionsWith, refusal } from '../helpers/apps/options';

type Untyped = Record<string, (...args: unknown[]) => unknown>;

const auth = createAuth(optionsWith());
const redis = connectRedis();
const users = new MemoryUserStore();
const client = { query: () => Promise.reject(new Error('not asked')) };
const postgresUsers = new PostgresUserStore(client);

afterAll(async () => {
  redis.disconnect();
  await auth.close();
});

/** The error of a call, thrown or rejected. */
async function errorOf(call: () => unknown): Promise<Error> {
  try {
    await call();
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected the call to be refused');
}

const untyped = (value: unknown) => value as Untyped;
const ZOD_WORDS = /invalid (input|option|string|key)|expected |received |too (small|big)|unrecognized|✖|NaN/i;

const unknownNames: [call: string, call: () => unknown, message: RegExp][] = [
  ...[users, postgresUsers].flatMap((store) => {
    const kind = store.constructor.name;
    const call = (method: string, ...args: unknown[]) =>
      [`${kind}.${method}`, () => untyped(store)[method]?.(...args)] as const;
    return [
      [
        ...call('update', 'an id', { disable: true }),
        /users\.update\(\): Unknown option disable: known are roles, disabled \(did you mean disabled\?\)/,
      ],
      [
        ...call('create', { username: 'ann', passwordHash: null, role: 'admin' }),
        /users\.create\(\): Unknown option role: known are username, roles, passwordHash \(did you mean roles\?\)/,
      ],
      [
        ...call('findOrCreate', { issuer: 'i', subject: 's' }, { username: 'ann', role: 'admin' }),
        /users\.findOrCreate\(\): Unknown option role/,
      ],
    ] as [string, () => unknown, RegExp][];
  }),
  [
    'PostgresUserStore.list',
    () => untyped(postgresUsers)['list']?.({ limits: 5 }),
    /users\.list\(\): Unknown option limits.*did you mean limit/,
  ],
  [
    'new MemoryUserStore',
    () => new MemoryUserStore({ clok: Date.now } as never),
    /new MemoryUserStore\(\): Unknown option clok: known are clock/,
  ],
  [
    'new MemoryRefreshTokenStore',
    () => new MemoryRefreshTokenStore({ time: Date.now } as never),
    /Unknown option time: known are clock/,
  ],
  [
    'new PostgresUserStore',
    () => new PostgresUserStore(client, { tabel: 'x' } as never),
    /new PostgresUserStore\(\): Unknown option tabel: known are table/,
  ],
  [
    'new PostgresRefreshTokenStore',
    () => new PostgresRefreshTokenStore(client, { attemptTable: 'x' } as never),
    /Unknown option attemptTable.*did you mean attemptsTable/,
  ],
  [
    'new RedisRefreshTokenStore',
    () => new RedisRefreshTokenStore(redis, { prefix: 'x:' } as never),
    /Unknown option prefix: known are keyPrefix/,
  ],
  [
    'sessions.revokeAll',
    () => auth.sessions.revokeAll('ann', { exept: 'x' } as never),
    /sessions\.revokeAll\(\): Unknown option exept: known are except \(did you mean except\?\)/,
  ],
  [
    'credentials.removeAll',
    () => users.credentials().removeAll('ann', { kind: 'totp' } as never),
    /credentials\.removeAll\(\): Unknown option kind: known are kinds, except \(did you mean kinds\?\)/,
  ],
  [
    'oneTimeTokens.create',
    () => new MemoryRefreshTokenStore().oneTimeTokens().create({ expiresIn: 5 } as never),
    /Unknown option expiresIn: known are .*did you mean expiresInSeconds/,
  ],
  [
    'guard',
    () => auth.guard({ role: ['admin'] } as never),
    /guard\(\): Unknown option role: .*did you mean roles/,
  ],
  ['login', () => auth.login({ redirect: '/' } as never), /login\(\): Unknown option redirect/],
  ['logout', () => auth.logout({ redirect: '/' } as never), /logout\(\): Unknown option redirect/],
  [
    'completeLogin',
    () => auth.completeLogin({ redirect: '/' } as never),
    /completeLogin\(\): Unknown option redirect/,
  ],
  ['openapi', () => auth.openapi({ titel: 'x' } as never), /openapi\(\): Unknown option titel/],
  [
    'events.on',
    () => (auth.events as EventEmitter).on('logout', () => undefined),
    /Unknown event logout: known are registered, .*unavailable/,
  ],
  [
    'events.once',
    () => (auth.events as EventEmitter).once('logins', () => undefined),
    /Unknown event logins.*did you mean login/,
  ],
  [
    'events.prependListener',
    () => (auth.events as EventEmitter).prependListener('refreshs', () => undefined),
    /did you mean refresh/,
  ],
  [
    'new AuthError',
    () => new AuthError('NOT_FOUND' as never),
    /Unknown code NOT_FOUND: known are VALIDATION_FAILED/,
  ],
  [
    'new AuthError, details',
    () => new AuthError('FORBIDDEN', { reason: 'x' } as never),
    /Unknown detail reason .*known are errors, status/,
  ],
];

test.each(unknownNames)(
  '%s throws a TypeError for a name that it does not know',
  async (_call, call, message) => {
    const error = await errorOf(call);
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(message);
  },
);

test("an event listener can be added for every event, and for Node's own", () => {
  const events = auth.events as EventEmitter;
  const listener = () => undefined;
  for (const name of [...AUTH_EVENT_NAMES, 'newListener', 'removeListener', 'error', Symbol('own')]) {
    events.on(name, listener).once(name, listener).prependOnceListener(name, listener);
    expect(events.listenerCount(name)).toBeGreaterThanOrEqual(1);
  }
  events.removeAllListeners();
});

const wrongValues: [call: string, (options: never) => unknown, option: string, values: unknown[]][] = [
  ['guard()', (o) => auth.guard(o), 'optional', ['yes', 1, null]],
  ['guard()', (o) => auth.guard(o), 'loadUser', ['yes', {}]],
  ['guard()', (o) => auth.guard(o), 'roles', ['admin', [], [''], [1]]],
  ['guard()', (o) => auth.guard(o), 'onStoreDown', ['ignore', true]],
  ['login()', (o) => auth.login(o), 'redirectTo', ['https://a.example', 1]],
  ['login()', (o) => auth.login(o), 'failureRedirect', [true, 'login']],
  ['logout()', (o) => auth.logout(o), 'redirectTo', [null, 'x']],
  ['completeLogin()', (o) => auth.completeLogin(o), 'remember', ['on', 1]],
  ['completeLogin()', (o) => auth.completeLogin(o), 'transport', ['header', 1]],
  ['completeLogin()', (o) => auth.completeLogin(o), 'amr', ['pwd', [], ['a b'], [1], Array(17).fill('pwd')]],
  ['openapi()', (o) => auth.openapi(o), 'servers', ['x', [], [{}], [{ url: 1 }]]],
  ['openapi()', (o) => auth.openapi(o), 'title', ['', 5]],
  ['flowState', (o) => auth.flowState.store(o), 'sameSite', ['Lax', 1]],
  ['flowState', (o) => auth.flowState.store(o), 'purpose', ['', 1]],
  ['users.create()', (o) => users.create(o), 'username', [1, undefined, 'a\0b', '\ud800']],
  ['users.update()', (o) => users.update('an id', o), 'disabled', ['yes', 1, null]],
  ['users.update()', (o) => postgresUsers.update('an id', o), 'roles', ['admin', [1], [null]]],
];

test.each(wrongValues)(
  "%s#: its errors name the option and have none of zod's words",
  async (call, make, option, values) => {
    for (const value of values) {
      const valid = call === 'users.create()' ? { passwordHash: null } : {};
      const error = await errorOf(() => make({ ...valid, [option]: value } as never));
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toContain(`${call}: ${option}`);
      expect(error.message).not.toMatch(ZOD_WORDS);
    }
    for (const noOptions of ['admin', 5, [], null]) {
      if (noOptions === null && call === 'flowState') continue;
      const error = await errorOf(() => make(noOptions as never));
      expect(error.message).toMatch(`${call} needs an object of options`);
    }
  },
);

test.each([
  ['accessToken.cacheSize', [-1, '10', 1.5, 2_000_000]],
  ['accessToken.algorithm', ['none', 5]],
  ['accessToken.issuer', ['', 5]],
  ['cookies', [null, 'x', []]],
  ['cookies.sameSite', ['Lax', true]],
  ['cookies.secure', ['yes']],
  ['trustedOrigins', [5]],
  ['password.cost', [9, 32, '12']],
  ['login', ['no', 0]],
  ['revocation', ['sometimes']],
  ['messages', [null, { ko: 'x' }, { ko: { FORBIDDEN: '' } }, { ko: { FORBIDDEN: null } }]],
  ['locale', [['ko']]],
  ['features', ['x', [1]]],
])("createAuth: errors of %s have none of zod's words", (option, values) => {
  for (const value of values) {
    const { message } = refusal({ [option]: value });
    expect(message.startsWith(option)).toBe(true);
    expect(message).not.toMatch(ZOD_WORDS);
  }
});

test('an error says what the value must be and of which kind it is, and never shows it', () => {
  expect(refusal({ login: 'a secret' }).message).toBe('login must be true or false, not a text');
  expect(refusal({ 'cookies.sameSite': 'Lax' }).message).toBe(
    "cookies.sameSite must be 'strict', 'lax' or 'none'",
  );
  expect(refusal({ 'password.cost': 9 }).message).toBe('password.cost must be at least 10');
});

describe('lifetimes that contradict each other', () => {
  test.each([
    [
      { 'accessToken.expiresIn': '10d' },
      /^accessToken.expiresIn is longer than refreshToken.expiresIn \(10800 seconds\)/,
    ],
    [
      { 'accessToken.expiresIn': '2h', 'refreshToken.maxLifetime': '1h' },
      /^accessToken.expiresIn is longer than refreshToken.maxLifetime/,
    ],
    [
      { 'refreshToken.expiresIn': '60d' },
      /^refreshToken.expiresIn is longer than refreshToken.maxLifetime \(2592000 seconds\)/,
    ],
    [{ 'refreshToken.reuseWindow': '4h' }, /^refreshToken.reuseWindow is longer than refreshToken.expiresIn/],
  ])('%j is refused', (changes, message) => {
    expect(refusal(changes)).toBeInstanceOf(TypeError);
    expect(refusal(changes).message).toMatch(message);
  });

  test.each([
    [{ 'accessToken.expiresIn': '3h' }],
    [{ 'refreshToken.expiresIn': '10m' }],
    [{ 'refreshToken.maxLifetime': '1h' }],
    [{ 'refreshToken.expiresIn': '10s', 'refreshToken.reuseWindow': '10s' }],
  ])('%j is accepted: a default that is too long just does not count', async (changes) => {
    const made: Auth = createAuth(optionsWith(changes));
    await made.close();
  });
});

test.each(['guard', 'login', 'register', 'changePassword', 'logout', 'completeLogin'] as const)(
  'auth.%s handed to Express without a call says so',
  (name) => {
    const request = Object.assign(Object.create(null) as object, {
      httpVersion: '1.1',
      url: '/',
      headers: {},
    });
    const auth = createAuth(optionsWith());
    const make = auth[name] as (options: unknown) => unknown;
    expect(() => make(request)).toThrow(/\(\) got a request: call it where you add the route/);
  },
);
