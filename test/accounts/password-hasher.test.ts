import { createHmac } from 'node:crypto';
import { hashSync } from 'bcryptjs';
import { PasswordHasher } from '../../src/accounts/password-hasher';
import { withMark } from '../../src/stores/unfinished-change';

/** bcrypt's lowest: the results here don't depend on the cost. */
const COST = 4;
const hasher = new PasswordHasher(COST);
afterAll(() => hasher.close());

const MATCH = { matches: true, needsRehash: false };
const REHASH = { matches: true, needsRehash: true };
const MISMATCH = { matches: false, needsRehash: false };

describe('a hash', () => {
  test('verifies its password and no other', async () => {
    const hash = await hasher.hash('correct horse');
    expect(hash).toMatch(/^\$2b\$04\$/);
    expect(await hasher.verify('correct horse', hash)).toEqual(MATCH);
    for (const wrong of ['correct horsf', 'Correct horse', 'correct horse ', 'correct hors', '']) {
      expect(await hasher.verify(wrong, hash)).toEqual(MISMATCH);
    }
  });

  test('verifies with the mark of an unfinished change, and is not replaced before the mark is gone', async () => {
    const costly = hashSync('correct horse', COST + 1);
    expect(await hasher.verify('correct horse', costly)).toEqual(REHASH);
    expect(await hasher.verify('correct horse', withMark(costly))).toEqual(MATCH);
    expect(await hasher.verify('correct horsf', withMark(costly))).toEqual(MISMATCH);
  });

  test('differs each time', async () => {
    expect(await hasher.hash('same')).not.toBe(await hasher.hash('same'));
  });

  test.each(['$2a$', '$2b$', '$2y$'])('from another system verifies unchanged: %s', async (version) => {
    const foreign = hashSync('correct horse', COST).replace(/^\$2.\$/, version);
    expect(await hasher.verify('correct horse', foreign)).toEqual(MATCH);
    expect(await hasher.verify('correct horsf', foreign)).toEqual(MISMATCH);
  });

  test('is made of the composed Unicode form, so both forms are one password', async () => {
    const [composed, decomposed] = ['caf\u00e9 \u1e69 \uac00', 'cafe\u0301 s\u0323\u0307 \u1100\u1161'];
    expect(composed).not.toBe(decomposed);
    expect(await hasher.verify(decomposed, await hasher.hash(composed))).toEqual(MATCH);
    expect(await hasher.verify(composed, await hasher.hash(decomposed))).toEqual(MATCH);
  });

  test('from another system, made of a decomposed password, matches that password', async () => {
    const decomposed = 'cafe\u0301 au lait';
    const legacy = hashSync(decomposed, COST);
    expect(await hasher.verify(decomposed, legacy)).toEqual({ matches: true, needsRehash: true });
    expect((await hasher.verify('cafe\u0301 noir', legacy)).matches).toBe(false);
    expect((await hasher.verify('cafe\u0301 noir', await hasher.hash('x'.repeat(80)))).matches).toBe(false);
  });

  test('differs for passwords that only look alike: NFC is not NFKC, and case matters', async () => {
    const hash = await hasher.hash('\ufb01le');
    expect(await hasher.verify('file', hash)).toEqual(MISMATCH);
  });
});

describe('passwords', () => {
  test.each([1, 70, 71, 72, 73, 74, 200, 4000])(
    'a password of %d bytes counts to its last byte',
    async (length) => {
      const password = `${'x'.repeat(length - 1)}a`;
      const hash = await hasher.hash(password);
      expect(await hasher.verify(password, hash)).toEqual(MATCH);
      for (const wrong of [`${'x'.repeat(length - 1)}b`, 'x'.repeat(length - 1), `${password}a`]) {
        expect(await hasher.verify(wrong, hash)).toEqual(MISMATCH);
      }
    },
  );

  test.each([
    ['\u00e9', 2],
    ['\u20ac', 3],
    ['\u{1f600}', 4],
  ])('a password that ends in %s counts to its last byte around the limit of 72', async (last, size) => {
    for (let length = 70; length <= 75; length += 1) {
      const start = 'x'.repeat(length - size);
      const hash = await hasher.hash(start + last);
      expect(await hasher.verify(start + last, hash)).toEqual(MATCH);
      const other = String.fromCodePoint((last.codePointAt(0) as number) + 1);
      expect(await hasher.verify(start + other, hash)).toEqual(MISMATCH);
      expect(await hasher.verify(start, hash)).toEqual(MISMATCH);
    }
  });

  test('a password that another system cut off still matches, and needs a new hash', async () => {
    const password = 'y'.repeat(80);
    const legacy = hashSync(password, COST);
    expect(await hasher.verify(password, legacy)).toEqual(REHASH);
    expect(await hasher.verify(`${password.slice(0, 71)}z${password.slice(72)}`, legacy)).toEqual(MISMATCH);
    const renewed = await hasher.hash(password);
    expect(await hasher.verify(password, renewed)).toEqual(MATCH);
    expect(await hasher.verify(`${password.slice(0, 79)}z`, renewed)).toEqual(MISMATCH);
  });

  test("a password can't be replaced by its digest, and doesn't match its hash without the marker", async () => {
    const stored = await hasher.hash('z'.repeat(100));
    const [marker = ''] = stored.split('$');
    expect(marker).not.toBe('');
    const plain = stored.slice(marker.length);
    // A leaked table shows bcrypt over a digest. The digest must not work as a password in either form.
    const digest = createHmac('sha384', 'passport-visa password').update('z'.repeat(100)).digest('base64');
    expect(await hasher.verify(digest, stored)).toEqual(MISMATCH);
    expect(await hasher.verify('z'.repeat(100), plain)).toEqual(MISMATCH);
  });
});

describe('a rehash', () => {
  test.each([
    ['is needed when the cost was lower', COST, COST + 1, REHASH],
    ['is not needed when the cost is the same', COST, COST, MATCH],
    ['is needed when the cost was higher', COST + 1, COST, REHASH],
  ])('%s', async (_name, before, today, expected) => {
    const [old, current] = [new PasswordHasher(before), new PasswordHasher(today)];
    for (const password of ['short', 'long'.repeat(30)]) {
      expect(await current.verify(password, await old.hash(password))).toEqual(expected);
      expect(await current.verify('wrong', await old.hash(password))).toEqual(MISMATCH);
    }
    await Promise.all([old.close(), current.close()]);
  });
});

test.each([
  ['no hash', null],
  ['an empty string', ''],
  ['a plain password', 'x'],
  ['another kind of hash', '$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA'],
  ['a cost above the highest', `$2b$99$${'a'.repeat(53)}`],
  ['a cost below the lowest', `$2b$03$${'a'.repeat(53)}`],
  ['a hash cut off', hashSync('x', COST).slice(0, -1)],
  ['a hash that is too long', `${hashSync('x', COST)}.`],
  ['a hash with a line break', `${hashSync('x', COST)}\n`],
  ['an unknown version letter', `$2x$04$${'a'.repeat(53)}`],
  ['only the marker', 'hmac-sha384'],
  ['the marker twice', `hmac-sha384hmac-sha384${hashSync('x', COST)}`],
])('%s is a mismatch, not an error', async (_name, stored) => {
  expect(await hasher.verify('x', stored)).toMatchObject(MISMATCH);
});
