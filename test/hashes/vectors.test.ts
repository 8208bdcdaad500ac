import * as crypto from 'node:crypto';
import { argon2, pbkdf2, phpass, scrypt } from '../../src/hashes';

/** A digest that a specification prints, in PHC's string format. */
function phc(prefix: string, salt: string, hex: string): string {
  const unpadded = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '');
  return `${prefix}$${unpadded(Buffer.from(salt))}$${unpadded(Buffer.from(hex.replace(/\s/g, ''), 'hex'))}`;
}

describe('scrypt matches', () => {
  test.each([
    [
      'RFC 7914 §12, N=1024, r=8, p=16',
      'password',
      phc(
        '$scrypt$ln=10,r=8,p=16',
        'NaCl',
        `fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162
         2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640`,
      ),
    ],
    [
      'RFC 7914 §12, N=16384, r=8, p=1',
      'pleaseletmein',
      phc(
        '$scrypt$ln=14,r=8,p=1',
        'SodiumChloride',
        `7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2
         d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887`,
      ),
    ],
    [
      "a hash in Django's tests, p=1",
      'lètmein',
      'scrypt$16384$seasalt$8$1$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafTJ7tibgfYz71m0ldQESkXFRkdVCBhhY8mx7rQwite/Pw==',
    ],
    [
      "a hash in Django's tests since 5.1, p=5",
      'lètmein',
      'scrypt$16384$seasalt$8$5$ECMIUp+LMxMSK8xB/IVyba+KYGTI7FTnet025q/1f/vBAVnnP3hdYqJuRi+mJn6ji6ze3Fbb7JEFPKGpuEf5vw==',
    ],
  ])('%s', async (_name, password, hash) => {
    await expectOnly(scrypt(), password, hash);
  });
});

describe('pbkdf2 matches', () => {
  test.each([
    [
      'RFC 7914 §11, 1 iteration',
      'passwd',
      phc(
        '$pbkdf2-sha256$i=1',
        'salt',
        `55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc
         49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783`,
      ),
    ],
    [
      'RFC 7914 §11, 80,000 iterations',
      'Password',
      phc(
        '$pbkdf2-sha256$i=80000',
        'NaCl',
        `4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56
         a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d`,
      ),
    ],
    [
      "a hash in Django's tests",
      'lètmein',
      'pbkdf2_sha256$390000$seasalt$8xBlGd3jVgvJ+92hWPxi5ww0uuAuAnKgC45eudxro7c=',
    ],
    [
      "a hash in passlib's tests",
      'password',
      '$pbkdf2-sha256$1212$4vjV83LKPjQzk31VI4E0Vw$hsYF68OiOUPdDZ1Fg.fJPeq1h/gXXY7acBp9/6c.tmQ',
    ],
  ])('%s', async (_name, password, hash) => {
    await expectOnly(pbkdf2(), password, hash);
  });
});

describe('phpass matches', () => {
  test.each([
    ["the hash of phpass' own test", 'test12345', '$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0'],
    ["a hash in passlib's tests", 'JohnRipper', '$P$B12345678L6Lpt4BxNotVIMILOa9u81'],
    ["phpBB's form, from passlib's tests", 'test1', '$H$9aaaaaSXBjgypwqm.JsMssPLiS8YQ00'],
    ['an empty password', '', '$P$7JaFQsPzJSuenezefD/3jHgt5hVfNH0'],
    ['the form of WordPress 6.8', 'admin', '$wp$2y$10$Q1xinFjrZeLWJBvxviIL6u834Fu.evIEFHAUVisQ5O.w9Dm0sMdES'],
  ])('%s', async (_name, password, hash) => {
    await expectOnly(phpass(), password, hash);
  });
});

// Node has argon2 from 24.7 on. So this file has other tests there: `npm run test:matrix` runs it with such a Node too.
if ('argon2' in crypto)
  describe('argon2', () => {
    test.each([
      [
        'argon2id, 64 MiB',
        'password',
        '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
      ],
      [
        'argon2id, 2 lanes',
        'password',
        '$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc',
      ],
      [
        'argon2i',
        'password',
        '$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA',
      ],
      ["Django's form", 'secret', 'argon2$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$YC9+jJCrQhs5R6db7LlN8Q'],
    ])('matches a hash of the reference implementation: %s', async (_name, password, hash) => {
      await expectOnly(argon2(), password, hash);
    });

    test('makes hashes that it matches, with the parameters of OWASP', async () => {
      const scheme = argon2();
      const hash = await scheme.hash('correct horse');
      expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
      await expectOnly(scheme, 'correct horse', hash);
      expect([scheme.needsRehash(hash), argon2({ passes: 3 }).needsRehash(hash)]).toEqual([false, true]);
    });
  });
else
  test('argon2() says where Node has none which Node has it, and what to use', () => {
    expect(() => argon2()).toThrow(/needs Node 24\.7 or newer, and this is v\d.*use scrypt\(\)/);
  });

async function expectOnly(
  scheme: { matches(hash: string): boolean; problem(hash: string): string | undefined } & {
    verify(password: string, hash: string): Promise<boolean>;
  },
  password: string,
  hash: string,
): Promise<void> {
  expect([scheme.matches(hash), scheme.problem(hash)]).toEqual([true, undefined]);
  expect(await scheme.verify(password, hash)).toBe(true);
  expect(await scheme.verify(`${password}x`, hash)).toBe(false);
}
