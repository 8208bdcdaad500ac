import { runInNewContext } from 'node:vm';
import express from 'express';
import { Passport, type Authenticator } from 'passport';
import { z } from 'zod';
import {
  AuthError,
  createAuth,
  MemoryRefreshTokenStore,
  MemoryUserStore,
  RedisRefreshTokenStore,
  type AuthEvent,
  type Feature,
  type StoredUser,
} from '../../src';
import type { FeatureContext, FeatureParts } from '../../src/features/feature';
import type { Endpoint } from '../../src/http/endpoint';
import type { LimitRule, NamedLimit } from '../../src/limits/attempt-limits';
import type { BeforeSession, LoginDetails } from '../../src/sessions/start-session';
import { loginAs } from '../../src/testing';
import { createTestApp, PASSWORD, setCookies, type TestApp } from '../helpers/apps/app';
import { connectRedis, randomPrefix } from '../helpers/apps/backends';
import { optionsWith } from '../helpers/apps/options';

function feature(
  parts: FeatureParts | ((context: FeatureContext) => FeatureParts),
  name = 'sample',
): Feature {
  return { name, setUp: (context) => (typeof parts === 'function' ? parts(context) : parts) };
}

const endpoint = (verb: Endpoint['verb'], path: Endpoint['path'], answer = path): Endpoint => ({
  verb,
  path,
  chain: [(_req, res) => void res.json({ answer })],
  operation: {
    id: `${verb}${path.replaceAll('/', '_')}`,
    tag: 'Account',
    summary: 'A sample',
    description: 'For the tests.',
    needs: 'nothing',
    success: { text: 'Its own path.' },
    failures: [],
  },
});

