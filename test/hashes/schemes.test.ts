import { createHash } from 'node:crypto';
import { argon2, pbkdf2, phpass, scrypt } from '../../src/hashes';
import type { HashingScheme, VerifyingScheme } from '../../src/hashes';

const SALT = 'c29tZXNhbHRzb21lc2FsdA';
const DIGEST = 'B'.repeat(43);

describe('a new hash', () => {
  const quick = { cost: 16, blockSize: 1 };
  test.each<[string, HashingScheme, RegExp]>([
    ['scrypt', scrypt(quick), /^\$scrypt\$ln=4,r=1,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/],
    [
      'scrypt for Django',
      scrypt({ ...quick, form: 'django' }),
      /^scrypt\$16\$[A-Za-z0-9]{22}\$1\$1\$[A-Za-z0-9+/]{86}==$/,
    ],
    [
      'pbkdf2',
      pbkdf2({ iterations: 1000 }),
      /^\$pbkdf2-sha256\$i=1000\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/,
    ],
    [
      'pbkdf2 for Django',
      pbkdf2({ iterations: 1000, form: 'django' }),
      /^pbkdf2_sha256\$1000\$[A-Za-z0-9]{22}\$[A-Za-z0-9+/]{43}=$/,
    ],
  ])('of %s has its form, a salt of its own, and matches its password only', async (_name, scheme, form) => {
    const [hash, again] = [await scheme.hash('correct horse'), await scheme.hash('correct horse')];
    expect(hash).toMatch(form);
    expect(again).not.toBe(hash);
    expect(scheme.matches(hash)).toBe(true);
    expect(await scheme.verify('correct horse', hash)).toBe(true);
    for (const wrong of ['correct horsf', 'correct horse ', ''])
      expect(await scheme.verify(wrong, hash)).toBe(false);
    expect(scheme.needsRehash(hash)).toBe(false);
  });

  test('has the parameters of OWASP by default', async () => {
    expect(await scrypt().hash('correct horse')).toMatch(/^\$scrypt\$ln=17,r=8,p=1\$/);
    expect(await pbkdf2().hash('correct horse')).toMatch(/^\$pbkdf2-sha256\$i=600000\$/);
  });
});

test.each<[string, HashingScheme, string]>([
  ['lower costs', scrypt(), `$scrypt$ln=16,r=8,p=1$${SALT}$${DIGEST}`],
  ['higher costs', scrypt(), `$scrypt$ln=17,r=8,p=2$${SALT}$${DIGEST}`],
  ["Django's form", scrypt({ cost: 16384 }), `scrypt$16384$salt$8$1$${DIGEST}=`],
  ['fewer iterations', pbkdf2(), `$pbkdf2-sha256$i=599999$${SALT}$${DIGEST}`],
  ['the plain form', pbkdf2({ form: 'django' }), `$pbkdf2-sha256$i=600000$${SALT}$${DIGEST}`],
  ['the form of another scheme', pbkdf2(), `$scrypt$ln=17,r=8,p=1$${SALT}$${DIGEST}`],
])('a hash with %s needs a new one', (_name, scheme, hash) => {
  expect(scheme.needsRehash(hash)).toBe(true);
});

