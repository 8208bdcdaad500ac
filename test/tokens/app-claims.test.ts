import { runInNewContext } from 'node:vm';
import { signAccessToken, verifyAccessToken } from '../../src/tokens/access-token';
import { AccessTokenVerifier } from '../../src/tokens/access-token-verifier';
import { readAppClaims } from '../../src/tokens/app-claims';
import { createKeySet } from '../../src/tokens/keys';
import { decodeToken, resign } from '../helpers/tokens/tokens';

const SECRET = 'access-key-of-these-tests-0123456789';
const NOW = 1_700_000_000_000;
const without = {
  keys: createKeySet('HS256', [SECRET]),
  expiresInSeconds: 1800,
  issuer: undefined,
  audience: undefined,
  cacheSize: 10,
};
const config = { ...without, hasAppClaims: true };
const CLAIMS = {
  userId: 'ann',
  sessionId: 'session',
  roles: ['admin'],
  authTime: new Date(NOW),
  issuedAt: new Date(NOW),
  expiresAt: new Date(NOW + 1_800_000),
};
const sign = (returned: object) => signAccessToken({ ...CLAIMS, appClaims: readAppClaims(returned) }, config);
const nested = (levels: number): unknown => (levels === 0 ? 1 : { in: nested(levels - 1) });

describe('in a token', () => {
  test('the claims come after ours, under their own names', () => {
    expect(Object.entries(decodeToken(sign({ tenant: 'acme', plan: null })).payload)).toEqual([
      ['sub', 'ann'],
      ['sid', 'session'],
      ['roles', ['admin']],
      ['auth_time', NOW / 1000],
      ['iat', NOW / 1000],
      ['exp', NOW / 1000 + 1800],
      ['ver', 1],
      ['tenant', 'acme'],
      ['plan', null],
    ]);
  });

  test.each([
    ['texts of any kind', { text: 'é\ud800\u2028"\\', '': 'no name', 'a.b': '한국' }],
    ['numbers', { zero: 0, exact: 2 ** 53 - 1, large: 1e308, small: 5e-324, negative: -1.5 }],
    ['names that are numbers, which JavaScript puts first', { b: 1, 2: 'two', 1: { 9: 'x', a: [] } }],
    ['names of an object, inside', { in: { constructor: 'x', toString: null }, prototype: 1, length: 7 }],
    ['lists and objects, seven levels deep', { deep: nested(7), list: [[[[[[[1]]]]]]] }],
    ['nothing', {}],
  ])('%s come back as they were', (_what, returned) => {
    expect(verifyAccessToken(sign(returned), config).claims.appClaims).toEqual(returned);
  });

  test('they are frozen, and the same object for every request', () => {
    const verifier = new AccessTokenVerifier(config);
    const token = sign({ tenant: { id: 1, tags: ['a'] } });
    const claimsOf = () =>
      verifier.verify(token, NOW).appClaims as { tenant: { id: number; tags: string[] } };
    claimsOf(); // the second time it comes, the token is kept
    const claims = claimsOf();
    expect(claimsOf()).toBe(claims);
    for (const part of [claims, claims.tenant, claims.tenant.tags]) expect(Object.isFrozen(part)).toBe(true);
  });

  test('a process without the option accepts the token and reads no claims', () => {
    expect(new AccessTokenVerifier(without).verify(sign({ tenant: 'acme' }), NOW)).toEqual(CLAIMS);
  });

  test.each([
    ['without the claims', {}],
    ['with claims that another program has added', { tenant: 'acme' }],
  ])('a token %s counts as expired, so clients refresh; a logout still reads it', (_what, payload) => {
    const token = resign(signAccessToken(CLAIMS, without), SECRET, { payload });
    expect(() => new AccessTokenVerifier(config).verify(token, NOW)).toThrow('token expired');
    expect(verifyAccessToken(token, config).claims).toEqual(CLAIMS);
  });

  test("they can't replace ours, or the prototype of an object", () => {
    const ours = JSON.parse('{ "nbf": 1700000000, "jti": "x", "__proto__": { "admin": true } }') as object;
    const payload = (before: object) =>
      Object.fromEntries(Object.entries(before).concat(Object.entries(ours)));
    const token = resign(sign({ tenant: 'acme' }), SECRET, { payload });
    expect(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).toContain('__proto__');
    expect(verifyAccessToken(token, config).claims).toEqual({ ...CLAIMS, appClaims: { tenant: 'acme' } });
  });
});