describe('beforeSession', () => {
  let refuse: boolean;
  let asked: { user: StoredUser; login: LoginDetails }[];
  let testApp: TestApp;
  let users: MemoryUserStore;
  let refreshTokens: MemoryRefreshTokenStore;
  const check: BeforeSession = (user, login) => {
    asked.push({ user, login });
    return refuse ? Promise.reject(new AuthError('FORBIDDEN')) : Promise.resolve();
  };

  beforeEach(async () => {
    refuse = false;
    asked = [];
    users = new MemoryUserStore();
    refreshTokens = new MemoryRefreshTokenStore();
    const options = {
      users,
      refreshTokens,
      features: [feature({ beforeSession: { check, failures: ['FORBIDDEN'] } })],
    };
    testApp = createTestApp(options, (app, auth) => {
      app.post('/form', express.urlencoded({ extended: false }), auth.login({ redirectTo: '/in' }));
      app.use(auth.errorHandler);
    });
    await testApp.register('ann');
  });

  afterEach(() => testApp.auth.close());

  const ways: [string, () => Promise<unknown>][] = [
    [
      'POST /login',
      async () => testApp.client().post('/auth/login').send({ username: 'ann', password: PASSWORD }),
    ],
    [
      'auth.login()',
      async () => testApp.client().post('/form').type('form').send({ username: 'ann', password: PASSWORD }),
    ],
    ['auth.completeLogin()', async () => testApp.client().post('/quick-login').send({ username: 'ann' })],
    ['loginAs()', () => loginAs(testApp.auth, { username: 'ann' })],
  ];

  test.each(ways)('is asked by %s, and lets the login pass', async (_way, logIn) => {
    await logIn();
    const user = (await users.findByUsername('ann')) as StoredUser;
    const question = { user, login: expect.objectContaining({ remember: false, transport: 'cookie' }) };
    expect(asked).toEqual([question, question]);
    expect(await refreshTokens.list(user.id)).toHaveLength(1);
  });

  test.each(ways)('stops %s: no session, no token, no event of a login', async (_way, logIn) => {
    refuse = true;
    const events: AuthEvent['type'][] = [];
    testApp.auth.events.onAny(({ type }) => events.push(type));
    const outcome = await logIn().then(
      (response) => response as { status: number; headers: object },
      (error: unknown) => error as AuthError,
    );
    expect(outcome.status).toBe(403);
    if ('headers' in outcome) expect(setCookies(outcome)).toEqual({});
    expect(events).not.toContain('login');
    const user = (await users.findByUsername('ann')) as StoredUser;
    expect(await refreshTokens.list(user.id)).toEqual([]);
  });

  test('a refused login leaves the session alone that it would have replaced', async () => {
    const browser = await testApp.loggedIn('ann');
    refuse = true;
    expect((await browser.post('/auth/login').send({ username: 'ann', password: PASSWORD })).status).toBe(
      403,
    );
    expect((await browser.get('/auth/info')).status).toBe(200);
    expect((await browser.post('/auth/refresh')).status).toBe(200);
  });

  test('notices a change that comes while the session is being stored', async () => {
    const create = refreshTokens.create.bind(refreshTokens);
    jest.spyOn(refreshTokens, 'create').mockImplementation(async (session) => {
      const ended = await create(session);
      refuse = true;
      return ended;
    });
    const answer = await testApp.client().post('/auth/login').send({ username: 'ann', password: PASSWORD });
    expect([answer.status, setCookies(answer)]).toEqual([403, {}]);
    const user = (await users.findByUsername('ann')) as StoredUser;
    expect(await refreshTokens.list(user.id)).toEqual([]);
  });

  test('is not asked by a refresh, a renewal or a new password: the session exists already', async () => {
    const browser = await testApp.loggedIn('ann');
    asked = [];
    refuse = true;
    expect((await browser.post('/auth/refresh')).status).toBe(200);
    const change = { currentPassword: PASSWORD, newPassword: 'quite another 8 words' };
    expect((await browser.post('/auth/password').send(change)).status).toBe(200);
    expect(asked).toEqual([]);
  });

  test('a wrong password is refused before any feature is asked', async () => {
    const answer = await testApp.client().post('/auth/login').send({ username: 'ann', password: 'wrong' });
    expect(answer.status).toBe(401);
    expect(asked).toEqual([]);
  });

  test('an error that is none of ours goes to the app', async () => {
    const failing = createTestApp({
      features: [
        feature({ beforeSession: { check: () => Promise.reject(new Error('unforeseen')), failures: [] } }),
      ],
    });
    await failing.register('ann');
    const answer = await failing.client().post('/auth/login').send({ username: 'ann', password: PASSWORD });
    expect([answer.status, failing.unforeseen]).toEqual([500, [new Error('unforeseen')]]);
    await failing.auth.close();
  });

  test('features are asked in their order, and the first refusal ends it', async () => {
    const order: string[] = [];
    const asks = (name: string, refuses = false) =>
      feature(
        {
          beforeSession: {
            failures: ['FORBIDDEN'],
            check: () => {
              order.push(name);
              return refuses ? Promise.reject(new AuthError('FORBIDDEN')) : Promise.resolve();
            },
          },
        },
        name,
      );
    const ordered = createTestApp({ features: [asks('first'), asks('second', true), asks('third')] });
    await ordered.register('ann');
    await ordered.client().post('/auth/login').send({ username: 'ann', password: PASSWORD });
    expect(order).toEqual(['first', 'second']);
    await ordered.auth.close();
  });
});

