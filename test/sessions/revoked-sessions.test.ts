import { RevokedSessions } from '../../src/sessions/revoked-sessions';

const LIFETIME = 1800;
/** How far a store's clock may be ahead, and with it the times in its tokens. */
const TOLERANCE = 60;
const after = (seconds: number) => 1_700_000_000_000 + seconds * 1000;

test('RevokedSessions has the sessions that have ended, and no others', () => {
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

test("a session is not mistaken for another user's session with the same id", () => {
  const revoked = new RevokedSessions(LIFETIME);
  revoked.add('ann', ['a'], after(0));
  expect(revoked.has('bob', 'a')).toBe(false);
});

test('a session is kept while its access tokens may still verify, and then forgotten', () => {
  const revoked = new RevokedSessions(LIFETIME);
  revoked.add('ann', ['a'], after(0));
  revoked.add('ann', [], after(LIFETIME + TOLERANCE - 1));
  expect(revoked.has('ann', 'a')).toBe(true);
  revoked.add('ann', [], after(LIFETIME + TOLERANCE));
  expect(revoked.has('ann', 'a')).toBe(false);
});

test("a session's time counts from when it was first added, since it has no later tokens", () => {
  const revoked = new RevokedSessions(LIFETIME);
  revoked.add('ann', ['a'], after(0));
  revoked.add('ann', ['a', 'b'], after(1000));
  revoked.add('ann', [], after(LIFETIME + TOLERANCE));
  expect([revoked.has('ann', 'a'), revoked.has('ann', 'b')]).toEqual([false, true]);
});

test('a user id may be any string, even malformed Unicode', () => {
  const revoked = new RevokedSessions(LIFETIME);
  for (const userId of ['ünï', '\u{1f600}', '\ud800', '\udc00a', '']) {
    revoked.add(userId, ['a'], after(0));
    expect(revoked.has(userId, 'a')).toBe(true);
    expect(revoked.has(`${userId}\ufffd`, 'a')).toBe(false);
  }
});

test('adding a long log again costs no more than adding it first', () => {
  const revoked = new RevokedSessions(LIFETIME);
  const ids = Array.from({ length: 20_000 }, (_, n) => `session ${n}`);
  const addAll = () => {
    const started = process.cpuUsage();
    for (const id of ids) revoked.add('ann', [id], after(0));
    return process.cpuUsage(started).user;
  };
  const first = addAll();
  expect(addAll()).toBeLessThan(first * 5 + 10_000); // it was once quadratic, and took hundreds of times as long
});

test('add returns a session only the first time, also when an old log is read again after it was forgotten', () => {
  const revoked = new RevokedSessions(LIFETIME);
  expect(revoked.add('ann', ['a', 'b'], after(0))).toEqual(['a', 'b']);
  expect(revoked.add('ann', ['b', 'c'], after(1))).toEqual(['c']);
  expect(revoked.add('ann', ['a', 'd'], after(LIFETIME + TOLERANCE + 5))).toEqual(['d']);
  expect(revoked.has('ann', 'a')).toBe(true);
});