describe('what the app returns', () => {
  test.each([
    ...['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'sid', 'roles', 'auth_time', 'amr', 'ver', 'cnf'],
    ...['email_verified', 'enrol', '__proto__', 'constructor', 'toString', 'hasOwnProperty'],
  ])('the name %s is reserved', (name) => {
    const message = `claim with the name ${name}, which is reserved: choose another. Reserved are iss, `;
    expect(() => readAppClaims({ tenant: 'acme', [name]: undefined })).toThrow(message);
  });

  const circle: Record<string, unknown> = {};
  circle['self'] = [circle];
  const shared = [1, 2, 3, 4].reduce<unknown>((value) => Array<unknown>(100).fill(value), 1) as unknown[];

  test.each<[string, object, RegExp]>([
    ['undefined', { tenant: undefined }, /: tenant is undefined, .*; leave it out, or use null$/],
    ['undefined in a list', { ids: [1, undefined] }, /: ids\[1\] is undefined/],
    ['a hole in a list', { ids: [1, , 3] }, /: ids\[1\] is undefined/], // eslint-disable-line no-sparse-arrays
    ['NaN', { tenant: { id: NaN } }, /: tenant\.id is NaN, which JSON can't carry/],
    ['Infinity', { n: -Infinity }, /: n is -Infinity/],
    ['a bigint', { n: 1n }, /: n is a bigint/],
    ['a function', { toJSON: () => 'x' }, /: toJSON is a function/],
    ['a symbol', { s: Symbol('x') }, /: s is a symbol/],
    ['a symbol as its name', { [Symbol('x')]: 1 }, /: it has a symbol as a name/],
    ['a symbol as a name', { s: { [Symbol('x')]: 1 } }, /: s has a symbol as a name/],
    ['a Date', { at: new Date() }, /: at is an object of the class Date, .*; write it as a text/],
    ['a Map', { list: [new Map()] }, /: list\[0\] is an object of the class Map/],
    ['an instance', { user: new (class User {})() }, /: user is an object of the class User/],
    ['a promise', { tenant: Promise.resolve('acme') }, /: tenant is a promise, .*; await it$/],
    ['__proto__', JSON.parse('{"a":{"__proto__":{}}}') as object, /: a\.__proto__ has a name that no claim/],
    ['eight levels', { deep: nested(8) }, /: deep(\.in){7} lies more than 7 levels deep/],
    ['a circle', circle, /: self\[0\]\.self.* lies more than 7 levels deep/],
    ['a list of lists that share their entries', { shared }, /is one of more than 8192 values; put only/],
  ])('%s is refused by its path', (_what, returned, message) => {
    expect(() => readAppClaims(returned)).toThrow(message);
    expect(() => readAppClaims(returned)).toThrow(TypeError);
  });

  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a text', 'acme'],
    ['a list', ['acme']],
    ['a Map', new Map([['tenant', 'acme']])],
  ])('%s is no object of claims', (_what, returned) => {
    expect(() => readAppClaims(returned)).toThrow(
      /^accessToken\.claims must return a plain object of claims, not /,
    );
  });

  test.each<[string, object]>([
    ['without a prototype', Object.assign(Object.create(null) as object, { tenant: 'acme' })],
    ['of another realm', runInNewContext('({ tenant: "acme" })') as object],
  ])('an object %s is a plain one', (_what, returned) => {
    expect(readAppClaims(returned)).toEqual({ tenant: 'acme' });
  });

  test('it is copied, so later changes do not reach a token', () => {
    const returned = { tenant: { id: 1 } };
    const claims = readAppClaims(returned);
    returned.tenant.id = 2;
    expect(claims).toEqual({ tenant: { id: 1 } });
  });
});