describe('endpoints', () => {
  test('are served and described like those of the core', async () => {
    const testApp = createTestApp({ features: [feature({ endpoints: [endpoint('patch', '/sample/:id')] })] });
    expect((await testApp.client().patch('/auth/sample/7')).body).toEqual({ answer: '/sample/:id' });
    expect(testApp.auth.openapi().paths['/sample/{id}']?.['patch']).toMatchObject({ tags: ['Account'] });
    await testApp.auth.close();
  });

  test('a row without its description does not compile', () => {
    const { operation: _description, ...row } = endpoint('get', '/bare');
    // @ts-expect-error -- the operation is missing
    const bare: Endpoint = row;
    expect(bare.operation).toBeUndefined();
  });

  test('may take the place of an endpoint of the core', async () => {
    const parts = { endpoints: [endpoint('post', '/register')], replaces: ['POST /register'] as const };
    const auth = createAuth(optionsWith({ features: [feature(parts)] }));
    expect(auth.openapi().paths['/register']?.['post']).toMatchObject({ operationId: 'post_register' });
    await auth.close();
  });

  test('that brings its own registration takes no effect from register.create: createAuth says so', () => {
    const parts = { endpoints: [endpoint('post', '/register')], replaces: ['POST /register'] as const };
    const register = { create: () => Promise.reject(new Error('never called')) };
    expect(() => createAuth(optionsWith({ features: [feature(parts)], register }))).toThrow(
      /^register\.schema and register\.create have no effect: a feature brings its own registration/,
    );
  });

  test('may replace an endpoint that is switched off anyway', async () => {
    const parts = { endpoints: [endpoint('post', '/register')], replaces: ['POST /register'] as const };
    const auth = createAuth(optionsWith({ features: [feature(parts)], register: false }));
    expect(auth.openapi().paths['/register']?.['post']).toMatchObject({ operationId: 'post_register' });
    await auth.close();
  });

  test('of two features that replace one endpoint neither wins silently', () => {
    const parts = { endpoints: [endpoint('post', '/register')], replaces: ['POST /register'] as const };
    const features = [
      feature(parts, 'one'),
      feature(
        {
          ...parts,
          endpoints: [
            {
              ...endpoint('post', '/register'),
              operation: { ...endpoint('post', '/register').operation, id: 'other' },
            },
          ],
        },
        'two',
      ),
    ];
    expect(() => createAuth(optionsWith({ features }))).toThrow(/two endpoints POST \/register/);
  });

  test.each<[string, FeatureParts, Record<string, unknown>, RegExp]>([
    [
      'the same verb and path as the core',
      { endpoints: [endpoint('post', '/login')] },
      {},
      /two endpoints POST \/login/,
    ],
    [
      'the same operation id as the core',
      {
        endpoints: [
          {
            ...endpoint('post', '/enter'),
            operation: { ...endpoint('post', '/enter').operation, id: 'login' },
          },
        ],
      },
      {},
      /two operations with the id login/,
    ],
  ])('start-up throws when %s', (_what, parts, changes, message) => {
    expect(() => createAuth(optionsWith({ features: [feature(parts)], ...changes }))).toThrow(message);
  });

  test('a body without a name is a mistake that the document reports', async () => {
    const nameless = endpoint('post', '/nameless');
    const operation = { ...nameless.operation, body: { schema: z.object({}), required: true } };
    const auth = createAuth(
      optionsWith({ features: [feature({ endpoints: [{ ...nameless, operation }] })] }),
    );
    expect(() => auth.openapi()).toThrow(/needs a name: component/);
    await auth.close();
  });
});

test.each<[string, unknown, RegExp]>([
  [
    'a promise',
    Promise.resolve({}),
    /sample: setUp\(\) must return an object of parts, at once and not as a promise/,
  ],
  ['a promise of another realm', runInNewContext('Promise.resolve({})'), /and not as a promise/],
  ['nothing', undefined, /must return an object of parts/],
  ['a list', [], /must return an object of parts/],
  [
    'a misspelt part',
    { beforesession: {} },
    /Unknown option beforesession: known are .*did you mean beforeSession/,
  ],
  [
    'a check that is a plain function',
    { beforeSession: () => Promise.resolve() },
    /setUp\(\): beforeSession/,
  ],
  [
    'a check without its codes',
    { beforeSession: { check: () => Promise.resolve() } },
    /beforeSession\.failures/,
  ],
  [
    'a code that does not exist',
    { beforeSession: { check: () => Promise.resolve(), failures: ['NOPE'] } },
    /beforeSession\.failures\.0 must be a code/,
  ],
  ['an endpoint without a chain', { endpoints: [{ verb: 'get', path: '/x' }] }, /endpoints\.0\.chain/],
  ['something to call that is no function', { ready: 5 }, /ready must be a function/],
])('a feature that returns %s is refused at start-up', (_what, parts, message) => {
  const broken = feature(() => parts as FeatureParts);
  expect(() => createAuth(optionsWith({ features: [broken] }))).toThrow(message);
});

