import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import { parseOptions } from '../../src/config/parse-options';
import { ACCESS_SECRET, REFRESH_SECRET } from '../helpers/apps/app';
import { optionsWith, refusal } from '../helpers/apps/options';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const otherRsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const shortRsa = generateKeyPairSync('rsa', { modulusLength: 1024 });
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const ed25519 = generateKeyPairSync('ed25519');
const ed448 = generateKeyPairSync('ed448');
const pemText = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();

const MISSING =
  /is missing: make both secrets with `npx passport-visa secret >> \.env`, and start the app with `node --env-file=\.env app\.mjs`$/;
const SHORT = /at least 32 bytes.*make one with `node -p/;
const REPETITIVE = /is one character over and over, .*make one with `node -p/;
const IS_PAIR = /is a key pair, but the algorithm is HMAC: set algorithm to RS256/;
const IS_PEM = /is a PEM key, but the algorithm is HMAC: set algorithm to RS256/;

describe('a secret', () => {
  test.each<[problem: string, secret: unknown, cure: RegExp]>([
    ['is missing', undefined, MISSING],
    ['is null', null, MISSING],
    ['is empty', '', MISSING],
    ['is a number', 5, MISSING],
    ['is an unset environment variable', process.env['NO_SUCH_VARIABLE'], MISSING],
    ['is an empty list', [], /empty list: give at least one secret/],
    ['is a list with a hole', [ACCESS_SECRET, undefined], MISSING],
    ['is text under 32 bytes', 'x'.repeat(31), SHORT],
    ['is a Buffer under 32 bytes', Buffer.alloc(31, 7), SHORT],
    ['is a KeyObject under 32 bytes', createSecretKey(Buffer.alloc(31, 7)), SHORT],
    ['is short further down the list', [ACCESS_SECRET, 'short'], SHORT],
    ['is one character over and over', 'x'.repeat(64), REPETITIVE],
    ['is one character of several bytes over and over', '가'.repeat(30), REPETITIVE],
    ['is spaces', ' '.repeat(64), REPETITIVE],
    ['is white space', ' \t\n'.repeat(20), REPETITIVE],
    ['is zeros in a Buffer', Buffer.alloc(64), REPETITIVE],
    ['is 255 over and over in a KeyObject', createSecretKey(Buffer.alloc(64, 255)), REPETITIVE],
    ['is one character over and over further down the list', [ACCESS_SECRET, 'y'.repeat(40)], REPETITIVE],
    ['is a PEM text', pemText, IS_PEM],
    ['is a PEM text after white space', `\n  ${pemText}`, IS_PEM],
    ['is a PEM text in a Buffer', Buffer.from(pemText), IS_PEM],
    ['is a PEM text in a KeyObject', createSecretKey(Buffer.from(pemText)), IS_PEM],
    ['is a public key', rsa.publicKey, /is a public key, but the algorithm is HMAC/],
    ['is a key pair', rsa, IS_PAIR],
  ])('is refused when it %s', (_problem, secret, cure) => {
    for (const option of ['accessToken.secret', 'refreshToken.secret']) {
      const error = refusal({ [option]: secret });
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toMatch(cure);
      expect(error.message.startsWith(option)).toBe(true);
    }
  });
});

test.each([
  ['\\n', '\\n'],
  ['\\r\\n', '\\r\\n'],
])(
  'a PEM text on one line, with %s for its line breaks, is read as one with line breaks',
  (_what, lineBreak) => {
    const oneLine = (pem: string | Buffer) => pem.toString().replaceAll('\n', lineBreak);
    const secret = {
      privateKey: oneLine(p256.privateKey.export({ type: 'pkcs8', format: 'pem' })),
      publicKey: oneLine(p256.publicKey.export({ type: 'spki', format: 'pem' })),
    };
    const kidsOf = (pair: unknown) =>
      parseOptions(optionsWith({ 'accessToken.algorithm': 'ES256', 'accessToken.secret': pair })).accessToken
        .keys.kids;
    expect(kidsOf(secret)).toEqual(kidsOf(p256));
  },
);

