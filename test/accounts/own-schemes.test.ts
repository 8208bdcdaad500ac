import { hashSync } from 'bcryptjs';
import { Piscina } from 'piscina';
import { PasswordHasher } from '../../src/accounts/password-hasher';
import { pbkdf2, phpass, scrypt } from '../../src/hashes';
import type { PasswordFunctions, PasswordVerifier } from '../../src/hashes';

/** bcrypt's lowest. */
const COST = 4;
const MISMATCH = { matches: false, needsRehash: false };
const made: PasswordHasher[] = [];
afterEach(() => Promise.all(made.splice(0).map((each) => each.close())));

function hasherWith(hasher: PasswordFunctions | undefined, ...verifiers: PasswordVerifier[]): PasswordHasher {
  const each = new PasswordHasher(COST, 'prehash', undefined, { hasher, verifiers });
  made.push(each);
  return each;
}

/** A scheme whose hash is its name and the password, and the hashes that it was asked about. */
function scheme(name: string) {
  const asked: string[] = [];
  return {
    asked,
    matches: (hash: string) => hash.startsWith(`${name}:`),
    hash: (password: string) => `${name}:${password}`,
    verify(password: string, hash: string) {
      asked.push(hash);
      return hash === `${name}:${password}`;
    },
  };
}

const onlyVerifying = ({ matches, verify }: PasswordVerifier) => ({ matches, verify });

describe('a failed check', () => {
  test('runs every scheme once that this process has met, for an unknown user and for a user of any scheme', async () => {
    const [main, old, older] = [scheme('main'), scheme('old'), scheme('older')];
    const hasher = hasherWith(main, onlyVerifying(old), onlyVerifying(older));
    await hasher.ready();
    const bcrypt = jest.spyOn(Piscina.prototype, 'run');
    const callsFor = async (stored: string | null, password = 'wrong') => {
      const lists = [main.asked, old.asked, older.asked, bcrypt.mock.calls];
      for (const list of lists) list.length = 0;
      expect(await hasher.verify(password, stored)).toMatchObject(MISMATCH);
      return lists.map((list) => list.length);
    };
    expect(await callsFor(null)).toEqual([1, 0, 0, 0]);
    expect(await callsFor('main:right')).toEqual([1, 0, 0, 0]);
    expect(await callsFor('no form that is known')).toEqual([1, 0, 0, 0]);
    expect(await callsFor('old:right')).toEqual([1, 1, 0, 0]);
    expect(await callsFor(null)).toEqual([1, 1, 0, 0]);
    expect(await callsFor(hashSync('right', COST))).toEqual([1, 1, 0, 1]);
    const rows = [null, '', 'x', 'main:right', 'old:right', 'old:', 'older:right', hashSync('right', COST)];
    await callsFor('older:right');
    for (const stored of rows) expect(await callsFor(stored)).toEqual([1, 1, 1, 1]);
    // A password that has two forms in Unicode is checked in both.
    for (const stored of rows) expect(await callsFor(stored, 'cafe\u0301')).toEqual([2, 2, 2, 2]);
    bcrypt.mockRestore();
  });

  test('for an unknown user never matches, even with the password of the row that stands in', async () => {
    const old = scheme('old');
    const hasher = hasherWith(undefined, onlyVerifying(old));
    expect(await hasher.verify('right', 'old:right')).toEqual({ matches: true, needsRehash: true });
    expect(await hasher.verify('right', null)).toEqual(MISMATCH);
    expect(old.asked).toEqual(['old:right', 'old:right']);
  });
});

test('a row on which a verifier throws is an error for its own user only', async () => {
  const old = scheme('old');
  const hasher = hasherWith(undefined, {
    ...onlyVerifying(old),
    verify(password, hash) {
      if (hash === 'old:') throw new RangeError('malformed');
      return old.verify(password, hash);
    },
  });
  await expect(hasher.verify('right', 'old:')).rejects.toThrow('password.verifiers.0.verify has failed');
  for (const stored of [null, 'x', hashSync('right', COST)])
    expect(await hasher.verify('wrong', stored)).toMatchObject(MISMATCH);
  expect(old.asked).toEqual([]);
  expect(await hasher.verify('wrong', 'old:right')).toEqual(MISMATCH);
  expect(await hasher.verify('wrong', null)).toEqual(MISMATCH);
  expect(old.asked).toEqual(['old:right', 'old:right']);
});

