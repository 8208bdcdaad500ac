import { generateKeyPairSync } from 'node:crypto';
import { signJwt, verifySignature } from '../../src/tokens/jwt';
import { jwkSetOf, readJwkSet } from '../../src/tokens/jwk-set';
import { createKeySet, KeyError, type Algorithm, type KeyPair } from '../../src/tokens/keys';

const CLAIMS = { sub: 'ann', sid: 'session', iat: 1, exp: 2 };
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ed25519 = generateKeyPairSync('ed25519');
const other = generateKeyPairSync('ed25519');
const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
const pss = generateKeyPairSync('rsa-pss', {
  modulusLength: 2048,
  hashAlgorithm: 'sha256',
  mgf1HashAlgorithm: 'sha256',
});

const pairs: [Algorithm, KeyPair][] = [
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const).map(
    (algorithm) => [algorithm, rsa] as [Algorithm, KeyPair],
  ),
  ['PS256', pss],
  ['ES256', ec('P-256')],
  ['ES384', ec('P-384')],
  ['ES512', ec('P-521')],
  ['EdDSA', ed25519],
];

test.each(pairs)(
  '%s: what the key signs, its JWK Set verifies, and it has public members only',
  (algorithm, pair) => {
    const keys = createKeySet(algorithm, [pair]);
    const set = jwkSetOf(keys);
    const token = signJwt('at+jwt', CLAIMS, keys);
    expect(verifySignature(token, 'at+jwt', readJwkSet(JSON.parse(JSON.stringify(set))))).toEqual(CLAIMS);
    expect(set.keys).toHaveLength(1);
    expect(set.keys[0]).toMatchObject({ kid: keys.signing.kid, use: 'sig', alg: algorithm });
    for (const name of Object.keys(set.keys[0] ?? {}))
      expect(['kty', 'crv', 'x', 'y', 'n', 'e', 'kid', 'use', 'alg']).toContain(name);
  },
);

test('every entry of the secret is in the set once, with or without its private key', () => {
  const keys = createKeySet('EdDSA', [ed25519, { publicKey: other.publicKey }, ed25519]);
  expect(jwkSetOf(keys).keys.map(({ kid }) => kid)).toEqual([...keys.kids]);
  expect(keys.kids.size).toBe(2);
});

const [good] = jwkSetOf(createKeySet('EdDSA', [ed25519])).keys;
const [goodRsa] = jwkSetOf(createKeySet('RS256', [rsa])).keys;
const [goodEc] = jwkSetOf(createKeySet('ES256', [ec('P-256')])).keys;
const shortRsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' });

test.each<[string, unknown, RegExp]>([
  ['a private key', { ...good, d: 'AAAA' }, /a key has private members/],
  ['a symmetric key', { kty: 'oct', k: 'AAAA', kid: 'a' }, /a key has private members/],
  ['a key without a kid', { ...good, kid: undefined }, /a key has no kid/],
  ['a kid that is no text', { ...good, kid: 1 }, /a key has no kid/],
  ['a key for encryption', { ...good, use: 'enc' }, /a key is not for signatures/],
  ['a key that only signs', { ...good, key_ops: ['sign'] }, /a key is not for signatures/],
  ['an alg of another key type', { ...good, alg: 'ES256' }, /a key is for no algorithm of access tokens/],
  ['an RSA key that does not say for which algorithm', { ...goodRsa, alg: undefined }, /for no algorithm/],
  ['HS256 with an RSA key', { ...goodRsa, alg: 'HS256' }, /for no algorithm/],
  ['alg none', { ...good, alg: 'none' }, /for no algorithm/],
  ['an unknown curve', { ...goodEc, crv: 'P-192', alg: undefined }, /for no algorithm/],
  ['a curve named __proto__', { ...goodEc, crv: '__proto__', alg: undefined }, /for no algorithm/],
  ['a point that is not on the curve', { ...goodEc, y: goodEc?.x }, /a key can't be read/],
  ['a member that is no text', { ...good, x: { toString: 1 } }, /a key can't be read/],
  ['RSA under 2048 bits', { ...shortRsa, kid: 'a', alg: 'RS256' }, /RSA key under 2048 bits/],
  ['a text', 'key', /a key is no object/],
  ['null', null, /a key is no object/],
])('%s is passed over, and a set without another key is refused', (_what, jwk, fault) => {
  expect(() => readJwkSet({ keys: [jwk] })).toThrow(KeyError);
  expect(() => readJwkSet({ keys: [jwk] })).toThrow(fault);
  expect(readJwkSet({ keys: [jwk, good] }).fingerprint).toBe(readJwkSet({ keys: [good] }).fingerprint);
});

test.each<[string, unknown]>([
  ['null', null],
  ['a text', 'keys'],
  ['a list', []],
  ['no keys', {}],
  ['keys that are no list', { keys: { 0: good } }],
  ['an empty list', { keys: [] }],
])('what is no JWK Set is refused: %s', (_what, value) => {
  expect(() => readJwkSet(value)).toThrow(KeyError);
});

test('of two keys with one kid the first counts, and the fifty-first key is not read', () => {
  const [second] = jwkSetOf(createKeySet('EdDSA', [other])).keys;
  const token = signJwt('at+jwt', CLAIMS, createKeySet('EdDSA', [ed25519]));
  const verify = (...keys: unknown[]) => verifySignature(token, 'at+jwt', readJwkSet({ keys }));
  expect(verify(good, { ...second, kid: good?.kid })).toEqual(CLAIMS);
  expect(() => verify({ ...second, kid: good?.kid }, good)).toThrow('token invalid');
  expect(() => verify(...Array.from({ length: 50 }, () => second), good)).toThrow('token invalid');
});
