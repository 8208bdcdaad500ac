import { ACCESS_SECRET, createTestApp, REFRESH_SECRET } from '../helpers/app';
import { expectFailure } from '../helpers/failures';
import { decodeToken, nonCanonical, resign, signByHand } from '../helpers/tokens';

const testApp = createTestApp();
const now = Math.floor(Date.now() / 1000);
let tokens: { accessToken: string; refreshToken: string };

beforeAll(async () => {
  await testApp.register('ann');
  tokens = await testApp.tokensOf('ann');
});
afterAll(async () => {
  await testApp.auth.close();
  expect(testApp.unforeseen).toEqual([]);
});

type Tamper = (token: string, secret: string) => string;
type Members = Record<string, unknown>;

const withHeader =
  (header: Members): Tamper =>
  (token, secret) =>
    resign(token, secret, { header });
const withPayload =
  (payload: Members): Tamper =>
  (token, secret) =>
    resign(token, secret, { payload });
/** Signs the payload as another text that may say the same. */
const asText =
  (change: (json: string) => string): Tamper =>
  (token, secret) =>
    resign(token, secret, { payload: (payload) => change(JSON.stringify(payload)) });
const asValue =
  (value: unknown): Tamper =>
  (token, secret) =>
    resign(token, secret, { payload: () => value });
const segments =
  (change: (header: string, payload: string, signature: string) => string): Tamper =>
  (token) =>
    change(...(token.split('.') as [string, string, string]));

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

const tampered: [string, Tamper][] = [
  // the header
  ['alg none without a signature', segments((_h, p) => `${encode({ alg: 'none', typ: 'at+jwt' })}.${p}.`)],
  ['alg none with a signature', withHeader({ alg: 'none' })],
  ['another HMAC', withHeader({ alg: 'HS512' })],
  ['alg in small letters', withHeader({ alg: 'hs256' })],
  ['a public-key algorithm', withHeader({ alg: 'RS256' })],
  ['typ JWT', withHeader({ typ: 'JWT' })],
  ['no typ', withHeader({ typ: undefined })],
  ['typ in capitals', withHeader({ typ: 'AT+JWT' })],
  ['an unknown kid', withHeader({ kid: 'unknown' })],
  ['no kid', withHeader({ kid: undefined })],
  ['a kid that is no text', withHeader({ kid: 1 })],
  ['a kid of every object', withHeader({ kid: '__proto__' })],
  ['a key of its own (jwk)', withHeader({ jwk: { kty: 'oct', k: 'AAAA' } })],
  ['the address of a key (jku)', withHeader({ jku: 'https://evil.example/keys' })],
  ['a certificate (x5c)', withHeader({ x5c: ['AAAA'] })],
  ['crit', withHeader({ crit: ['exp'] })],
  ['b64: false', withHeader({ b64: false })],
  ['a header that is an array', (token, secret) => signByHand('[]', decodeToken(token).payload, secret)],
  ['a header that is no JSON', (token, secret) => signByHand('{', decodeToken(token).payload, secret)],
  [
    'a header with white space',
    (token, secret) => {
      const { header, payload } = decodeToken(token);
      return signByHand(JSON.stringify(header, null, 1), payload, secret);
    },
  ],
  // the claims
  ['no exp', withPayload({ exp: undefined })],
  ['exp as text', withPayload({ exp: String(now + 900) })],
  ['exp: null', withPayload({ exp: null })],
  ['a fraction as exp', withPayload({ exp: now + 900.5 })],
  ['exp beyond the calendar', withPayload({ exp: 9e15 })],
  ['exp: 1e400', asText((json) => json.replace(/"exp":\d+/, '"exp":1e400'))],
  ['exp with an exponent', asText((json) => json.replace(/"exp":\d+/, '"exp":2e9'))],
  ['no iat', withPayload({ iat: undefined })],
  ['iat as text', withPayload({ iat: String(now) })],
  ['an iat two minutes ahead', withPayload({ iat: now + 120 })],
  ['an nbf two minutes ahead', withPayload({ nbf: now + 120 })],
  ['nbf as text', withPayload({ nbf: '0' })],
  ['no sub', withPayload({ sub: undefined })],
  ['an empty sub', withPayload({ sub: '' })],
  ['an object as sub', withPayload({ sub: { $ne: null } })],
  ['a number as sub', withPayload({ sub: 1 })],
  ['no sid', withPayload({ sid: undefined })],
  ['an array as sid', withPayload({ sid: ['a'] })],
  // the payload as a text
  ['an array as payload', asValue([])],
  ['a text as payload', asValue('"text"')],
  ['null as payload', asValue(null)],
  ['a payload that is no JSON', asValue('{"sub"')],
  ['an empty payload', asValue('')],
  ['a member twice', asText((json) => json.replace('{', '{"sub":"admin",'))],
  ['white space', asText((json) => json.replace('{', '{ '))],
  ['white space at the end', asText((json) => `${json}\n`)],
  ['an escaped letter', asText((json) => json.replace('"sub"', '"\\u0073ub"'))],
  ['a number written otherwise', asText((json) => json.replace(/"iat":(\d+)/, '"iat":$1.0'))],
  ['more than 8 kB', withPayload({ filler: 'x'.repeat(6500) })],
  // the signature
  ['the last bits of the signature', nonCanonical],
  ['padding', segments((h, p, s) => `${h}.${p}.${s}=`)],
  ['a padded payload', segments((h, p, s) => `${h}.${p}=.${s}`)],
  ['no signature', segments((h, p) => `${h}.${p}.`)],
  ['half a signature', segments((h, p, s) => `${h}.${p}.${s.slice(0, 20)}`)],
  ['two parts', segments((h, p) => `${h}.${p}`)],
  ['four parts', segments((h, p, s) => `${h}.${p}.${s}.${s}`)],
  ['five parts, as encrypted tokens have', segments((h, p, s) => `${h}.${s}.${s}.${p}.${s}`)],
  [
    'another payload under the old signature',
    segments((h, _p, s) => `${h}.${encode({ sub: 'admin' })}.${s}`),
  ],
  ['a secret of somebody else', (token) => resign(token, 'x'.repeat(40), {})],
  ['an empty secret', (token) => resign(token, '', {})],
];