describe('a hash is checked by', () => {
  test('the scheme that has its form, and is made again unless it is the one of new hashes', async () => {
    const [main, old] = [scheme('main'), scheme('old')];
    const hasher = hasherWith(main, onlyVerifying(old));
    const hash = await hasher.hash('right');
    expect(hash).toBe('main:right');
    expect(await hasher.verify('right', hash)).toEqual({ matches: true, needsRehash: false });
    const prehashed = await new PasswordHasher(COST).hash('right'.repeat(20));
    expect(prehashed).toMatch(/^hmac/);
    for (const [password, stored] of [
      ['right', 'old:right'],
      ['right', hashSync('right', COST)],
      ['right'.repeat(20), prehashed],
    ] as const) {
      expect(await hasher.verify(password, stored)).toEqual({ matches: true, needsRehash: true });
      expect(await hasher.verify('wrong', stored)).toEqual(MISMATCH);
    }
  });

  test("bcrypt and the verifiers first, if the app's hasher doesn't say which form it has", async () => {
    const { hash, verify } = scheme('main');
    const hasher = hasherWith({ hash, verify }, onlyVerifying(scheme('old')));
    expect(await hasher.verify('right', 'old:right')).toEqual({ matches: true, needsRehash: true });
    expect(await hasher.verify('right', hashSync('right', COST))).toMatchObject({ matches: true });
    expect(await hasher.verify('right', 'main:right')).toEqual({ matches: true, needsRehash: false });
  });

  test("the app's hasher first, if it makes bcrypt hashes and says so", async () => {
    const own = {
      matches: (hash: string) => hash.startsWith('$2b$'),
      hash: (password: string) => hashSync(password, COST),
      verify: jest.fn((password: string, hash: string) => hash === hashSync(password, hash)),
    };
    const hasher = hasherWith(own);
    const hash = await hasher.hash('right');
    own.verify.mockClear();
    expect(await hasher.verify('right', hash)).toEqual({ matches: true, needsRehash: false });
    expect(own.verify).toHaveBeenCalledWith('right', hash);
  });

  test('needsRehash of the hasher, as a value or a promise', async () => {
    for (const needsRehash of [() => true, () => Promise.resolve(true)]) {
      const hasher = hasherWith({ ...scheme('main'), needsRehash });
      expect(await hasher.verify('right', 'main:right')).toEqual({ matches: true, needsRehash: true });
    }
  });

  test.each<[string, unknown]>([
    ['null', null],
    ['a promise', Promise.resolve(undefined)],
    ['false', false],
  ])('none, if its problem returns %s: the error names the function', async (_name, reason) => {
    const problem = (() => reason) as () => undefined;
    const verifying = hasherWith(undefined, { ...onlyVerifying(scheme('old')), problem });
    await expect(verifying.verify('right', 'old:right')).rejects.toThrow(
      'password.verifiers.0.problem must return a text or undefined',
    );
    const main = hasherWith({ ...scheme('main'), problem });
    await expect(main.verify('right', 'main:right')).rejects.toThrow('password.hasher.problem must return');
  });

  test('no scheme, if it would cost too much: the problem says so', async () => {
    const hasher = hasherWith(scrypt({ cost: 16 }), phpass());
    const salted = '$c29tZXNhbHQ$Qk1JQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE';
    expect(await hasher.verify('x', `$scrypt$ln=30,r=8,p=1${salted}`)).toEqual({
      ...MISMATCH,
      problem: 'scrypt with N=1073741824, r=8, p=1, which needs more than 256 MiB',
    });
    expect(await hasher.verify('x', `$P$S${'a'.repeat(30)}`)).toMatchObject({
      problem: 'phpass with rounds of 2 to the 30, not 7 to 18',
    });
    expect(await hasher.verify('x', '!')).toEqual({ ...MISMATCH, problem: 'no scheme has its form' });
  });
});

describe('a password that password.long refuses', () => {
  const refusing = () => {
    const each = new PasswordHasher(COST, 'refuse', undefined, { verifiers: [onlyVerifying(scheme('old'))] });
    made.push(each);
    return each;
  };

  test('matches the hash of another scheme, which stays: bcrypt could not hash it', async () => {
    const long = 'right'.repeat(15);
    expect(await refusing().verify(long, `old:${long}`)).toEqual({ matches: true, needsRehash: false });
    expect(await refusing().verify(`${long}x`, `old:${long}`)).toEqual(MISMATCH);
    const short = 'right'.repeat(14);
    expect(await refusing().verify(short, `old:${short}`)).toEqual({ matches: true, needsRehash: true });
  });
});

