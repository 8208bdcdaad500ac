import { RevokedSessions } from '../../src/sessions/revoked-sessions';

const LIFETIME = 1800;
/** A store's clock may be ahead by so much, and so may its tokens. */
const TOLERANCE = 60;
const after = (seconds: number) => 1_700_000_000_000 + seconds * 1000;

test('knows what was ended, and nothing else', () => {
  const revoked = new RevokedSessions(LIFETIME);
  revoked.add('ann', ['a', 'b'], after(0));
  expect(['a', 'b', 'c', '', '__proto__'].map((id) => revoked.has('ann', id))).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});

test("does not take one user's session for another's", () => {
  const revoked = new RevokedSessions(LIFETIME);
  revoked.add('ann', ['a'], after(0));
  expect(revoked.has('bob', 'a')).toBe(false);
});

test('remembers as long as an access token can still verify, and then forgets', () => {
  const revoked = new RevokedSessions(LIFETIME);
  revoked.add('ann', ['a'], after(0));
  revoked.add('ann', [], after(LIFETIME + TOLERANCE - 1));
  expect(revoked.has('ann', 'a')).toBe(true);
  revoked.add('ann', [], after(LIFETIME + TOLERANCE));
  expect(revoked.has('ann', 'a')).toBe(false);
});

test('counts from the first time that a session was named, since it has no younger tokens', () => {
  const revoked = new RevokedSessions(LIFETIME);
  revoked.add('ann', ['a'], after(0));
  revoked.add('ann', ['a', 'b'], after(1000));
  revoked.add('ann', [], after(LIFETIME + TOLERANCE));
  expect([revoked.has('ann', 'a'), revoked.has('ann', 'b')]).toEqual([false, true]);
});

test('takes any text as a user id, broken ones too', () => {
  const revoked = new RevokedSessions(LIFETIME);
  for (const userId of ['ünï', '\u{1f600}', '\ud800', '\udc00a', '']) {
    revoked.add(userId, ['a'], after(0));
    expect(revoked.has(userId, 'a')).toBe(true);
    expect(revoked.has(`${userId}\ufffd`, 'a')).toBe(false);
  }
});

test('hearing a long log again costs no more than hearing it first', () => {
  const revoked = new RevokedSessions(LIFETIME);
  const ids = Array.from({ length: 20_000 }, (_, n) => `session ${n}`);
  const hear = () => {
    const started = process.cpuUsage();
    for (const id of ids) revoked.add('ann', [id], after(0));
    return process.cpuUsage(started).user;
  };
  const first = hear();
  expect(hear()).toBeLessThan(first * 5 + 10_000); // it was quadratic once: hundreds of times as long
});
