import { execFileSync } from 'node:child_process';
import {
  constants,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  sign,
  verify,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import { join } from 'node:path';
import { publicJwk, thumbprintOf } from '../../src/tokens/jwk';
import { signJwt, verifySignature } from '../../src/tokens/jwt';
import { createKeySet, KeyError, type Algorithm, type Secret } from '../../src/tokens/keys';

const FIRST = 'first-secret-0123456789-0123456789-first';
const SECOND = 'second-secret-0123456789-0123456789-second';
const CLAIMS = { sub: 'ann', sid: 'session', iat: 1, exp: 2 };

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pss = (hashAlgorithm: string) =>
  generateKeyPairSync('rsa-pss', {
    modulusLength: 2048,
    hashAlgorithm,
    mgf1HashAlgorithm: hashAlgorithm,
  });
const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });

const pairs: [Algorithm, Secret][] = [
  ...(['HS256', 'HS384', 'HS512'] as const).map((each) => [each, FIRST.repeat(2)] as [Algorithm, Secret]),
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const).map(
    (each) => [each, rsa] as [Algorithm, Secret],
  ),
  ['PS256', pss('sha256')],
  ['PS512', pss('sha512')],
  ['ES256', ec('P-256')],
  ['ES384', ec('P-384')],
  ['ES512', ec('P-521')],
  ['EdDSA', generateKeyPairSync('ed25519')],
];

test.each(pairs)('%s signs and verifies', (algorithm, secret) => {
  const keys = createKeySet(algorithm, [secret]);
  expect(verifySignature(signJwt('at+jwt', CLAIMS, keys), 'at+jwt', keys)).toEqual(CLAIMS);
});

test.each<[string, Algorithm, Secret]>([
  ['for another hash', 'PS256', pss('sha512')],
  ['without a hash', 'PS256', generateKeyPairSync('rsa-pss', { modulusLength: 2048 })],
  ['for PKCS #1 signatures', 'RS256', pss('sha256')],
])('an RSA-PSS key %s is refused at start, not at the first login', (_name, algorithm, secret) => {
  expect(() => createKeySet(algorithm, [secret])).toThrow(KeyError);
});

test.each([
  ['HS256', 32],
  ['HS384', 48],
  ['HS512', 64],
] as const)('%s accepts a secret of %d bytes, and refuses one shorter than its hash', (algorithm, bytes) => {
  const secret = FIRST.repeat(2);
  expect(createKeySet(algorithm, [secret.slice(0, bytes)]).kids.size).toBe(1);
  expect(() => createKeySet(algorithm, [secret.slice(0, bytes - 1)])).toThrow(
    `must be at least ${bytes} bytes long for ${algorithm}`,
  );
});

test('a key has the same id in every form', () => {
  const bytes = Buffer.from(FIRST);
  const pems = {
    privateKey: rsa.privateKey.export({ type: 'pkcs1', format: 'pem' }),
    publicKey: Buffer.from(rsa.publicKey.export({ type: 'spki', format: 'pem' })),
  };
  const kid = (algorithm: Algorithm, secret: Secret) => createKeySet(algorithm, [secret]).signing.kid;
  expect(
    new Set([FIRST, bytes, new Uint8Array(bytes), createSecretKey(bytes)].map((each) => kid('HS256', each)))
      .size,
  ).toBe(1);
  expect(kid('RS256', pems)).toBe(kid('RS256', rsa));
});

test('each key has its own id, which does not reveal the key', () => {
  const ids = [FIRST, SECOND].map((each) => createKeySet('HS256', [each]).signing.kid);
  expect(new Set(ids).size).toBe(2);
  for (const kid of ids) expect(kid).toMatch(/^[\w-]{16}$/);
});

test.each<[string, JsonWebKey, string]>([
  [
    'the RSA key of RFC 7638 §3.1',
    {
      kty: 'RSA',
      n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
      e: 'AQAB',
    },
    'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs',
  ],
  [
    'the Ed25519 key of RFC 8037, appendix A.3',
    { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' },
    'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
  ],
])('%s has the thumbprint that the RFC gives', (_name, key, thumbprint) => {
  expect(thumbprintOf(createPublicKey({ key, format: 'jwk' }))).toBe(thumbprint);
});

test('an RSA-PSS key has the members and the thumbprint of the same RSA key', () => {
  const { publicKey } = pss('sha256') as { publicKey: KeyObject };
  const jwk = publicJwk(publicKey);
  expect(jwk).toEqual({ e: 'AQAB', kty: 'RSA', n: expect.stringMatching(/^[\w-]{342}$/) });
  const plain = createPublicKey({ key: { ...jwk }, format: 'jwk' });
  const { modulusLength } = plain.asymmetricKeyDetails ?? {};
  expect([modulusLength, thumbprintOf(plain)]).toEqual([2048, thumbprintOf(publicKey)]);
  const text = Buffer.from('signed by the private half');
  const { privateKey } = generateKeyPairSync('rsa-pss', { modulusLength: 2048 });
  const itsPublicKey = createPublicKey({ key: { ...publicJwk(createPublicKey(privateKey)) }, format: 'jwk' });
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  expect(
    verify(
      'sha256',
      text,
      { key: itsPublicKey, padding },
      sign('sha256', text, { key: privateKey, padding }),
    ),
  ).toBe(true);
});

test('a key has the same id in all processes', () => {
  const script = `process.stdout.write(require('./dist/tokens/keys.js').createKeySet('HS256', ['${FIRST}']).signing.kid)`;
  const elsewhere = execFileSync(process.execPath, ['-e', script], { cwd: join(__dirname, '../..') });
  expect(elsewhere.toString()).toBe(createKeySet('HS256', [FIRST]).signing.kid);
});

describe('a list of secrets', () => {
  test('signs with the first and verifies with all', () => {
    const before = createKeySet('HS256', [FIRST]);
    const during = createKeySet('HS256', [SECOND, FIRST]);
    const after = createKeySet('HS256', [SECOND]);
    const old = signJwt('at+jwt', CLAIMS, before);
    expect(verifySignature(old, 'at+jwt', during)).toEqual(CLAIMS);
    expect(() => verifySignature(old, 'at+jwt', after)).toThrow('token invalid');
    expect(verifySignature(signJwt('at+jwt', CLAIMS, during), 'at+jwt', after)).toEqual(CLAIMS);
  });

  test('needs no private keys after the first entry', () => {
    const old = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const keys = createKeySet('RS256', [rsa, { publicKey: old.publicKey }]);
    const token = signJwt('at+jwt', CLAIMS, createKeySet('RS256', [old]));
    expect(verifySignature(token, 'at+jwt', keys)).toEqual(CLAIMS);
    expect(() => createKeySet('RS256', [{ publicKey: old.publicKey }, rsa])).toThrow(
      /privateKey in its first/,
    );
  });
});

test('changing the given bytes afterwards does not change the key', () => {
  const bytes = Buffer.from(FIRST);
  const keys = createKeySet('HS256', [bytes]);
  bytes.fill(0);
  expect(verifySignature(signJwt('at+jwt', CLAIMS, keys), 'at+jwt', createKeySet('HS256', [FIRST]))).toEqual(
    CLAIMS,
  );
});