describe('start-up throws on', () => {
  test.each<[string, Feature[], RegExp]>([
    ['two features of one name', [feature({}), feature({})], /features has two of the name sample/],
    ['what is no feature', [{} as never], /features\.0 must be a feature, with a name/],
    [
      'a function that makes one',
      [(() => ({})) as never],
      /features\.0 must be a feature: call the function/,
    ],
    [
      'a limit by a rule that is none',
      [feature(({ limits }) => (limits.named('address', { failure: 5 } as never), {}))],
      /limits\.named\('address'\): must be \{ failures, windowSeconds\? \}/,
    ],
    [
      'a limit whose name is taken',
      [
        feature(({ limits }) => (limits.named('address', { failures: 5 }), {}), 'one'),
        feature(({ limits }) => (limits.named('address', { failures: 5 }), {}), 'two'),
      ],
      /There is a limit named 'address' already/,
    ],
  ])('%s', (_what, features, message) => {
    expect(() => createAuth(optionsWith({ features }))).toThrow(message);
  });

  test('a store that lacks a part, naming feature, interface and methods', async () => {
    const { users, refreshTokens } = optionsWith();
    const without = <T extends object>(store: T, method: keyof T) =>
      new Proxy(store, {
        get(target, name) {
          const value: unknown = name === method ? undefined : Reflect.get(target, name);
          return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        },
      });
    const asks = (part: 'oneTimeTokens' | 'credentials') =>
      feature((context) => {
        context[part]();
        return {};
      });
    const withTokens = { features: [asks('oneTimeTokens')] };
    const withCredentials = { features: [asks('credentials')] };
    await createAuth(optionsWith(withTokens)).close();
    await createAuth(optionsWith(withCredentials)).close();
    expect(() =>
      createAuth(optionsWith({ ...withTokens, refreshTokens: without(refreshTokens, 'oneTimeTokens') })),
    ).toThrow(
      /sample needs refreshTokens to have the method oneTimeTokens\(\) that returns a OneTimeTokenStore \(create, find, take, removeAll\)/,
    );
    expect(() =>
      createAuth(optionsWith({ ...withCredentials, users: without(users, 'credentials') })),
    ).toThrow(
      /sample needs users to have the method credentials\(\) that returns a CredentialStore \(list, find, add, replace, remove, removeAll\)/,
    );
    // A feature that doesn't ask does without.
    await createAuth(
      optionsWith({ features: [feature({})], refreshTokens: without(refreshTokens, 'oneTimeTokens') }),
    ).close();
  });
});

test('close() ends everything at once where no feature has to be waited for', async () => {
  const { refreshTokens } = optionsWith();
  const close = jest.fn();
  jest
    .spyOn(refreshTokens as MemoryRefreshTokenStore, 'followRevocations')
    .mockImplementation(() => ({ announce: () => Promise.resolve(), close }));
  const auth = createAuth(optionsWith({ refreshTokens, features: [feature({})] }));
  const closed = auth.close();
  expect(close).toHaveBeenCalledTimes(1);
  await closed;
});

test('close() waits for every feature, also when one fails, and then reports the failure', async () => {
  const done: string[] = [];
  const auth = createAuth(
    optionsWith({
      features: [
        feature({ close: () => Promise.reject(new Error('stuck')) }, 'one'),
        feature({ close: async () => (await new Promise(setImmediate), void done.push('two')) }, 'two'),
      ],
    }),
  );
  await expect(auth.close()).rejects.toThrow('stuck');
  expect(done).toEqual(['two']);
});

test("a feature that fails to set up leaves no connection open, and no strategy in the app's Passport", async () => {
  const passport = new Passport() as unknown as Authenticator;
  const options = { ...optionsWith(), passport };
  const follow = jest.spyOn(options.refreshTokens as MemoryRefreshTokenStore, 'followRevocations');
  const failing = feature(() => {
    throw new TypeError('sample(): needs a key');
  });
  expect(() => createAuth({ ...options, features: [failing] })).toThrow('sample(): needs a key');
  expect(follow).not.toHaveBeenCalled();
  await createAuth(options).close();
});