describe('Unicode', () => {
  test('both forms of a password are one, and a row of another system matches the form it was made of', async () => {
    const [composed, decomposed] = ['caf\u00e9', 'cafe\u0301'];
    const hasher = hasherWith(pbkdf2({ iterations: 1000 }), onlyVerifying(scheme('old')));
    const hash = await hasher.hash(decomposed);
    for (const password of [composed, decomposed])
      expect(await hasher.verify(password, hash)).toEqual({ matches: true, needsRehash: false });
    expect(await hasher.verify(decomposed, `old:${decomposed}`)).toEqual({
      matches: true,
      needsRehash: true,
    });
  });
});

describe("an app's hasher that is wrong is an error and never a match:", () => {
  const right = scheme('main');
  test.each<[string, Partial<PasswordFunctions>, RegExp]>([
    ['verify lets anyone in', { verify: () => true }, /must return false for a wrong password/],
    ['verify lets no one in', { verify: () => false }, /must return true for a hash that .* has made/],
    [
      'verify takes the hash first',
      { verify: (password, hash) => right.verify(hash, password) },
      /it is called with the password first/,
    ],
    [
      'verify returns nothing',
      { verify: (() => undefined) as never },
      /must return true or false, not undef/,
    ],
    ['verify returns a truthy text', { verify: (() => 'yes') as never }, /must return true or false, not a/],
    [
      'hash returns bytes',
      { hash: (() => Buffer.from('x')) as never },
      /hash must return a text, not an obj/,
    ],
    ['hash returns nothing', { hash: () => '' }, /hash must return a text, not an empty text/],
    [
      'matches refuses its hashes',
      { matches: () => false },
      /made a hash that password\.hasher\.matches ref/,
    ],
    [
      'hash rejects',
      { hash: () => Promise.reject(new Error('broken')) },
      /password\.hasher\.hash has failed/,
    ],
  ])('%s', async (_name, wrong, message) => {
    const hasher = hasherWith({ ...right, ...wrong });
    await expect(hasher.ready()).rejects.toThrow(message);
    await expect(hasher.verify('x', null)).rejects.toThrow(message);
  });

  test('verify throws later, with what it has thrown as the cause', async () => {
    const cause = new Error('the native module has gone');
    let broken = false;
    const hasher = hasherWith({
      ...right,
      verify(password, hash) {
        if (broken) throw cause;
        return right.verify(password, hash);
      },
    });
    await hasher.ready();
    broken = true;
    for (const stored of ['main:right', null])
      await expect(hasher.verify('right', stored)).rejects.toMatchObject({
        message: 'password.hasher.verify has failed',
        cause,
      });
  });

  test('verify never ends: 503 after 30 seconds, and the next one has its turn', async () => {
    let hanging = false;
    const hasher = hasherWith({
      ...right,
      verify: (password, hash) => (hanging ? new Promise(() => undefined) : right.verify(password, hash)),
    });
    await hasher.ready();
    hanging = true;
    jest.useFakeTimers();
    try {
      const check = hasher.verify('right', 'main:right');
      const refused = expect(check).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE', status: 503 });
      await jest.advanceTimersByTimeAsync(30_000);
      await refused;
      expect(jest.getTimerCount()).toBe(0);
    } finally {
      jest.useRealTimers();
    }
    hanging = false;
    expect(await hasher.verify('right', 'main:right')).toMatchObject({ matches: true });
  });
});

test("hashes of the app's schemes leave a thread of libuv's pool free", async () => {
  process.env['UV_THREADPOOL_SIZE'] = '2';
  try {
    let running = 0;
    let most = 0;
    const hasher = hasherWith({
      ...scheme('main'),
      async hash(password) {
        most = Math.max(most, (running += 1));
        await new Promise(setImmediate);
        running -= 1;
        return `main:${password}`;
      },
    });
    await Promise.all(['a', 'b', 'c', 'd'].map((password) => hasher.hash(password)));
    expect(most).toBe(1);
  } finally {
    delete process.env['UV_THREADPOOL_SIZE'];
  }
});
