import { createSecretKey, randomBytes } from 'node:crypto';
import * as otpauth from 'otpauth';
import {
  newRecoveryCode,
  readRecoveryCode,
  recoveryCodeHash,
} from '../../../src/features/second-factor/recovery-codes';
import { secondFactor } from '../../../src/features/second-factor/second-factor';
import { newTotpSecret, otpauthUri, stepsOf, totpCode } from '../../../src/features/second-factor/totp';
import { TotpSecrets } from '../../../src/features/second-factor/totp-secrets';
import { base32 } from '../../../src/utils/base32';
import { ACCESS_SECRET, REFRESH_SECRET } from '../../helpers/apps/app';
import { FACTOR_KEY, factorApp, type FactorAppSettings } from './factor-app';

const OLDER = 'an-older-secret-of-refresh-tokens-0123456789';

describe('codes of authenticator apps', () => {
  test.each([
    [59, '94287082'],
    [1111111109, '07081804'],
    [1111111111, '14050471'],
    [1234567890, '89005924'],
    [2000000000, '69279037'],
    [20000000000, '65353130'],
  ])('at %d s the code is that of RFC 6238', (seconds, code) => {
    expect(totpCode(Buffer.from('12345678901234567890'), Math.floor(seconds / 30), 8)).toBe(code);
  });

  test.each([
    { digits: 6, periodSeconds: 30 },
    { digits: 8, periodSeconds: 60 },
    { digits: 7, periodSeconds: 15 },
  ])('an authenticator app that reads the URI shows the same codes, by %j', (rules) => {
    for (let round = 0; round < 50; round += 1) {
      const secret = newTotpSecret();
      const uri = otpauthUri(base32(secret), rules, { issuer: 'Ann & Söhne', account: 'ann/ö@example.com' });
      const app = otpauth.URI.parse(uri) as otpauth.TOTP;
      expect([app.issuer, app.label, app.period]).toEqual([
        'Ann & Söhne',
        'ann/ö@example.com',
        rules.periodSeconds,
      ]);
      const now = round * 1_000_003_333;
      const step = Math.floor(now / (rules.periodSeconds * 1000));
      expect(stepsOf(app.generate({ timestamp: now }), secret, rules, 0, now)).toEqual([step]);
    }
  });

  test('the window is so many steps before and after, and no more', () => {
    const secret = newTotpSecret();
    const rules = { digits: 8, periodSeconds: 30 };
    const around = [-2, -1, 0, 1, 2].map((offset) => totpCode(secret, 1000 + offset, 8));
    const found = (window: number) => around.map((code) => stepsOf(code, secret, rules, window, 30_000_000));
    expect(found(1)).toEqual([[], [999], [1000], [1001], []]);
    expect(found(0)).toEqual([[], [], [1000], [], []]);
  });

  test('Base32 is that of RFC 4648', () => {
    const vectors = {
      '': '',
      f: 'MY',
      fo: 'MZXQ',
      foo: 'MZXW6',
      foob: 'MZXW6YQ',
      fooba: 'MZXW6YTB',
      foobar: 'MZXW6YTBOI',
    };
    for (const [text, encoded] of Object.entries(vectors)) expect(base32(Buffer.from(text))).toBe(encoded);
    for (let length = 0; length < 64; length += 1) {
      const bytes = randomBytes(length);
      expect(Buffer.from(otpauth.Secret.fromBase32(base32(bytes)).bytes)).toEqual(bytes);
    }
  });
});

describe('sealed secrets', () => {
  const keyOf = (text: string) => createSecretKey(Buffer.from(text));
  const [first, second, other] = ['a', 'b', 'c'].map((letter) => keyOf(letter.repeat(31) + '0'));
  const secret = newTotpSecret();

  test('one of the keys opens it, for the user and the factor that it was sealed for', () => {
    const sealed = new TotpSecrets([first!]).seal(secret, 'ann', 'phone');
    expect(sealed).not.toContain(secret.toString('base64url'));
    for (const keys of [[first!], [second!, first!]])
      expect(new TotpSecrets(keys).open(sealed, 'ann', 'phone')).toEqual(secret);
  });

  test('another key, another user, another factor and a changed text open nothing', () => {
    const secrets = new TotpSecrets([first!, second!]);
    const sealed = secrets.seal(secret, 'ann', 'phone');
    expect(new TotpSecrets([other!]).open(sealed, 'ann', 'phone')).toBeUndefined();
    expect(secrets.open(sealed, 'bob', 'phone')).toBeUndefined();
    expect(secrets.open(sealed, 'ann', 'tablet')).toBeUndefined();
    expect(secrets.open(sealed, 'phone', 'ann')).toBeUndefined();
    const changed = (sealed.startsWith('A') ? 'B' : 'A') + sealed.slice(1);
    for (const text of [changed, '', 'x', sealed.slice(0, 20)])
      expect(secrets.open(text, 'ann', 'phone')).toBeUndefined();
  });

  test('the first key of the list seals', () => {
    const sealed = new TotpSecrets([second!, first!]).seal(secret, 'ann', 'phone');
    expect(new TotpSecrets([second!]).open(sealed, 'ann', 'phone')).toEqual(secret);
    expect(new TotpSecrets([first!]).open(sealed, 'ann', 'phone')).toBeUndefined();
  });
});

