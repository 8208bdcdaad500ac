import { z } from 'zod';
import { MemoryRefreshTokenStore, MemoryUserStore, PostgresUserStore } from '../../src/index';
import { phpass, scrypt } from '../../src/hashes';
import { parseOptions } from '../../src/config/parse-options';
import { optionsWith, refusal } from '../helpers/apps/options';

describe('durations', () => {
  const options = [
    'accessToken.expiresIn',
    'refreshToken.expiresIn',
    'refreshToken.maxLifetime',
    'refreshToken.reuseWindow',
  ];
  const unreadable = [
    '10',
    '',
    'abc',
    '1.5s',
    '100ms',
    '1e3s',
    '-1s',
    '3 parsecs',
    '200y',
    -1,
    1.5,
    NaN,
    Infinity,
    null,
    true,
    10n,
    {},
    [],
  ];
  test.each(unreadable.map((value) => [value]))('a duration of %p throws', (value) => {
    for (const option of options) {
      const error = refusal({ [option]: value });
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toMatch(/must be a whole number of seconds.*unit such as '30s', '30m' or '3h'/);
      expect(error.message.startsWith(`${option} `)).toBe(true);
    }
  });

  test('a duration of 0 is allowed only for the reuse window', () => {
    for (const option of options.slice(0, 3)) expect(refusal({ [option]: 0 }).message).toMatch(/from 1 to/);
    expect(parseOptions(optionsWith({ 'refreshToken.reuseWindow': 0 })).refreshToken.reuseWindowSeconds).toBe(
      0,
    );
    expect(
      parseOptions(optionsWith({ 'refreshToken.reuseWindow': '0s' })).refreshToken.reuseWindowSeconds,
    ).toBe(0);
  });
});