test('ready() and close() wait for features', async () => {
  const done: string[] = [];
  const later = (what: string) => async () => {
    await new Promise(setImmediate);
    done.push(what);
  };
  const auth = createAuth(
    optionsWith({ features: [feature({ ready: later('ready'), close: later('closed') })] }),
  );
  await auth.ready();
  expect(done).toEqual(['ready']);
  await auth.close();
  expect(done).toEqual(['ready', 'closed']);
});

test('one feature works in two createAuth, each with its own context', async () => {
  const contexts: FeatureContext[] = [];
  const shared = feature((context) => {
    contexts.push(context);
    return {};
  });
  const [first, second] = [1, 2].map(() => createAuth(optionsWith({ features: [shared] })));
  expect(contexts[0]?.events).toBe(first?.events);
  expect(contexts[1]?.events).toBe(second?.events);
  await Promise.all([first?.close(), second?.close()]);
});

describe('limits.named', () => {
  const LIMIT = 5;
  const origin = { ip: '203.0.113.7', userAgent: undefined };

  test.each<[string, LimitRule]>([
    ['failures in a row', { failures: LIMIT }],
    ['failures in a row, said at length', { failures: LIMIT, windowSeconds: undefined }],
    ['failures in a window', { failures: LIMIT, windowSeconds: 60 }],
    ['attempts in a window', { attempts: LIMIT, windowSeconds: 60 }],
  ])(
    '%s: of 200 parallel wrong guesses over two processes no more are judged than the limit',
    async (_rule, rule) => {
      const keyPrefix = randomPrefix();
      const clients = [connectRedis(), connectRedis()];
      const limits: NamedLimit[] = [];
      const locked: unknown[] = [];
      const auths = clients.map((client) => {
        const auth = createAuth(
          optionsWith({
            refreshTokens: new RedisRefreshTokenStore(client, { keyPrefix }),
            features: [feature((context) => (limits.push(context.limits.named('register', rule)), {}))],
          }),
        );
        auth.events.on('locked', (event) => locked.push(event.limit));
        return auth;
      });
      let judged = 0;
      const guess = () => {
        judged += 1;
        return Promise.reject(new AuthError('INVALID_CREDENTIALS'));
      };
      const guesses = Array.from({ length: 200 }, (_, n) =>
        (limits[n % 2] as NamedLimit).count('ann', origin, guess),
      );
      const codes = (await Promise.allSettled(guesses)).map((result) =>
        result.status === 'rejected' ? (result.reason as AuthError).code : 'passed',
      );
      expect(judged).toBe(LIMIT);
      expect(codes.filter((code) => code === 'INVALID_CREDENTIALS')).toHaveLength(LIMIT);
      expect(codes.filter((code) => code === 'TOO_MANY_ATTEMPTS')).toHaveLength(200 - LIMIT);
      expect(new Set(locked)).toEqual(new Set(['register']));
      await Promise.all(auths.map((auth) => auth.close()));
      for (const client of clients) client.disconnect();
    },
  );

  test('a right guess starts the count again, and what was no guess is not counted', async () => {
    let limit: NamedLimit | undefined;
    const auth = createAuth(
      optionsWith({
        features: [feature(({ limits }) => ((limit = limits.named('register', { failures: 3 })), {}))],
      }),
    );
    const attempt = (outcome: () => Promise<unknown>) =>
      limit?.count('ann', origin, outcome).catch((error: unknown) => (error as AuthError).code);
    const wrong = () => attempt(() => Promise.reject(new AuthError('INVALID_CREDENTIALS')));
    const down = () => attempt(() => Promise.reject(new AuthError('SERVICE_UNAVAILABLE')));
    expect([await wrong(), await down(), await down(), await down(), await wrong()]).toEqual([
      'INVALID_CREDENTIALS',
      ...Array<string>(3).fill('SERVICE_UNAVAILABLE'),
      'INVALID_CREDENTIALS',
    ]);
    expect(await attempt(() => Promise.resolve('right'))).toBe('right');
    expect([await wrong(), await wrong(), await wrong(), await wrong()]).toEqual([
      ...Array<string>(3).fill('INVALID_CREDENTIALS'),
      'TOO_MANY_ATTEMPTS',
    ]);
    await auth.close();
  });
});