describe('a stored hash never matches, and its problem says why without quoting it, for', () => {
  const cases: [string, VerifyingScheme, string, RegExp][] = [
    ['scrypt of 1 TiB', scrypt(), `$scrypt$ln=30,r=8,p=1$${SALT}$${DIGEST}`, /needs more than 256 MiB/],
    ['scrypt of N=1', scrypt(), `$scrypt$ln=0,r=8,p=1$${SALT}$${DIGEST}`, /not possible/],
    ['scrypt of N=2^99', scrypt(), `$scrypt$ln=99,r=8,p=1$${SALT}$${DIGEST}`, /needs more than 256 MiB/],
    ['scrypt of many turns', scrypt(), `$scrypt$ln=10,r=8,p=99999$${SALT}$${DIGEST}`, /more than 4194304/],
    ['scrypt of r=0', scrypt(), `$scrypt$ln=10,r=0,p=1$${SALT}$${DIGEST}`, /not possible/],
    [
      'scrypt of an N too large for its r',
      scrypt(),
      `$scrypt$ln=16,r=1,p=1$${SALT}$${DIGEST}`,
      /not possible/,
    ],
    ['scrypt of many small turns', scrypt(), `$scrypt$ln=1,r=1,p=999999$${SALT}$${DIGEST}`, /r × p is more/],
    ['scrypt of wide blocks', scrypt(), `$scrypt$ln=1,r=999999,p=1$${SALT}$${DIGEST}`, /r × p is more/],
    ['scrypt of an N of no power', scrypt(), `scrypt$16385$salt$8$1$${DIGEST}=`, /not possible/],
    ["Django's scrypt of 1 TiB", scrypt(), `scrypt$1073741824$salt$8$1$${DIGEST}=`, /256 MiB/],
    [
      'pbkdf2 of a billion',
      pbkdf2(),
      `$pbkdf2-sha256$i=1000000000$${SALT}$${DIGEST}`,
      /1000000000 iterations/,
    ],
    ['pbkdf2 of none', pbkdf2(), `pbkdf2_sha256$0$salt$${DIGEST}=`, /without an iteration/],
    ['a digest of 3 bytes', pbkdf2(), `$pbkdf2-sha256$i=1000$${SALT}$AAAA`, /a digest of 3 bytes/],
    [
      'a digest of 66 bytes',
      pbkdf2(),
      `$pbkdf2-sha256$i=1000$${SALT}$${'A'.repeat(88)}`,
      /a digest of 66 bytes/,
    ],
    [
      'a salt of 66 bytes',
      pbkdf2(),
      `$pbkdf2-sha256$i=1000$${'A'.repeat(88)}$${DIGEST}`,
      /a salt of 66 bytes/,
    ],
    ['phpass of 2^30 rounds', phpass(), `$P$S${'a'.repeat(30)}`, /2 to the 30, not 7 to 18/],
    ['phpass of 1 round', phpass(), `$P$.${'a'.repeat(30)}`, /2 to the 0, not 7 to 18/],
    ['WordPress with cost 31', phpass(), `$wp$2y$31$${'a'.repeat(53)}`, /bcrypt cost of 31, not 4 to 14/],
    ...('argon2' in process.getBuiltinModule('node:crypto')
      ? ([
          ['argon2 of 4 TiB', `$argon2id$v=19$m=4294967295,t=1,p=1$${SALT}$${DIGEST}`, /m is more than/],
          ['argon2 of many passes', `$argon2id$v=19$m=65536,t=1000,p=1$${SALT}$${DIGEST}`, /m × t is more/],
          ['argon2 of many lanes', `$argon2id$v=19$m=65536,t=1,p=1000$${SALT}$${DIGEST}`, /p is more than/],
          [
            'argon2 with a salt of 3 bytes',
            `$argon2id$v=19$m=64,t=1,p=1$YWJj$${DIGEST}`,
            /a salt of 3 bytes, less/,
          ],
          ['argon2 of no memory', `$argon2id$v=19$m=0,t=1,p=1$${SALT}$${DIGEST}`, /not possible/],
        ].map(([name, hash, reason]) => [name, argon2(), hash, reason]) as typeof cases)
      : []),
  ];
  test.each(cases)('%s', async (_name, scheme, hash, reason) => {
    expect(scheme.matches(hash)).toBe(true);
    const problem = scheme.problem(hash);
    expect(problem).toMatch(reason);
    for (const secret of [SALT, DIGEST, 'aaaa', 'AAAA']) expect(problem).not.toContain(secret);
    expect(await scheme.verify('x', hash)).toBe(false);
  });
});

