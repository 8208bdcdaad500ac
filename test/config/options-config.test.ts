import { generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import { createAuth, MemoryRefreshTokenStore, MemoryUserStore, type AuthOptions } from '../../src/index';
import { en } from '../../src/messages/en';
import { ko } from '../../src/messages/ko';
import { parseOptions } from '../../src/config/parse-options';

const ACCESS = 'ACCESS-needle-0123456789-0123456789';
const REFRESH = 'REFRESH-needle-0123456789-0123456789';

function minimum(): AuthOptions {
  return {
    users: new MemoryUserStore(),
    refreshTokens: new MemoryRefreshTokenStore(),
    accessToken: { secret: ACCESS },
    refreshToken: { secret: REFRESH },
  };
}

describe('parseOptions', () => {
  test('the config has every default that the contract names', () => {
    const options = minimum();
    const { accessToken, refreshToken, now, storeNow, timeKnown, ...config } = parseOptions(options);
    expect(accessToken).toMatchObject({
      ...{ expiresInSeconds: 30 * 60, issuer: undefined, audience: undefined, cacheSize: 10_000 },
    });
    expect(accessToken.keys.algorithm).toBe('HS256');
    expect(refreshToken).toMatchObject({
      expiresInSeconds: 3 * 60 * 60,
      maxLifetimeSeconds: 30 * 24 * 60 * 60,
      reuseWindowSeconds: 30,
    });
    expect(refreshToken.keys.algorithm).toBe('HS256');
    expect(config).toEqual({
      authorization: /^(?:Bearer) +(\S.*)$/i,
      users: config.users,
      refreshTokens: options.refreshTokens,
      cookies: {
        accessName: 'accessToken',
        refreshName: 'refreshToken',
        flowName: 'flowState',
        secure: false,
        sameSite: 'strict',
        domain: undefined,
        path: '/',
        attributes: '; Path=/; HttpOnly; SameSite=Strict',
        isOurs: expect.any(Function) as () => boolean,
      },
      password: { minLength: 8, cost: 12, long: 'prehash', verifiers: [] },
      limits: { username: 10, address: 50, register: 10, password: 10, logins: 60 },
      maxSessions: 100,
      usernameField: 'username',
      passwordField: 'password',
      login: true,
      register: true,
      registration: { schema: undefined, create: expect.any(Function) as () => unknown },
      trustedOrigins: new Set(),
      getAliases: true,
      jwks: false,
      features: [],
      maxTokenLength: { cookie: 4029, body: 8192 },
      revocation: 'instant',
      onStoreDown: 'allow-until-expiry',
      storeUserAgent: 'full',
      openapi: { served: false, info: {} },
      locale: undefined,
      catalogs: new Map([
        ['en', en],
        ['ko', ko],
      ]),
      passport: undefined,
    });
    expect(Math.abs(now() - Date.now())).toBeLessThan(1000);
    expect(storeNow()).toBeUndefined();
    expect(timeKnown).toEqual(expect.any(Function));
  });

  test('the config has no value for a limit that is switched off, and the defaults for the others', () => {
    const limits = { username: false, address: {}, register: { attempts: 3 } } as const;
    expect(parseOptions({ ...minimum(), limits }).limits).toEqual({
      username: undefined,
      address: 50,
      register: 3,
      password: 10,
      logins: 60,
    });
  });

  test('the config uses the given clock, also for the stores', () => {
    const { now, storeNow } = parseOptions({ ...minimum(), clock: () => 1000 });
    expect(now()).toBe(1000);
    expect(storeNow()).toEqual(new Date(1000));
  });

  test('the config is frozen, and independent of later changes to the options', () => {
    const options = { ...minimum(), trustedOrigins: ['https://a.example'], cookies: { secure: true } };
    const config = parseOptions(options);
    const { accessToken, refreshToken, cookies, password, limits } = config;
    const parts = [config, accessToken, refreshToken, cookies, password, limits];
    for (const part of [...parts, accessToken.keys, accessToken.keys.signing]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
    options.cookies.secure = false;
    options.trustedOrigins.push('https://evil.example');
    expect(config.cookies.secure).toBe(true);
    expect(config.trustedOrigins).toEqual(new Set(['https://a.example']));
  });

  test.each([
    ['production', undefined, true],
    ['production', false, false],
    ['development', undefined, false],
    [undefined, undefined, false],
    [undefined, true, true],
  ])(
    'with NODE_ENV %s and cookies.secure %s the config has secure cookies: %s',
    (environment, secure, expected) => {
      const before = process.env['NODE_ENV'];
      try {
        if (environment === undefined) delete process.env['NODE_ENV'];
        else process.env['NODE_ENV'] = environment;
        const cookies = secure === undefined ? {} : { secure };
        expect(parseOptions({ ...minimum(), cookies }).cookies.secure).toBe(expected);
      } finally {
        process.env['NODE_ENV'] = before;
      }
    },
  );
});

describe('secrets stay hidden', () => {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const privatePem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const publicPem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  /** The forms in which a secret could leak: its text, its hex, its base64, its bytes as `inspect` prints them. */
  const traces = (secret: string) => [
    secret,
    Buffer.from(secret).toString('hex'),
    Buffer.from(secret).toString('base64').slice(0, 24),
    [...Buffer.from(secret).subarray(0, 8)].join(', '),
    Buffer.from(secret)
      .subarray(0, 8)
      .toString('hex')
      .replace(/..(?!$)/g, '$& '),
  ];
  const needles = [...traces(ACCESS), ...traces(REFRESH), ...privatePem.split('\n').slice(1, -2)];
  const leaks = (value: unknown) => {
    const text = inspect(value, { depth: 10, showHidden: true, maxStringLength: Infinity });
    return needles.filter((needle) => text.includes(needle));
  };

  test.each<[string, Partial<AuthOptions['accessToken']>]>([
    ['text', {}],
    ['bytes', { secret: Buffer.from(ACCESS) }],
    ['a list', { secret: [ACCESS, Buffer.from(`${ACCESS}-old`)] }],
    ['PEM texts', { algorithm: 'RS256', secret: { privateKey: privatePem, publicKey: publicPem } }],
  ])('the config and what createAuth returns show no secret, made from %s', async (_form, accessToken) => {
    const options = { ...minimum(), accessToken: { secret: ACCESS, ...accessToken } };
    expect(leaks(parseOptions(options))).toEqual([]);
    const auth = createAuth(options);
    expect(leaks(auth)).toEqual([]);
    expect(leaks(auth.router)).toEqual([]);
    expect(JSON.stringify(parseOptions(options))).not.toMatch(/needle/);
    await auth.close();
  });

  test.each<[string, object]>([
    ['a short secret', { accessToken: { secret: 'needle-under-32-bytes' } }],
    ['a duration that is a secret', { accessToken: { secret: ACCESS, expiresIn: ACCESS } }],
    ['an algorithm that is a secret', { accessToken: { secret: ACCESS, algorithm: ACCESS } }],
    ['a cookie name that is a secret', { cookies: { accessName: `${ACCESS};` } }],
    ['an overlap', { accessToken: { secret: REFRESH } }],
    ['PEM garbage', { accessToken: { algorithm: 'RS256', secret: pem('needle') } }],
    [
      'a PEM cut off',
      {
        accessToken: {
          algorithm: 'RS256',
          secret: { privateKey: privatePem.slice(0, 500), publicKey: publicPem },
        },
      },
    ],
    ['a private PEM as an HMAC secret', { accessToken: { secret: privatePem } }],
    [
      'a private PEM on the wrong algorithm',
      { accessToken: { algorithm: 'ES256', secret: { privateKey: privatePem, publicKey: publicPem } } },
    ],
    ['a secret in place of its group', { accessToken: ACCESS }],
    ['a secret in place of a store', { users: ACCESS }],
  ])('the error about %s shows no secret', (_name, changes) => {
    let thrown: unknown;
    try {
      createAuth({ ...minimum(), ...changes });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(TypeError);
    expect(leaks(thrown)).toEqual([]);
    // Only the message: in Jest the stack quotes this file's source.
    expect((thrown as Error).message).not.toMatch(/needle/);
  });

  function pem(text: string) {
    const key = `-----BEGIN PRIVATE KEY-----\n${text}\n-----END PRIVATE KEY-----`;
    return { privateKey: key, publicKey: key };
  }
});
