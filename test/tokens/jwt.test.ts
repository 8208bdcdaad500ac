import { createHmac, generateKeyPairSync } from 'node:crypto';
import {
  checkTimes,
  lengthOfJwt,
  signJwt,
  TokenError,
  TokenTooLongError,
  verifySignature,
} from '../../src/tokens/jwt';
import { createKeySet, type Algorithm, type Secret } from '../../src/tokens/keys';
import { decodeToken, signByHand } from '../helpers/tokens/tokens';

const SECRET = 'the-key-of-these-tests-0123456789-abc';
const OTHER_SECRET = 'another-key-0123456789-0123456789-abc';
const keys = createKeySet('HS256', [SECRET]);
const otherKid = createKeySet('HS256', [OTHER_SECRET]).signing.kid;
const HEADER = { alg: 'HS256', typ: 'at+jwt', kid: keys.signing.kid, ver: 1 };
const CLAIMS = { sub: 'ann', sid: 'session', iat: 1_700_000_000, exp: 1_700_001_800 };
const GOOD = signJwt('at+jwt', CLAIMS, keys);
const [header = '', payload = '', signature = ''] = GOOD.split('.');

const withHeader = (changes: object) => signByHand({ ...HEADER, ...changes }, CLAIMS, SECRET);
const withClaims = (changes: object) => signByHand(HEADER, { ...CLAIMS, ...changes }, SECRET);