describe('a key pair that does not fit', () => {
  test.each<[problem: string, algorithm: string, secret: unknown, cure: RegExp]>([
    ['RSA under 2048 bits', 'RS256', shortRsa, /RSA key under 2048 bits: make a longer one/],
    ['RSA-PSS under 2048 bits', 'PS256', shortRsa, /RSA key under 2048 bits/],
    ['RSA with ES256', 'ES256', rsa, /doesn't fit ES256, which needs an EC key on the curve prime256v1/],
    ['P-384 with ES256', 'ES256', p384, /doesn't fit ES256, .* prime256v1/],
    ['P-256 with ES384', 'ES384', p256, /doesn't fit ES384, .* secp384r1/],
    ['EC with RS256', 'RS256', p256, /doesn't fit RS256, which needs an RSA key/],
    ['EC with EdDSA', 'EdDSA', p256, /doesn't fit EdDSA, which needs an Ed25519 key/],
    ['Ed448 with EdDSA', 'EdDSA', ed448, /doesn't fit EdDSA, which needs an Ed25519 key/],
    ['Ed25519 with ES256', 'ES256', ed25519, /doesn't fit ES256, which needs an EC key/],
    ['a text with EdDSA', 'EdDSA', ACCESS_SECRET, /must be \{ privateKey, publicKey \} for EdDSA/],
    ['EC with PS512', 'PS512', p256, /doesn't fit PS512, which needs an RSA key/],
    ['no pair', 'RS256', { ...rsa, publicKey: otherRsa.publicKey }, /are not a pair/],
    ['keys swapped', 'RS256', { privateKey: rsa.publicKey, publicKey: rsa.privateKey }, /is a private key/],
    ['no public key', 'RS256', { privateKey: rsa.privateKey }, /\.publicKey can't be read: give a PEM/],
    ['no private key', 'RS256', { publicKey: rsa.publicKey }, /needs a privateKey in its first entry/],
    ['a garbled PEM', 'RS256', { ...rsa, publicKey: '-----BEGIN PUBLIC KEY-----\nA' }, /can't be read/],
    ['a text', 'RS256', ACCESS_SECRET, /must be \{ privateKey, publicKey \} for RS256/],
  ])('%s (%s) throws', (_problem, algorithm, secret, cure) => {
    const error = refusal({ 'accessToken.algorithm': algorithm, 'accessToken.secret': secret });
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(cure);
    expect(error.message).toMatch(/^accessToken\.secret/);
  });
});

describe('access and refresh secrets that overlap', () => {
  const shared = 'one-secret-for-both-0123456789-abcdef';
  const forms = [
    shared,
    Buffer.from(shared),
    new Uint8Array(Buffer.from(shared)),
    createSecretKey(shared, 'utf8'),
  ];
  const cases = forms.flatMap((access, i) =>
    forms.map((refresh, j) => ({ access, refresh, name: `${i}/${j}` })),
  );

  test.each(cases)(
    'overlapping secrets throw in every combination of forms: $name',
    ({ access, refresh }) => {
      const error = refusal({ 'accessToken.secret': access, 'refreshToken.secret': refresh });
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toMatch(/^refreshToken\.secret .*accessToken\.secret: make one of its own/);
    },
  );

  test.each<[string, unknown, unknown]>([
    ['the old access secret', [ACCESS_SECRET, shared], shared],
    ['the old refresh secret', shared, [REFRESH_SECRET, Buffer.from(shared)]],
    ['two old secrets', [ACCESS_SECRET, shared], [REFRESH_SECRET, shared]],
  ])('overlapping secrets also throw inside lists: %s', (_name, access, refresh) => {
    const changes = { 'accessToken.secret': access, 'refreshToken.secret': refresh };
    expect(() => parseOptions(optionsWith(changes))).toThrow(/no key in common/);
    expect(() => parseOptions(optionsWith({ ...changes, 'accessToken.algorithm': 'HS512' }))).toThrow(
      TypeError,
    );
  });
});
