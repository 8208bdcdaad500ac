import { createHmac } from 'node:crypto';
import { signAccessToken, type AccessClaims } from '../../src/tokens/access-token';
import { AccessTokenVerifier } from '../../src/tokens/access-token-verifier';
import { createKeySet } from '../../src/tokens/keys';
import { resign } from '../helpers/tokens/tokens';

jest.mock('node:crypto', () => {
  const crypto = jest.requireActual<typeof import('node:crypto')>('node:crypto');
  return { ...crypto, createHmac: jest.fn(crypto.createHmac) };
});

const SECRET = 'access-key-of-these-tests-0123456789';
const NEXT_SECRET = 'the-next-key-of-these-tests-012345678';
const keys = createKeySet('HS256', [SECRET]);
const config = { keys, expiresInSeconds: 1800, issuer: undefined, audience: undefined, cacheSize: 100 };
const NOW = 1_700_000_000_000;
const EXPIRES = NOW + 1_800_000;

const claimsOf = (userId: string): AccessClaims => ({
  userId,
  sessionId: `session of ${userId}`,
  roles: ['admin'],
  authTime: new Date(NOW),
  issuedAt: new Date(NOW),
  expiresAt: new Date(EXPIRES),
});
const tokenOf = (userId: string) => signAccessToken(claimsOf(userId), config);

/** How often a signature is computed while `act` runs. */
function signatures(act: () => void): number {
  const before = jest.mocked(createHmac).mock.calls.length;
  act();
  return jest.mocked(createHmac).mock.calls.length - before;
}

/** A new string, as each request has one. */
const copy = (token: string) => Buffer.from(token).toString();

/** Makes the verifier cache a token, which it does the second time. */
function remember(verifier: AccessTokenVerifier, token: string, nowMs = NOW): void {
  verifier.verify(token, nowMs);
  verifier.verify(token, nowMs);
}

test("a token's signature is computed only twice, and the claims are the same each time", () => {
  const verifier = new AccessTokenVerifier(config);
  const token = tokenOf('ann');
  const count = signatures(() => {
    for (let n = 0; n < 5; n += 1) expect(verifier.verify(copy(token), NOW)).toEqual(claimsOf('ann'));
  });
  expect(count).toBe(2);
});

test('the cache keeps the tokens used last, up to its size', () => {
  const verifier = new AccessTokenVerifier({ ...config, cacheSize: 2 });
  const tokens: Record<string, string> = { ann: tokenOf('ann'), bob: tokenOf('bob'), cat: tokenOf('cat') };
  const use = (...users: string[]) =>
    signatures(() => users.forEach((user) => verifier.verify(tokens[user] as string, NOW)));
  expect(use('ann', 'bob', 'cat')).toBe(3); // none of them has come twice yet
  expect(use('ann', 'bob', 'ann', 'cat')).toBe(3);
  expect(use('ann', 'cat')).toBe(0);
  expect(use('bob')).toBe(1);
});

test('a cache of size 0 keeps no token', () => {
  const verifier = new AccessTokenVerifier({ ...config, cacheSize: 0 });
  const token = tokenOf('ann');
  expect(signatures(() => [1, 2].forEach(() => verifier.verify(token, NOW)))).toBe(2);
});

test('a cached token expires to the millisecond, and then leaves the cache', () => {
  const verifier = new AccessTokenVerifier(config);
  const token = tokenOf('ann');
  remember(verifier, token, EXPIRES - 1);
  expect(() => verifier.verify(token, EXPIRES)).toThrow('token expired');
  expect(signatures(() => verifier.verify(token, EXPIRES - 1))).toBe(1); // it is no longer cached
});

test('a cached token that is from the future, because the clock has gone back, is refused like a new one', () => {
  const verifier = new AccessTokenVerifier(config);
  const token = tokenOf('ann');
  remember(verifier, token);
  for (const each of [verifier, new AccessTokenVerifier(config)])
    expect(() => each.verify(token, NOW - 61_000)).toThrow('token invalid');
  expect(verifier.verify(token, NOW).userId).toBe('ann');
});

test('only the exact same text is found in the cache', () => {
  const verifier = new AccessTokenVerifier(config);
  const token = tokenOf('ann');
  remember(verifier, token);
  for (const other of [
    `${token} `,
    `${token}=`,
    token.slice(0, -1),
    token.replace(/^./, 'f'),
    resign(token, NEXT_SECRET, { payload: { sub: 'eve' } }),
    `${token.slice(0, token.lastIndexOf('.'))}.`,
  ]) {
    expect(() => verifier.verify(other, NOW)).toThrow('token invalid');
  }
});

test('a refused token is verified again each time', () => {
  const verifier = new AccessTokenVerifier(config);
  const bad = resign(tokenOf('ann'), NEXT_SECRET, {});
  expect(
    signatures(() => {
      for (const _ of [1, 2]) expect(() => verifier.verify(bad, NOW)).toThrow('token invalid');
    }),
  ).toBe(2);
});

test('a cached token is not accepted after its key is removed', () => {
  const token = tokenOf('ann');
  const during = new AccessTokenVerifier({ ...config, keys: createKeySet('HS256', [NEXT_SECRET, SECRET]) });
  const after = new AccessTokenVerifier({ ...config, keys: createKeySet('HS256', [NEXT_SECRET]) });
  remember(during, token);
  expect(during.verify(token, NOW).userId).toBe('ann');
  expect(() => after.verify(token, NOW)).toThrow('token invalid');
});
