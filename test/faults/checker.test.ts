import { findBreaches, lostSessions } from './checker';
import { failuresOfServers, type Kind, type Operation } from './history';

let now = 0;

/** A request that takes 10 ms and, unless `more` says otherwise, starts 10 ms after the one before. */
function request(kind: Kind, status: number, more: Partial<Operation> = {}): Operation {
  const startedAt = more.startedAt ?? (now += 20);
  return { kind, app: 0, startedAt, endedAt: startedAt + 10, status, sessionId: 's', ...more };
}

const rules = (operations: Operation[], allowed = {}) =>
  findBreaches(operations, allowed).map(({ rule }) => rule);

const healthy = () => [
  request('login', 200, { successor: 'one' }),
  request('guard', 200),
  request('refresh', 200, { presented: 'one', successor: 'two' }),
  request('refresh', 200, { presented: 'one', successor: 'two' }), // a second tab
  request('refresh', 503, { presented: 'two' }),
  request('check', 200),
  request('logout', 200),
  request('check', 401, { code: 'SESSION_NOT_FOUND' }),
];

test('the checker finds nothing in a healthy history', () => {
  expect(findBreaches(healthy())).toEqual([]);
  expect(lostSessions(healthy())).toEqual([]);
});

describe('the checker finds', () => {
  test('two successors of one refresh token', () => {
    const forked = [
      ...healthy().slice(0, 6),
      request('refresh', 200, { presented: 'one', successor: 'another' }),
    ];
    expect(rules(forked)).toEqual(['two successors of one refresh token']);
    expect(rules(forked, { writesLost: true })).toEqual([]);
  });

  test.each(['refresh', 'guard', 'check'] as const)('a %s that is accepted after a logout', (kind) => {
    const late = [...healthy(), request(kind, 200, { presented: 'two', successor: 'three' })];
    expect(rules(late)).toContain('accepted after the session ended');
  });

  test('requests that are accepted after a revocation or a theft', () => {
    const revoked = [request('revoke', 204), request('check', 200)];
    const stolen = [request('theft', 401, { code: 'REFRESH_TOKEN_REUSED' }), request('check', 200)];
    for (const late of [revoked, stolen]) expect(rules(late)).toEqual(['accepted after the session ended']);
  });

  test('a guard that learns of an end too late', () => {
    const late = [request('revoke', 204), request('guard', 200)];
    expect(rules(late, { guardsLagUntil: now + 1 })).toEqual([]);
    expect(rules(late, { guardsLagUntil: now })).toEqual(['accepted after the session ended']);
    const refreshed = [...late, request('refresh', 200)];
    expect(rules(refreshed, { guardsLagUntil: now + 1 })).toEqual(['accepted after the session ended']);
  });

  test('no fault with a request that was under way when the session ended', () => {
    const end = request('logout', 200);
    expect(rules([end, request('check', 200, { startedAt: end.startedAt + 5 })])).toEqual([]);
  });

  test.each([
    ['refresh', 401, 'SESSION_NOT_FOUND'],
    ['refresh', 401, 'REFRESH_TOKEN_REUSED'],
    ['guard', 401, 'SESSION_REVOKED'],
    ['revoke', 404, 'SESSION_NOT_FOUND'],
  ] as const)('a lost session, from a %s that is answered %i %s', (kind, status, code) => {
    const began = request('login', 200);
    const gone = request(kind, status, { code });
    expect(rules([began, gone])).toEqual(['session lost']);
    expect(rules([began, gone], { sessionsLost: true })).toEqual([]);
    expect(lostSessions([gone, { ...gone }])).toHaveLength(1);
  });

  test('no fault with a guard of another process in the first half second after an end', () => {
    const end = request('logout', 200);
    const guard = (app: number, after: number, kind: Kind = 'guard') =>
      rules([end, request(kind, 200, { app, startedAt: end.endedAt + after })]);
    expect(guard(1, 100)).toEqual([]);
    for (const wrong of [guard(0, 100), guard(1, 500), guard(1, 100, 'check'), guard(1, 100, 'refresh')])
      expect(wrong).toEqual(['accepted after the session ended']);
  });

  test('no lost session after a logout that got 503: it may have taken effect', () => {
    const unanswered = request('logout', 503);
    expect(rules([unanswered, request('check', 401, { code: 'SESSION_NOT_FOUND' })])).toEqual([]);
  });

  test('a 401 for a session that is accepted later', () => {
    const gone = request('check', 401, { code: 'SESSION_NOT_FOUND' });
    expect(rules([gone, request('check', 200)], { sessionsLost: true })).toEqual(['401, and then accepted']);
  });

  test('a 401 for a session that a guard of another process accepts, unless the log may still be on its way there', () => {
    const later = (app: number, after: number, kind: Kind = 'guard') => {
      const gone = request('guard', 401, { code: 'SESSION_REVOKED' });
      return rules([gone, request(kind, 200, { app, startedAt: gone.endedAt + after })], {
        sessionsLost: true,
      });
    };
    expect(later(1, 100)).toEqual([]);
    for (const wrong of [later(0, 100), later(1, 500), later(1, 100, 'check')])
      expect(wrong).toEqual(['401, and then accepted']);
  });

  test('a 404 for a session that the store accepts later, while a guard proves nothing', () => {
    const gone = request('revoke', 404);
    const lossy = { sessionsLost: true };
    expect(rules([gone, request('guard', 200)], lossy)).toEqual([]);
    expect(rules([gone, request('check', 200)], lossy)).toEqual(['401, and then accepted']);
  });

  test('an exchanged refresh token that is accepted', () => {
    expect(rules([request('theft', 200, { presented: 'old' })])).toEqual([
      'an exchanged refresh token was accepted',
    ]);
  });

  test.each([500, 403, 429, 302])('the status %i as an answer', (status) => {
    expect(rules([request('check', status)])).toEqual([`answer ${status}`]);
  });

  test('a 401 that does not mean the end of a session', () => {
    const refused = request('guard', 401, { code: 'ACCESS_TOKEN_INVALID' });
    expect(rules([refused])).toEqual(['answer 401 ACCESS_TOKEN_INVALID']);
  });

  test('a broken connection although no process was killed', () => {
    expect(rules([request('check', 0)])).toEqual(['answer 0']);
    expect(rules([request('check', 0)], { unanswered: true })).toEqual([]);
  });

  test('a refused login, unless the scenario fills the queue of passwords; and then no other request may be refused', () => {
    const refused = { code: 'TOO_MANY_ATTEMPTS' } as const;
    expect(rules([request('password', 429, refused)])).toEqual(['answer 429 TOO_MANY_ATTEMPTS']);
    expect(rules([request('password', 429, refused)], { loginsRefused: true })).toEqual([]);
    expect(rules([request('refresh', 429, refused)], { loginsRefused: true })).toEqual([
      'answer 429 TOO_MANY_ATTEMPTS',
    ]);
  });

  test('an answer that takes longer than two seconds', () => {
    const { startedAt } = request('check', 503);
    const slow = { startedAt, endedAt: startedAt + 2001 };
    for (const late of [
      request('check', 503, slow),
      request('password', 503, slow),
      request('login', 200, slow),
    ])
      expect(rules([late])).toEqual(['no answer within 2000 ms']);
    expect(rules([request('password', 200, slow)])).toEqual([]);
  });
});

