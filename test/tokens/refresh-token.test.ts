import { signAccessToken } from '../../src/tokens/access-token';
import { createKeySet } from '../../src/tokens/keys';
import {
  signRefreshToken,
  verifyExpiredRefreshToken,
  verifyRefreshToken,
} from '../../src/tokens/refresh-token';
import { decodeToken, resign } from '../helpers/tokens/tokens';

const SECRET = 'refresh-key-of-these-tests-0123456789';
const keys = createKeySet('HS256', [SECRET]);
const NOW = 1_700_000_000_000;
const CLAIMS = {
  userId: 'ann',
  sessionId: 'session',
  generation: 1,
  issuedAt: new Date(NOW),
  expiresAt: new Date(NOW + 10_800_000),
};
const forge = (generation: unknown) =>
  resign(signRefreshToken(CLAIMS, keys), SECRET, { payload: { gen: generation } });

test('a token has the user, session, generation and times, and nothing else', () => {
  const token = signRefreshToken(CLAIMS, keys);
  expect(JSON.stringify(decodeToken(token).payload)).toBe(
    `{"sub":"ann","sid":"session","gen":1,"iat":${NOW / 1000},"exp":${NOW / 1000 + 10_800}}`,
  );
  expect(decodeToken(token).header['typ']).toBe('rt+jwt');
  expect(verifyRefreshToken(token, keys, NOW)).toEqual(CLAIMS);
});

test('the same claims make the same token, byte for byte', () => {
  expect(signRefreshToken({ ...CLAIMS }, keys)).toBe(signRefreshToken(CLAIMS, keys));
  expect(forge(1)).toBe(signRefreshToken(CLAIMS, keys));
});

test.each([1, 2, 1000, Number.MAX_SAFE_INTEGER - 1])('generation %d is accepted', (generation) => {
  expect(verifyRefreshToken(forge(generation), keys, NOW).generation).toBe(generation);
});

const wrong = [undefined, null, 0, -1, 1.5, '1', true, [1], {}, 2 ** 53 - 1, 2 ** 53, 1e21];
test.each(wrong.map((generation) => [generation]))('generation %j is refused', (generation) => {
  expect(() => verifyRefreshToken(forge(generation), keys, NOW)).toThrow('token invalid');
  expect(() => verifyExpiredRefreshToken(forge(generation), keys)).toThrow('token invalid');
});

test('an expired token is distinguished from an invalid one, and a logout accepts it', () => {
  const token = signRefreshToken(CLAIMS, keys);
  expect(() => verifyRefreshToken(token, keys, NOW + 10_800_000)).toThrow('token expired');
  expect(() => verifyRefreshToken(token, keys, NOW - 61_000)).toThrow('token invalid');
  expect(verifyExpiredRefreshToken(token, keys)).toEqual(CLAIMS);
});

test('an access token is no refresh token, even if signed with the same key', () => {
  const { userId, sessionId, issuedAt, expiresAt } = CLAIMS;
  const access = signAccessToken(
    { userId, sessionId, roles: [], authTime: issuedAt, issuedAt, expiresAt },
    { keys, expiresInSeconds: 1800, issuer: undefined, audience: undefined, cacheSize: 0 },
  );
  expect(() => verifyRefreshToken(access, keys, NOW)).toThrow('token invalid');
  expect(() => verifyExpiredRefreshToken(access, keys)).toThrow('token invalid');
});