function expectInvalid(token: unknown): void {
  let thrown: unknown;
  try {
    verifySignature(token as string, 'at+jwt', keys);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(TokenError);
  expect(thrown).toMatchObject({ fault: 'invalid', message: 'token invalid' });
}

test('a token has alg, typ, kid and ver in this order, and then the claims as given', () => {
  expect(Object.entries(decodeToken(GOOD).header)).toEqual(Object.entries(HEADER));
  expect(Object.entries(decodeToken(GOOD).payload)).toEqual(Object.entries(CLAIMS));
  expect(verifySignature(GOOD, 'at+jwt', keys)).toEqual(CLAIMS);
});

test('a token made by the helper of these tests is accepted, so only what a test changes makes it invalid', () => {
  expect(signByHand(HEADER, CLAIMS, SECRET)).toBe(GOOD);
  expect(verifySignature(withClaims({ more: [1, { a: 'é' }] }), 'at+jwt', keys)).toMatchObject({
    more: [1, { a: 'é' }],
  });
});

test.each<[string, unknown]>([
  ['undefined', undefined],
  ['a number', 5],
  ['a list', [GOOD]],
  ['empty', ''],
  ['dots', '..'],
  ['two segments', `${header}.${payload}`],
  ['four segments', `${GOOD}.x`],
  ['no signature', `${header}.${payload}.`],
  ['no payload', `${header}..${signature}`],
  ['a space before', ` ${GOOD}`],
  ['a line break after', `${GOOD}\n`],
  ['a padded signature', `${GOOD}=`],
  ['a signature with other unused bits', GOOD.slice(0, -1) + nextCharacter(GOOD.at(-1) as string)],
  ['a signature in base64', `${header}.${payload}.${Buffer.from(signature, 'base64url').toString('base64')}`],
  ['a signature cut off', GOOD.slice(0, -4)],
  [
    'an altered signature',
    `${header}.${payload}.${signature.replace(/^./, signature.startsWith('A') ? 'B' : 'A')}`,
  ],
  ['an altered payload', `${header}.${encode({ ...CLAIMS, sub: 'eve' })}.${signature}`],
  ['longer than 8 kB', withClaims({ more: 'x'.repeat(8 * 1024) })],
])('form: %s is refused', (_name, token) => expectInvalid(token));

test('a token of 8 kB is still accepted', () => {
  const token = withClaims({ more: 'x'.repeat(5800) });
  expect(token.length).toBeLessThanOrEqual(8 * 1024);
  expect(token.length).toBeGreaterThan(7.5 * 1024);
  expect(verifySignature(token, 'at+jwt', keys).sub).toBe('ann');
});

test('a token from before there was a version is still accepted', () => {
  const { ver: _ver, ...unversioned } = HEADER;
  expect(verifySignature(signByHand(unversioned, CLAIMS, SECRET), 'at+jwt', keys)).toEqual(CLAIMS);
});

describe('the header', () => {
  const { alg: _alg, ...noAlgorithm } = HEADER;
  const { kid: _kid, ...noKey } = HEADER;
  test.each<[string, string]>([
    ['another type', withHeader({ typ: 'rt+jwt' })],
    ['typ JWT', withHeader({ typ: 'JWT' })],
    ['typ in capitals', withHeader({ typ: 'AT+JWT' })],
    ['no typ', withHeader({ typ: undefined })],
    ['alg none', `${encode({ ...HEADER, alg: 'none' })}.${payload}.x`],
    ['alg none, empty signature', `${encode({ ...HEADER, alg: 'none' })}.${payload}.`],
    [
      'another HMAC, well signed',
      signSegments(`${encode({ ...HEADER, alg: 'HS512' })}.${payload}`, 'sha512'),
    ],
    ['alg in small letters', withHeader({ alg: 'hs256' })],
    ['no alg', signByHand(noAlgorithm, CLAIMS, SECRET)],
    ['a future version', withHeader({ ver: 2 })],
    ['a version as text', withHeader({ ver: '1' })],
    ['a version of null', withHeader({ ver: null })],
    [
      'a version before the key',
      signByHand({ alg: 'HS256', typ: 'at+jwt', ver: 1, kid: HEADER.kid }, CLAIMS, SECRET),
    ],
    ['no kid', signByHand(noKey, CLAIMS, SECRET)],
    ['an unknown kid', withHeader({ kid: 'unknown' })],
    ['a kid that is not a string', withHeader({ kid: 5 })],
    ['__proto__ as kid', withHeader({ kid: '__proto__' })],
    ['our kid over another key', signByHand(HEADER, CLAIMS, OTHER_SECRET)],
    ['another kid over our key', withHeader({ kid: otherKid })],
    ...['jwk', 'jku', 'x5u', 'x5c', 'crit', 'cty', 'b64', 'zip', 'anything'].map(
      (member) => [`a member ${member}`, withHeader({ [member]: ['exp'] })] as [string, string],
    ),
    ['a member twice', signByHand(JSON.stringify(HEADER).replace('{', '{"alg":"none",'), CLAIMS, SECRET)],
    ['white space', signByHand(JSON.stringify(HEADER, null, 1), CLAIMS, SECRET)],
    ['a list', signByHand('[]', CLAIMS, SECRET)],
    ['null', signByHand('null', CLAIMS, SECRET)],
    ['invalid JSON', signByHand('{', CLAIMS, SECRET)],
  ])('%s is refused', (_name, token) => expectInvalid(token));
});

describe('the payload', () => {
  const text = JSON.stringify(CLAIMS);
  test.each<[string, string]>([
    ['null', 'null'],
    ['a text', '"ann"'],
    ['a number', '5'],
    ['a list', `[${text}]`],
    ['a member twice', text.replace('{', '{"sub":"eve",')],
    ['white space', text.replace(',', ', ')],
    ['1e400', text.replace('1700001800', '1e400')],
    ['1.0', text.replace('1700001800', '1700001800.0')],
    ['1.7e9', text.replace('1700000000', '1.7e9')],
    ['-0', text.replace('1700000000', '-0')],
    ['an unnecessary escape', text.replace('ann', '\\u0061nn')],
    ['a byte order mark', `\ufeff${text}`],
    ['invalid JSON', text.slice(0, -1)],
    ['nothing', ''],
  ])('written as %s is refused', (_name, written) => expectInvalid(signByHand(HEADER, written, SECRET)));

  test.each<[string, string]>([
    ['padding', `${payload}${'='.repeat(3)}`],
    ['other unused bits', payload.slice(0, -1) + nextCharacter(payload.at(-1) as string)],
    ['base64 with line breaks', `${payload.slice(0, 8)}\n${payload.slice(8)}`],
    [
      'broken UTF-8',
      Buffer.concat([Buffer.from('{"sub":"'), Buffer.from([0xff]), Buffer.from(text.slice(8))]).toString(
        'base64url',
      ),
    ],
  ])('encoded with %s is refused', (_name, segment) => expectInvalid(signSegments(`${header}.${segment}`)));

  const ids = [undefined, null, '', 5, true, ['ann'], { $ne: '' }, 'a\0', '\ud800', 'x\udc00y'];
  const times = [undefined, null, '1700000000', true, [1], {}, 1.5, -1, 1e11, Number.MAX_SAFE_INTEGER];
  test.each([
    ...['sub', 'sid'].flatMap((claim) => ids.map((value) => [claim, value])),
    ...['iat', 'exp'].flatMap((claim) => times.map((value) => [claim, value])),
    ...times.slice(1).map((value) => ['nbf', value]),
  ])('%s: %j is refused', (claim, value) => expectInvalid(withClaims({ [claim as string]: value })));
});

describe('nesting', () => {
  const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
  const withText = (more: string) =>
    signByHand(HEADER, JSON.stringify(CLAIMS).replace(/}$/, `,"more":${more}}`), SECRET);

  test.each<[string, string]>([
    ['nine levels, including the payload', nested(8)],
    ['as deep as 8 kB allow', nested(2900)],
    ['objects as deep as 8 kB allow', `${'{"a":'.repeat(900)}1${'}'.repeat(900)}`],
    ['deep after a string with a quote', `["\\"",${nested(8)}]`],
  ])('%s is refused', (_name, more) => expectInvalid(withText(more)));

  test.each<[string, string]>([
    ['eight levels', nested(7)],
    ['lists side by side', `[${Array(50).fill('[]').join(',')}]`],
    ['brackets in a string', JSON.stringify('"[{'.repeat(20))],
  ])('%s is accepted', (_name, more) =>
    expect(verifySignature(withText(more), 'at+jwt', keys).sub).toBe('ann'),
  );
});

