import { generateKeyPairSync } from 'node:crypto';
import { signJwt, verifySignature } from '../../src/tokens/jwt';
import { createKeySet, type Algorithm, type Secret } from '../../src/tokens/keys';

const MAX_LENGTH = 8192;
const CLAIMS = { sub: 'ann', sid: 'session', iat: 1_700_000_000, exp: 1_700_001_800 };
const ROUNDS = 60;
const SAMPLES = 5;

const keys: [Algorithm, Secret][] = [
  ['HS256', 'a-secret-of-these-tests-0123456789-abcdef'],
  ['RS256', generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ['ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
  ['EdDSA', generateKeyPairSync('ed25519')],
];

/** CPU time, which a busy machine changes little. The lowest of several samples had no garbage collection in it. */
function microsecondsFor(token: string, verify: (token: string) => void): number {
  const samples = Array.from({ length: SAMPLES }, () => {
    const before = process.cpuUsage();
    for (let n = 0; n < ROUNDS; n += 1) verify(token);
    const { user, system } = process.cpuUsage(before);
    return user + system;
  });
  return Math.min(...samples);
}

test.each(keys)(
  '%s: hostile tokens of full length cost about as much as valid ones of that length, and longer ones cost less',
  (algorithm, secret) => {
    const keySet = createKeySet(algorithm, [secret]);
    const verify = (token: string) => {
      try {
        verifySignature(token, 'at+jwt', keySet);
        return true;
      } catch {
        return false;
      }
    };
    // Measured: 0.04 to 1.6 times a valid one. A bound of ten allows for noise, and still catches quadratic time.
    const good = signJwt('at+jwt', { ...CLAIMS, more: 'x'.repeat(5500) }, keySet);
    const [header = '', , signature = ''] = good.split('.');
    const room = MAX_LENGTH - header.length - signature.length - 2;
    const text = (unit: string) =>
      Buffer.from(unit.repeat(Math.ceil(room / unit.length)))
        .toString('base64url')
        .slice(0, room);
    const hostile = [
      ...['[', '{"a":', '"', '\\"', '["\\\\', '1e9', '\u{10ffff}', '{}'].map(
        (unit) => `${header}.${text(unit)}.${signature}`,
      ),
      ...['.', 'A', '\u0000', '\u{10ffff}', `${header}.`].map((unit) =>
        unit.repeat(MAX_LENGTH).slice(0, MAX_LENGTH),
      ),
      `${header}.${'='.repeat(room)}.${signature}`,
      `${header}..${'A'.repeat(room)}`,
      `${header}.${'A'.repeat(1_000_000)}.${signature}`,
    ];
    expect(verify(good)).toBe(true);
    expect(hostile.filter(verify)).toEqual([]);
    const taken = microsecondsFor(good, verify);
    for (const token of hostile) expect(microsecondsFor(token, verify) / taken).toBeLessThan(10);
  },
);
