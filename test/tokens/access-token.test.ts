import { signAccessToken, verifyAccessToken, type AccessTokenConfig } from '../../src/tokens/access-token';
import { AccessTokenVerifier } from '../../src/tokens/access-token-verifier';
import { createKeySet } from '../../src/tokens/keys';
import { signRefreshToken } from '../../src/tokens/refresh-token';
import { decodeToken, resign } from '../helpers/tokens/tokens';

const SECRET = 'access-key-of-these-tests-0123456789';
const keys = createKeySet('HS256', [SECRET]);
const config = { keys, expiresInSeconds: 1800, issuer: 'https://id.example', audience: 'api', cacheSize: 0 };
const plain = { ...config, issuer: undefined, audience: undefined };
const NOW = 1_700_000_000_000;
const CLAIMS = {
  userId: 'ann',
  sessionId: 'session',
  roles: ['admin', 'editor'],
  authTime: new Date(NOW - 60_000),
  issuedAt: new Date(NOW),
  expiresAt: new Date(NOW + 1_800_000),
};
const verify = (token: string, by: AccessTokenConfig, nowMs: number) =>
  new AccessTokenVerifier(by).verify(token, nowMs);
const forge = (changes: Record<string, unknown>) =>
  resign(signAccessToken(CLAIMS, config), SECRET, { payload: changes });

test('a token has the user, session, roles and times, with the claim names of RFC 9068', () => {
  const token = signAccessToken(CLAIMS, config);
  expect(Object.entries(decodeToken(token).payload)).toEqual([
    ['iss', 'https://id.example'],
    ['aud', 'api'],
    ['jti', expect.stringMatching(/^[\w-]{22}$/)],
    ['client_id', 'https://id.example'],
    ['sub', 'ann'],
    ['sid', 'session'],
    ['roles', ['admin', 'editor']],
    ['auth_time', NOW / 1000 - 60],
    ['iat', NOW / 1000],
    ['exp', NOW / 1000 + 1800],
  ]);
  expect(decodeToken(token).header['typ']).toBe('at+jwt');
  expect(verify(token, config, NOW)).toEqual(CLAIMS);
});

test('a token has no issuer and audience when none are set', () => {
  const token = signAccessToken(CLAIMS, plain);
  expect(Object.keys(decodeToken(token).payload)).toEqual(['sub', 'sid', 'roles', 'auth_time', 'iat', 'exp']);
  expect(verify(token, plain, NOW)).toEqual(CLAIMS);
});

test('times are rounded down to whole seconds, so no token outlives its session', () => {
  const token = signAccessToken({ ...CLAIMS, expiresAt: new Date(NOW + 1999) }, plain);
  expect(decodeToken(token).payload['exp']).toBe(NOW / 1000 + 1);
  expect(() => verify(token, plain, NOW + 1000)).toThrow('token expired');
});

test.each([
  ['another issuer', { iss: 'https://evil.example' }],
  ['no issuer', { iss: undefined }],
  ['a list of issuers', { iss: ['https://id.example'] }],
  ['another audience', { aud: 'other' }],
  ['no audience', { aud: undefined }],
  ['a list of audiences', { aud: ['api'] }],
  ['no roles', { roles: undefined }],
  ['roles as text', { roles: 'admin' }],
  ['a role that is not a string', { roles: ['admin', 5] }],
  ['no auth_time', { auth_time: undefined }],
  ['auth_time as text', { auth_time: '1700000000' }],
  ['a broken auth_time', { auth_time: 1.5 }],
])('%s is refused', (_name, changes) => {
  expect(verify(forge({}), config, NOW).userId).toBe('ann');
  expect(() => verify(forge(changes), config, NOW)).toThrow('token invalid');
  expect(() => verifyAccessToken(forge(changes), config)).toThrow('token invalid');
});

test('an expired token is distinguished from an invalid one, and a logout accepts it', () => {
  const token = signAccessToken(CLAIMS, config);
  expect(() => verify(token, config, NOW + 1_800_000)).toThrow('token expired');
  expect(verifyAccessToken(token, config).claims).toEqual(CLAIMS);
});

test('a refresh token is no access token, even if signed with the same key', () => {
  const { userId, sessionId, issuedAt, expiresAt } = CLAIMS;
  const refresh = signRefreshToken({ userId, sessionId, generation: 1, issuedAt, expiresAt }, keys);
  expect(() => verify(refresh, plain, NOW)).toThrow('token invalid');
});