const kinds = {
  access: {
    token: () => tokens.accessToken,
    secret: ACCESS_SECRET,
    invalid: 'ACCESS_TOKEN_INVALID',
    send: (token: string) => testApp.client().get('/profile').set('Authorization', `Bearer ${token}`),
  },
  refresh: {
    token: () => tokens.refreshToken,
    secret: REFRESH_SECRET,
    invalid: 'REFRESH_TOKEN_INVALID',
    send: (refreshToken: string) => testApp.client().post('/auth/refresh').send({ refreshToken }),
  },
} as const;

describe.each(Object.entries(kinds))('%s token', (_name, { token, secret, invalid, send }) => {
  test.each(tampered)('%s is refused', async (_what, tamper) => {
    const changed = tamper(token(), secret);
    expect(changed).not.toBe(token());
    expectFailure(await send(changed), invalid);
  });

  test.each<[string, Tamper]>([
    ['the token itself, signed by hand', (original) => resign(original, secret, {})],
    ['an iat 50 seconds ahead, from a process whose clock is', withPayload({ iat: now + 50 })],
    ['an nbf 50 seconds ahead', withPayload({ nbf: now + 50 })],
  ])('%s passes', async (_what, tamper) => {
    expect((await send(tamper(token(), secret))).status).toBe(200);
  });

  test('exp has no leeway', async () => {
    const expired = resign(token(), secret, { payload: { exp: now - 1 } });
    expectFailure(await send(expired), invalid.replace('INVALID', 'EXPIRED') as typeof invalid);
  });
});

describe('what only an access token says', () => {
  test.each<[string, Members]>([
    ['no roles', { roles: undefined }],
    ['roles as text', { roles: 'admin' }],
    ['a role that is no text', { roles: [1] }],
    ['no auth_time', { auth_time: undefined }],
    ['auth_time as text', { auth_time: String(now) }],
  ])('%s is refused', async (_what, payload) => {
    const changed = resign(tokens.accessToken, ACCESS_SECRET, { payload });
    expectFailure(await kinds.access.send(changed), 'ACCESS_TOKEN_INVALID');
  });
});

describe('no kind of token passes for the other', () => {
  test('as it is', async () => {
    expectFailure(await kinds.access.send(tokens.refreshToken), 'ACCESS_TOKEN_INVALID');
    expectFailure(await kinds.refresh.send(tokens.accessToken), 'REFRESH_TOKEN_INVALID');
  });

  test('signed with the other secret, and with the claims of both', async () => {
    const [access, refresh] = [decodeToken(tokens.accessToken), decodeToken(tokens.refreshToken)];
    const both = { ...access.payload, ...refresh.payload };
    const wrongType = signByHand({ ...access.header, typ: 'rt+jwt' }, both, ACCESS_SECRET);
    expectFailure(await kinds.access.send(wrongType), 'ACCESS_TOKEN_INVALID');
    expectFailure(await kinds.refresh.send(wrongType), 'REFRESH_TOKEN_INVALID');
    const wrongTypeToo = signByHand({ ...refresh.header, typ: 'at+jwt' }, both, REFRESH_SECRET);
    expectFailure(await kinds.refresh.send(wrongTypeToo), 'REFRESH_TOKEN_INVALID');
    expectFailure(await kinds.access.send(wrongTypeToo), 'ACCESS_TOKEN_INVALID');
  });
});