describe('other invalid options', () => {
  const store = new MemoryUserStore();
  const withoutFeed = Object.assign(new MemoryRefreshTokenStore(), { followRevocations: undefined });
  test.each<[option: string, value: unknown, message: RegExp, also?: Record<string, unknown>]>([
    [
      'users',
      undefined,
      /must be a UserStore, with the methods findByUsername, findById, create, updatePass/,
    ],
    ['users', { findById: store.findById }, /must be a UserStore, with the methods/],
    ['refreshTokens', undefined, /must be a RefreshTokenStore, with the methods create, rotate, find, list/],
    ['refreshTokens', store, /must be a RefreshTokenStore, with the methods/],
    ['revocation', 'sometimes', /must be 'instant' or 'expiry'$/],
    [
      'revocation',
      'instant',
      /which refreshTokens can't do: use one of the stores/,
      { refreshTokens: withoutFeed },
    ],
    ['onStoreDown', 'pray', /must be 'deny' or 'allow-until-expiry'$/],
    ['onStoreDown', 'deny', /which needs instant revocation/, { refreshTokens: withoutFeed }],
    ['onStoreDown', 'deny', /which needs instant revocation/, { revocation: 'expiry' }],
    ['openapi', 'yes', /openapi must be true, false or \{ title\?, version\?, servers\? \}/],
    ['openapi', { servers: ['https://acme.example'] }, /must be true, false or/],
    ['storeUserAgent', true, /must be 'full', 'label' or false/],
    ['accessToken.cacheSize', -1, /must be at least 0/],
    ['accessToken.cacheSize', '10', /must be a number, not a text/],
    ['accessToken', undefined, /accessToken.secret is missing: make both secrets with/],
    ['refreshToken', undefined, /refreshToken.secret is missing: make both secrets with/],
    ['accessToken.algorithm', 'none', /must be 'HS256', .* or 'EdDSA'$/],
    ['accessToken.algorithm', 'Ed25519', /must be 'HS256', .* or 'EdDSA'$/],
    ['accessToken.issuer', '', /must not be empty/],
    ['cookies', null, /must be an object, not null/],
    ['cookies.sameSite', 'none', /set cookies\.secure to true/],
    ['cookies.sameSite', 'Lax', /must be 'strict', 'lax' or 'none'$/],
    ['cookies.accessName', 'a b', /must be a cookie name/],
    ['cookies.refreshName', '', /must be a cookie name/],
    ['cookies.refreshName', 'accessToken', /must differ from cookies\.accessName/],
    [
      'cookies.accessName',
      '__Host-at',
      /no cookies\.domain/,
      { 'cookies.secure': true, 'cookies.domain': 'a.example' },
    ],
    [
      'cookies.accessName',
      '__Host-at',
      /no cookies\.path/,
      { 'cookies.secure': true, 'cookies.path': '/app' },
    ],
    ['cookies.flowName', 'a;b', /must be a cookie name/],
    ['cookies.refreshName', '__Secure-rt', /needs cookies\.secure: true/],
    ['cookies.domain', 'a.example; Path=/x', /must be a domain name/],
    ['cookies.path', 'app', /must begin with '\/'/],
    ['cookies.path', '/; Domain=a.example', /no semicolon/],
    ['trustedOrigins', 'https://app.example.com', /must be a list of origins or a function, not a text/],
    ...['https://a.example/', 'https://a.example/x', 'a.example', '*', 'https://A.example', 'null'].map(
      (value) => ['trustedOrigins.0', value, /must be an origin such as/] as [string, unknown, RegExp],
    ),
    ['password.cost', 9, /must be at least 10/],
    ['password.cost', 32, /must be at most 31/],
    ['password.cost', '12', /must be a number, not a text/],
    ['password.minLength', 0, /must be at least 1/],
    ['password.minLength', 65, /must be at most 64/],
    ['password.hasher', 'scrypt', /must be a hasher, with the functions hash, verify, and maybe needsRehash/],
    ['password.hasher', phpass(), /such as phpass\(\), goes into password\.verifiers/],
    ['password.hasher', scrypt, /is a function: call it, as in scrypt\(\)/],
    ['password.hasher', { ...scrypt(), needsRehash: true }, /maybe needsRehash, matches, problem/],
    ['password.verifiers', phpass(), /must be a list, not an object/],
    ['password.verifiers', [phpass], /^password\.verifiers\.0 is a function: call it, as in phpass\(\)/],
    [
      'password.verifiers',
      [{ verify: () => true }],
      /must be a verifier, with the functions matches, verify/,
    ],
    ['limits.username', true, /must be false or \{ failures: a whole number from 1 \}/],
    ['limits.address', 50, /must be false or \{ failures/],
    ['limits.register', { attempts: 0 }, /must be at least 1/],
    ['limits.password', { failures: 1.5 }, /must be false or \{ failures/],
    ['limits.logins', true, /must be false or \{ successes: a whole number from 1 \}/],
    ['usernameField', 'user.name', /must be a plain name/],
    ['usernameField', 'remember', /must not be remember/],
    ['passwordField', '__proto__', /must not be .*__proto__/],
    ['passwordField', 'username', /must differ from usernameField/],
    ['login', 'no', /must be true or false, not a text/],
    ['register', 'no', /must be true, false or \{ schema\?, create\? \}/],
    [
      'register',
      { schema: {} },
      /^register\.schema must be a schema of a library that knows Standard Schema/,
    ],
    ['register', { schema: { '~standard': { version: 2 } } }, /^register\.schema must be a schema/],
    ['register', { create: 'insert' }, /^register\.create must be a function/],
    [
      'register',
      { schema: z.object({}) },
      /^register\.schema needs a place.*add register\.create, or use .* takesFields: true$/,
    ],
    [
      'register',
      { schema: z.object({}) },
      /^register\.schema needs a place/,
      { users: new PostgresUserStore({ query: () => Promise.resolve({ rows: [] }) }) },
    ],
    ['getAliases', 0, /must be true or false, not a number/],
    ['jwks', 'yes', /must be true or false, not a text/],
    [
      'jwks',
      true,
      /jwks is true, but accessToken.algorithm is HMAC .* set accessToken.algorithm to 'EdDSA' or 'ES256', and accessToken.secret to \{ privateKey/,
    ],
    ['locale', 'de', /must be 'en', 'ko' or a language that the option messages adds/],
    ['locale', 'constructor', /must be 'en', 'ko' or a language/],
    ['locale', ['ko'], /must be a text, not a list/],
    ['messages', null, /must be an object, not null/],
    ['messages', { ko: 'x' }, /^messages.ko .*must be an object, not a text/],
    ['messages', { ko: { FORBIDDEN: '' } }, /^messages.ko.FORBIDDEN .*must not be empty/],
    ['messages', { ko: { FORBIDDEN: null } }, /^messages.ko.FORBIDDEN .*must be a text, not null/],
    [
      'messages',
      { en: { tooShort: '{cont}+' } },
      /^messages.en.tooShort has a placeholder.*known are \{count\}/,
    ],
    ['messages', { en: { FORBIDDEN: '{count}' } }, /nothing is filled into: known are none/],
    ...['de_DE', 'pt-br', 'EN', 'german language', ''].map(
      (tag) => ['messages', { [tag]: {} }, /must be named by a language tag/] as [string, unknown, RegExp],
    ),
    ['passport', {}, /must be a Passport instance/],
    ['audit', 'audit.log', /must be a function/],
    ['clock', 1_700_000_000_000, /must be a function/],
  ])('%s: %j', (option, value, message, also = {}) => {
    const [first = '', ...rest] = option.split('.');
    const changes = rest[0] === '0' ? { [first]: [value] } : { [option]: value, ...also };
    const error = refusal(changes);
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(message);
    expect(error.message.startsWith(option)).toBe(true);
  });

  test.each([
    [
      'acessToken',
      'users, refreshTokens, accessToken, refreshToken, cookies, password, limits, usernameField',
    ],
    ['accessToken.secrets', 'secret, expiresIn, algorithm, issuer, audience'],
    ['refreshToken.algorithm', 'secret, expiresIn, maxLifetime, reuseWindow'],
    ['cookies.httpOnly', 'accessName, refreshName, flowName, secure, sameSite, domain, path'],
    ['password.rounds', 'minLength, cost'],
    ['limits.user', 'username, address, register, password, logins'],
    ['limits.username.attempts', 'failures'],
    ['limits.register.failures', 'attempts'],
    ['limits.logins.attempts', 'successes'],
    ['register.fields', 'schema, create'],
    ['openapi.titel', 'title, version, servers'],
  ])('the unknown option %s throws and lists the known ones', (option, known) => {
    const error = refusal({ [option]: 1 });
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain(`Unknown option ${option}: known are ${known}`);
  });

  test.each([
    ['acessToken', 'accessToken'],
    ['cookies.samesite', 'sameSite'],
    ['passwords', 'password or passwordField'],
    ['messages.ko.INVALID_CREDENTIAL', 'INVALID_CREDENTIALS'],
    ['messages.de.accessTokenExpired', 'ACCESS_TOKEN_EXPIRED'],
  ])('the message for the unknown option %s suggests the similar known one', (option, meant) => {
    expect(refusal({ [option]: 'x' }).message).toMatch(
      new RegExp(`^Unknown option ${option}: known are .* \\(did you mean ${meant}\\?\\)$`),
    );
  });

  test('the message for an unknown option that resembles none suggests nothing', () => {
    expect(refusal({ extra: 1 }).message).not.toContain('did you mean');
  });

  test.each([undefined, null, 5, 'x', [], () => undefined])('options that are %p throw', (options) => {
    expect(() => parseOptions(options as never)).toThrow(
      new TypeError('createAuth needs an object of options'),
    );
  });

  test('one message names all mistakes', () => {
    const { message } = refusal({ 'password.cost': 4, 'accessToken.expiresIn': 'soon', extra: 1 });
    expect(
      message.split('\n').map((line) => /[\w.]+/.exec(line.replace('Unknown option ', ''))?.[0]),
    ).toEqual(expect.arrayContaining(['password.cost', 'accessToken.expiresIn', 'extra']));
  });
});