test.each([
  '',
  'x',
  '$scrypt$',
  `$scrypt$ln=17,r=8,p=1$${SALT}$`,
  `$scrypt$ln=17,r=8,p=1$$${DIGEST}`,
  `$scrypt$ln=17,r=8,p=1$${SALT}$${DIGEST}\n`,
  `$scrypt$ln=-1,r=8,p=1$${SALT}$${DIGEST}`,
  `$scrypt$ln=17,r=8,p=1$${'A'.repeat(10_000)}$${DIGEST}`,
  `pbkdf2_sha256$$salt$${DIGEST}`,
  `pbkdf2_sha256$1e3$salt$${DIGEST}`,
  'pbkdf2_sha256$1000$salt$',
  `pbkdf2_sha1$1000$salt$${DIGEST}`,
  `$pbkdf2-sha512$1000$${SALT}$${DIGEST}`,
  '$P$',
  `$P$B${'a'.repeat(29)}`,
  `$P$B${'a'.repeat(31)}`,
  `$wp$2y$10$${'a'.repeat(52)}`,
  `$2y$10$${'a'.repeat(53)}`,
])('a text of another form is none of theirs, and no error: %p', async (hash) => {
  for (const scheme of [scrypt(), pbkdf2(), phpass()]) {
    expect([scheme.matches(hash), scheme.problem(hash), await scheme.verify('x', hash)]).toEqual([
      false,
      undefined,
      false,
    ]);
  }
});

test('phpass refuses a password of more than 4096 bytes, as WordPress does, and checks one of 4096', async () => {
  const portable = (password: string) => {
    const md5 = (text: Buffer | string) => createHash('md5').update(text).update(password).digest();
    let digest = md5('saltsalt');
    for (let round = 0; round < 128; round += 1) digest = md5(digest);
    return digest;
  };
  const hashOf = (password: string) => `$P$5saltsalt${phpassText(portable(password))}`;
  const [longest, longer] = ['é'.repeat(2048), 'é'.repeat(2048) + 'x'];
  expect(await phpass().verify(longest, hashOf(longest))).toBe(true);
  expect(await phpass().verify(longer, hashOf(longer))).toBe(false);
});

/** Six bits a character, the lowest first. */
function phpassText(bytes: Buffer): string {
  const digits = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  let bits = BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
  let text = '';
  for (; text.length < 22; bits >>= 6n) text += digits.charAt(Number(bits & 63n));
  return text;
}

test.each<[string, () => unknown, string]>([
  ['a cost of no power of two', () => scrypt({ cost: 1000 }), 'scrypt(): cost must be a power of two'],
  ['too much memory', () => scrypt({ cost: 2 ** 20 }), 'which needs more than 256 MiB: lower them'],
  ['too much work', () => scrypt({ parallelization: 5 }), 'N × r × p is more than 4194304: lower them'],
  ['an unknown option', () => scrypt({ N: 16 } as never), 'Unknown option N: known are cost, blockSize'],
  ['too few iterations', () => pbkdf2({ iterations: 1 }), 'pbkdf2(): iterations must be at least 1000'],
  ['too many iterations', () => pbkdf2({ iterations: 1e9 }), 'iterations must be at most 5000000'],
  ['an unknown form', () => pbkdf2({ form: 'mcf' as never }), "form must be 'phc' or 'django'"],
  ['no object', () => pbkdf2(600_000 as never), 'pbkdf2() needs an object of options'],
])('%s throws at once, naming the option', (_name, make, message) => {
  expect(make).toThrow(TypeError);
  expect(make).toThrow(message);
});

test('hashes leave the event loop free', async () => {
  let turns = 0;
  let running = true;
  const count = () => {
    turns += 1;
    if (running) setImmediate(count);
  };
  setImmediate(count);
  await Promise.all([
    scrypt({ cost: 2 ** 14 }).hash('correct horse'),
    pbkdf2({ iterations: 100_000 }).hash('correct horse'),
    phpass().verify('correct horse', '$P$B12345678L6Lpt4BxNotVIMILOa9u81'),
  ]);
  running = false;
  expect(turns).toBeGreaterThan(10);
});
