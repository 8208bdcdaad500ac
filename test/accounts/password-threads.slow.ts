import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { hashSync } from 'bcryptjs';
import { AuthError } from '../../src/index';
import { PasswordHasher } from '../../src/accounts/password-hasher';

/** bcrypt's lowest, for tests that don't depend on it. */
const COST = 4;

test('the event loop stays free while four passwords are hashed', async () => {
  const hasher = new PasswordHasher(12);
  const started = performance.now();
  await hasher.hash('warm up, and a measure of one hash');
  const oneHashMs = performance.now() - started;
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const before = performance.eventLoopUtilization();
  await Promise.all(['a', 'b', 'c', 'd'].map((password) => hasher.hash(password)));
  const { utilization } = performance.eventLoopUtilization(before);
  delay.disable();
  await hasher.close();
  expect(utilization).toBeLessThan(0.3);
  expect(delay.max / 1e6).toBeLessThan(oneHashMs / 2);
});

describe('a login without an account', () => {
  /** High enough that the messages between threads don't matter. */
  const cost = 8;
  const hasher = new PasswordHasher(cost);
  afterAll(() => hasher.close());

  test('an unknown user costs the same work as a wrong password, with any kind of hash', async () => {
    const kinds: Record<string, string | null> = {
      wrong: hashSync('right', cost),
      unknown: null,
      malformed: 'x',
      'cut off': hashSync('right', cost).slice(0, -1),
      'another kind': '$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA',
      cheaper: hashSync('right', cost - 2),
      cheapest: hashSync('right', COST),
      long: await hasher.hash('long'.repeat(30)),
    };
    const times = new Map(Object.keys(kinds).map((kind) => [kind, [] as number[]]));
    await hasher.verify('warm up', null);
    // Interleaved, so other work of the machine affects all kinds alike.
    for (let round = 0; round < 9; round += 1) {
      for (const [kind, stored] of Object.entries(kinds)) {
        const started = performance.now();
        expect((await hasher.verify('guess', stored)).matches).toBe(false);
        times.get(kind)?.push(performance.now() - started);
      }
    }
    const usual = median(times.get('wrong') ?? []);
    for (const [kind, taken] of times) {
      const ratio = median(taken) / usual;
      expect({ kind, ratio, alike: ratio > 0.5 && ratio < 2 }).toMatchObject({ kind, alike: true });
    }
  });

  function median(times: number[]): number {
    return times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? NaN;
  }
});

test('passwords beyond a share of the queue are refused at once, and the rest succeed', async () => {
  const fresh = new PasswordHasher(COST);
  const capacity = 50 + availableParallelism();
  const surplus = 25;
  const stored = hashSync('x', COST);
  await fresh.verify('x', stored);
  const refusedAfter: number[] = [];
  let done = 0;
  const all = Array.from({ length: capacity + surplus }, () =>
    fresh.verify('x', stored).then(
      (verification) => {
        done += 1;
        return verification;
      },
      (error: unknown) => {
        refusedAfter.push(done);
        throw error;
      },
    ),
  );
  const results = await Promise.allSettled(all);
  await fresh.close();
  const errors = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason as AuthError] : [],
  );
  expect(results.length - errors.length).toBeGreaterThanOrEqual(50);
  expect(errors.length).toBeGreaterThanOrEqual(surplus);
  // All of them were refused before any of the others was done.
  expect(new Set(refusedAfter)).toEqual(new Set([0]));
  for (const error of errors) {
    expect(error).toBeInstanceOf(AuthError);
    expect(error).toMatchObject({ code: 'TOO_MANY_ATTEMPTS', status: 429, retryAfterSeconds: 5 });
  }
  for (const result of results) {
    if (result.status === 'fulfilled') expect(result.value.matches).toBe(true);
  }
});

describe('close()', () => {
  test('ends the threads; the next password starts new ones, even while they end', async () => {
    const hasher = new PasswordHasher(COST);
    await hasher.close();
    const hash = await hasher.hash('x');
    const closing = hasher.close();
    expect((await hasher.verify('x', hash)).matches).toBe(true);
    await closing;
    await hasher.close();
    await hasher.close();
  });

  test('leaves nothing pending: calls in flight reject', async () => {
    const hasher = new PasswordHasher(10);
    await hasher.hash('warm up');
    const inFlight = Promise.allSettled(Array.from({ length: 10 }, () => hasher.hash('x')));
    await hasher.close();
    expect(new Set((await inFlight).map(({ status }) => status))).toEqual(new Set(['rejected']));
  });
});

describe.each([
  ['bcrypt', 'accounts/password-worker.js', '$2b$04$', 53],
  ['phpass', 'hashes/phpass-worker.js', '$P$B', 30],
])(
  'each password of %s gets SERVICE_UNAVAILABLE at once, and the process lives,',
  (_name, file, form, length) => {
    const endless =
      'module.exports = () => { for (const all = []; ; ) all.push(new Array(1e5).fill(all)); };';
    /** As Node fails where the operating system refuses a thread. */
    const refusing = `const threads = require('node:worker_threads');
    threads.Worker = class { constructor() { throw Object.assign(new Error('EAGAIN'), { code: 'ERR_WORKER_INIT_FAILED' }); } };`;

    test.each([
      ["when a thread can't run its file", "require('a package that is not there')", ''],
      ['when a thread runs out of memory', endless, ''],
      ['when no thread can start', undefined, refusing],
    ])('%s', (_when, worker, before) => {
      const root = path.join(__dirname, '../..');
      const folder = mkdtempSync(path.join(tmpdir(), 'passport-visa-'));
      try {
        // The package as installed, except for the file that the threads run.
        cpSync(path.join(root, 'dist'), path.join(folder, 'dist'), { recursive: true });
        cpSync(path.join(root, 'package.json'), path.join(folder, 'package.json'));
        symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
        if (worker !== undefined) writeFileSync(path.join(folder, 'dist', file), worker);
        const script = `
        ${before}
        const { PasswordHasher } = require('./dist/accounts/password-hasher.js');
        const { phpass } = require('./dist/hashes/index.js');
        const hasher = new PasswordHasher(4, 'prehash', undefined, { verifiers: [phpass()] });
        const codes = [];
        const attempt = () => hasher.verify('secret', '${form}' + 'a'.repeat(${length})).catch((error) => codes.push(error.code));
        Promise.all([attempt(), attempt(), attempt()]).then(attempt).then(() => hasher.close()).then(() => console.log(codes.join()));`;
        const output = execFileSync(process.execPath, ['--max-old-space-size=40', '-e', script], {
          cwd: folder,
          timeout: 60_000,
          encoding: 'utf8',
          stdio: 'pipe',
        });
        expect(output.trim().split(',')).toEqual(Array.from({ length: 4 }, () => 'SERVICE_UNAVAILABLE'));
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  },
);