describe('recovery codes', () => {
  test('a code has 125 bits, and is read in whatever way people type it', () => {
    const codes = Array.from({ length: 200 }, newRecoveryCode);
    expect(new Set(codes).size).toBe(200);
    for (const code of codes) {
      expect(code).toMatch(/^([A-Z2-7]{5}-){4}[A-Z2-7]{5}$/);
      const plain = code.replaceAll('-', '');
      for (const typed of [code, plain, code.toLowerCase(), ` ${code.replaceAll('-', ' ')}\n`])
        expect(readRecoveryCode(typed)).toBe(plain);
      const misread = plain.replaceAll('O', '0').replaceAll('I', '1').replaceAll('B', '8');
      expect(readRecoveryCode(misread)).toBe(plain);
      expect(recoveryCodeHash('ann', code)).toBe(recoveryCodeHash('ann', plain));
      expect(recoveryCodeHash('bob', code)).not.toBe(recoveryCodeHash('ann', code));
    }
    const letters = new Set(codes.join('').replaceAll('-', ''));
    expect(letters.size).toBe(32);
  });

  test.each([
    '',
    '492817',
    'K7QXM-2VB4T-OJ5RW-6HNPA',
    'K7QXM-2VB4T-OJ5RW-6HNPA-3DYL9',
    'ÄÖÜXM-2VB4T-OJ5RW-6HNPA-3DYLC',
  ])('%j is none', (typed) => {
    expect(readRecoveryCode(typed)).toBeUndefined();
  });
});

describe('the options', () => {
  const make = (options: object) => () => secondFactor({ issuer: 'App', key: FACTOR_KEY, ...options });

  test.each([
    [{ issuer: undefined }, 'issuer must'],
    [{ issuer: '' }, 'issuer must have 1 to 64 characters'],
    [{ issuer: 'App: web' }, 'neither a colon'],
    [{ issuer: ' ' }, 'issuer must be a name'],
    [{ key: undefined }, 'key must be a secret of at least 32 bytes'],
    [{ key: 'short' }, 'key must be at least 32 bytes long: make one with'],
    [{ key: 'a'.repeat(40) }, 'key is one character over and over'],
    [{ key: [] }, 'key must'],
    [{ key: 7 }, 'key must be a secret'],
    [{ key: [FACTOR_KEY, 'short'] }, 'key must be at least 32 bytes'],
    [{ totp: { digits: 5 } }, 'totp.digits must be 6, 7 or 8, not 5'],
    [{ totp: { period: 5 } }, 'totp.period must be at least 15'],
    [{ totp: { window: -1 } }, 'totp.window must be at least 0'],
    [{ totp: { windows: 1 } }, 'did you mean window?'],
    [{ recoveryCodes: 0 }, 'recoveryCodes must be at least 1'],
    [{ recoveryCode: 5 }, 'did you mean recoveryCodes?'],
  ])('%j is refused by name', (options, message) => {
    expect(make(options)).toThrow(TypeError);
    expect(make(options)).toThrow(message);
  });

  test('a variable of the environment is taken as it is, and refused where it is missing', () => {
    const key = process.env['FACTOR_KEY_THAT_NO_ONE_SETS'];
    expect(() => secondFactor({ issuer: 'App', key })).toThrow('key must be a secret');
  });

  test.each<[string, string, FactorAppSettings]>([
    ['accessToken.secret', 'a text', { factor: { key: ACCESS_SECRET } }],
    ['refreshToken.secret', 'bytes', { factor: { key: Buffer.from(REFRESH_SECRET) } }],
    ['refreshToken.secret', 'one of a list', { factor: { key: [FACTOR_KEY, REFRESH_SECRET] } }],
    [
      'refreshToken.secret',
      'one of several in a text',
      { factor: { key: `${FACTOR_KEY} ${REFRESH_SECRET}` } },
    ],
    [
      'an older refreshToken.secret',
      'a text',
      { factor: { key: OLDER }, auth: { refreshToken: { secret: [REFRESH_SECRET, OLDER] } } },
    ],
  ])('%s as %s is refused when the app starts, without showing it', (_secret, _form, settings) => {
    const start = () => factorApp(settings);
    expect(start).toThrow(TypeError);
    expect(start).toThrow(
      /^secondFactor\(\): key must have no key in common with accessToken\.secret or refreshToken\.secret: make one of its own with `node -p/,
    );
    for (const secret of [ACCESS_SECRET, REFRESH_SECRET, OLDER]) expect(start).not.toThrow(secret);
  });

  test('no error shows the key', () => {
    const secret = 'hunter2-hunter2';
    for (const key of [secret, [secret], { secret }]) expect(make({ key })).not.toThrow(secret);
  });
});
