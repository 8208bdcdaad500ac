import { findBreaches, lostSessions } from './checker';
import type { Kind, Operation } from './history';

let now = 0;

/** One request after the other, each of 10 ms, unless told otherwise. */
function did(kind: Kind, status: number, more: Partial<Operation> = {}): Operation {
  const startedAt = more.startedAt ?? (now += 20);
  return { kind, app: 0, startedAt, endedAt: startedAt + 10, status, sessionId: 's', ...more };
}

const rules = (operations: Operation[], allowed = {}) =>
  findBreaches(operations, allowed).map(({ rule }) => rule);

const healthy = () => [
  did('login', 200, { successor: 'one' }),
  did('guard', 200),
  did('refresh', 200, { presented: 'one', successor: 'two' }),
  did('refresh', 200, { presented: 'one', successor: 'two' }), // a second tab
  did('refresh', 503, { presented: 'two' }),
  did('check', 200),
  did('logout', 200),
  did('check', 401, { code: 'SESSION_NOT_FOUND' }),
];

test('finds nothing where all went well', () => {
  expect(findBreaches(healthy())).toEqual([]);
  expect(lostSessions(healthy())).toEqual([]);
});

describe('finds', () => {
  test('two successors of one refresh token', () => {
    const forked = [
      ...healthy().slice(0, 6),
      did('refresh', 200, { presented: 'one', successor: 'another' }),
    ];
    expect(rules(forked)).toEqual(['two successors of one refresh token']);
    expect(rules(forked, { writesLost: true })).toEqual([]);
  });

  test.each(['refresh', 'guard', 'check'] as const)('a %s that is accepted after a logout', (kind) => {
    const late = [...healthy(), did(kind, 200, { presented: 'two', successor: 'three' })];
    expect(rules(late)).toContain('accepted after the session ended');
  });

  test('what is accepted after a revocation, and after a theft', () => {
    const revoked = [did('revoke', 204), did('check', 200)];
    const stolen = [did('theft', 401, { code: 'REFRESH_TOKEN_REUSED' }), did('check', 200)];
    for (const late of [revoked, stolen]) expect(rules(late)).toEqual(['accepted after the session ended']);
  });

  test('a guard that is deaf for longer than it may be', () => {
    const late = [did('revoke', 204), did('guard', 200)];
    expect(rules(late, { deafUntil: now + 1 })).toEqual([]);
    expect(rules(late, { deafUntil: now })).toEqual(['accepted after the session ended']);
    const refreshed = [...late, did('refresh', 200)];
    expect(rules(refreshed, { deafUntil: now + 1 })).toEqual(['accepted after the session ended']);
  });

  test('nothing wrong with a request that was under way when the session ended', () => {
    const end = did('logout', 200);
    expect(rules([end, did('check', 200, { startedAt: end.startedAt + 5 })])).toEqual([]);
  });

  test.each([
    ['refresh', 401, 'SESSION_NOT_FOUND'],
    ['refresh', 401, 'REFRESH_TOKEN_REUSED'],
    ['guard', 401, 'SESSION_REVOKED'],
    ['revoke', 404, 'SESSION_NOT_FOUND'],
  ] as const)('a session that is gone, by a %s that answers %i %s', (kind, status, code) => {
    const began = did('login', 200);
    const gone = did(kind, status, { code });
    expect(rules([began, gone])).toEqual(['session lost']);
    expect(rules([began, gone], { sessionsLost: true })).toEqual([]);
    expect(lostSessions([gone, { ...gone }])).toHaveLength(1);
  });

  test('no guard of another process that knows too late', () => {
    const end = did('logout', 200);
    const guard = (app: number, after: number, kind: Kind = 'guard') =>
      rules([end, did(kind, 200, { app, startedAt: end.endedAt + after })]);
    expect(guard(1, 100)).toEqual([]);
    for (const wrong of [guard(0, 100), guard(1, 500), guard(1, 100, 'check'), guard(1, 100, 'refresh')])
      expect(wrong).toEqual(['accepted after the session ended']);
  });

  test('no loss where an ending got no answer: it may have happened', () => {
    const unheard = did('logout', 503);
    expect(rules([unheard, did('check', 401, { code: 'SESSION_NOT_FOUND' })])).toEqual([]);
  });

  test('a 401 in an outage: the session was there after all', () => {
    const gone = did('check', 401, { code: 'SESSION_NOT_FOUND' });
    expect(rules([gone, did('check', 200)], { sessionsLost: true })).toEqual(['401, and then accepted']);
  });

  test('a 404 of a revocation that was none: a guard proves nothing, the store does', () => {
    const gone = did('revoke', 404);
    const lossy = { sessionsLost: true };
    expect(rules([gone, did('guard', 200)], lossy)).toEqual([]);
    expect(rules([gone, did('check', 200)], lossy)).toEqual(['401, and then accepted']);
  });

  test('an exchanged refresh token that is accepted', () => {
    expect(rules([did('theft', 200, { presented: 'old' })])).toEqual([
      'an exchanged refresh token was accepted',
    ]);
  });

  test.each([500, 403, 429, 302])('an answer %i', (status) => {
    expect(rules([did('check', status)])).toEqual([`answer ${status}`]);
  });

  test('a 401 that is no end of a session', () => {
    const refused = did('guard', 401, { code: 'ACCESS_TOKEN_INVALID' });
    expect(rules([refused])).toEqual(['answer 401 ACCESS_TOKEN_INVALID']);
  });

  test('a connection that breaks, where no process was killed', () => {
    expect(rules([did('check', 0)])).toEqual(['answer 0']);
    expect(rules([did('check', 0)], { unanswered: true })).toEqual([]);
  });

  test('an answer that takes longer than two seconds', () => {
    const { startedAt } = did('check', 503);
    const slow = { startedAt, endedAt: startedAt + 2001 };
    for (const late of [did('check', 503, slow), did('password', 503, slow), did('login', 200, slow)])
      expect(rules([late])).toEqual(['no answer within 2000 ms']);
    expect(rules([did('password', 200, slow)])).toEqual([]);
  });
});