describe('length', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
  const long = SECRET.repeat(2);
  test.each<[Algorithm, Secret]>([
    ['HS256', long],
    ['HS384', long],
    ['HS512', long],
    ['RS256', rsa],
    ['PS512', rsa],
    ['ES256', ec('P-256')],
    ['ES384', ec('P-384')],
    ['ES512', ec('P-521')],
    ['EdDSA', generateKeyPairSync('ed25519')],
  ])('the length of a token by %s is known before it is signed', (algorithm, secret) => {
    const its = createKeySet(algorithm, [secret]);
    for (const sub of ['a', 'ab', 'abc', 'é', '"']) {
      const claims = { ...CLAIMS, sub };
      expect(lengthOfJwt('at+jwt', claims, its)).toBe(signJwt('at+jwt', claims, its).length);
    }
  });

  test('a token that would be refused for its length is not signed', () => {
    const sign = (length: number) => signJwt('at+jwt', { ...CLAIMS, more: 'x'.repeat(length) }, keys);
    const longest = sign(Math.floor(((8192 - GOOD.length) * 3) / 4) - 14);
    expect(longest.length).toBeGreaterThan(8180);
    expect(verifySignature(longest, 'at+jwt', keys).sub).toBe('ann');
    expect(() => sign(6200)).toThrow(TokenTooLongError);
    expect(() => sign(6200)).toThrow(
      /user "ann" would be 8\d\d\d characters long, and 8192 is the most.*fewer or shorter roles/,
    );
  });
});

test('a token signed by HS256 with an RSA public key is refused for RS256', () => {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const rsaKeys = createKeySet('RS256', [pair]);
  const pem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  for (const alg of ['HS256', 'RS256']) {
    const token = signByHand({ alg, typ: 'at+jwt', kid: rsaKeys.signing.kid }, CLAIMS, pem);
    expect(() => verifySignature(token, 'at+jwt', rsaKeys)).toThrow(TokenError);
  }
});

test('a signature has only one accepted encoding for key pairs too, although its bytes would verify', () => {
  const rsaKeys = createKeySet('RS256', [generateKeyPairSync('rsa', { modulusLength: 2048 })]);
  const token = signJwt('at+jwt', CLAIMS, rsaKeys);
  expect(verifySignature(token, 'at+jwt', rsaKeys)).toEqual(CLAIMS);
  for (const other of [token.slice(0, -1) + nextCharacter(token.at(-1) as string), `${token}==`]) {
    expect(() => verifySignature(other, 'at+jwt', rsaKeys)).toThrow(TokenError);
  }
});

describe('times', () => {
  const now = CLAIMS.iat;
  const fault = (claims: object, nowMs: number) => {
    try {
      checkTimes({ ...CLAIMS, ...claims }, nowMs);
      return 'none';
    } catch (error) {
      return (error as TokenError).fault;
    }
  };
  test.each([
    ['exp has no leeway, to the second', {}, CLAIMS.exp * 1000, 'expired'],
    ['a millisecond before exp', {}, CLAIMS.exp * 1000 - 1, 'none'],
    ['long after exp', {}, CLAIMS.exp * 2000, 'expired'],
    ['iat 60 seconds ahead', { iat: now + 60 }, now * 1000, 'none'],
    ['iat 61 seconds ahead', { iat: now + 61 }, now * 1000, 'invalid'],
    ['nbf 60 seconds ahead', { nbf: now + 60 }, now * 1000, 'none'],
    ['nbf 61 seconds ahead', { nbf: now + 61 }, now * 1000, 'invalid'],
    ['nbf in the past', { nbf: 0 }, now * 1000, 'none'],
    [
      'iat ahead and expired: invalid takes precedence over expired',
      { iat: now + 61, exp: now },
      now * 1000,
      'invalid',
    ],
  ])('%s', (_name, claims, nowMs, expected) => expect(fault(claims, nowMs)).toBe(expected));
});

/** The base64url character that differs in the lowest bit, which is unused in the last character of these segments. */
function nextCharacter(character: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return alphabet.charAt(alphabet.indexOf(character) ^ 1);
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

function signSegments(signed: string, hash = 'sha256'): string {
  return `${signed}.${createHmac(hash, SECRET).update(signed).digest('base64url')}`;
}