describe('what the processes of a busy machine wait for a processor', () => {
  const waits = (clients: number, ...apps: number[]) => ({ clients, apps });

  test('is not counted for an answer, unless another process has waited, or the answer is too late on any machine', () => {
    const after = (tookMs: number, ...[clients, ...apps]: Parameters<typeof waits>) => {
      const waited = { before: waits(7, 10, 10), after: waits(clients, ...apps) };
      const { startedAt } = request('check', 503);
      return rules([request('check', 503, { startedAt, endedAt: startedAt + tookMs, waited })]);
    };
    expect(after(2500, 107, 410, 10)).toEqual([]);
    expect(after(2500, 107, 409, 10)).toEqual(['no answer within 2000 ms']);
    expect(after(2500, 107, 10, 410)).toEqual(['no answer within 2000 ms']);
    expect(after(4001, 9000, 9000, 10)).toEqual(['no answer within 2000 ms']);
  });

  test('is not counted for a guard that learns from the log, but for two seconds at most', () => {
    const at = waits(0, 0, 0);
    const end = request('logout', 200, { waited: { before: at, after: at } });
    const guard = (afterMs: number, appWaited: number) => {
      const waited = { before: waits(9000, 0, appWaited), after: waits(9000, 0, appWaited) };
      return rules([end, request('guard', 200, { app: 1, startedAt: end.endedAt + afterMs, waited })]);
    };
    expect(guard(900, 401)).toEqual([]);
    expect(guard(900, 400)).toEqual(['accepted after the session ended']);
    expect(guard(2500, 9000)).toEqual(['accepted after the session ended']);
  });

  test('excuses a few failures of the processes that waited', () => {
    const failure = (clients: number, ...apps: number[]) =>
      request('check', 503, { waited: { before: waits(0, 0, 0), after: waits(clients, ...apps) } });
    const excused = failure(50, 100, 0);
    const answers = Array.from({ length: 19 }, () => request('check', 200));
    expect(failuresOfServers([...answers, excused])).toEqual([]);
    for (const each of [failure(50, 99, 0), failure(0, 0, 500), request('check', 503)])
      expect(failuresOfServers([...answers, each])).toEqual([each]);
    expect(failuresOfServers([...answers.slice(1), excused])).toEqual([excused]);
  });
});
