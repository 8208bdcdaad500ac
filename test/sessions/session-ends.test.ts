import { SessionEnds, type SessionEnd } from '../../src/sessions/session-ends';

/** A call of the store, under way until it is settled. */
function underWay(ends: SessionEnds, sessionId: string | undefined) {
  let resolve = (_hasEnded: boolean): void => {};
  let reject = (_error: Error): void => {};
  const answer = new Promise<boolean>((onAnswer, onFailure) => ([resolve, reject] = [onAnswer, onFailure]));
  const call = () => answer;
  const done = ends.during({ userId: 'ann', sessionId, reason: 'logout', call, hasEnded: Boolean });
  return { resolve, reject, settled: done.catch(() => undefined) };
}

let ends: SessionEnds;
let told: SessionEnd[];
beforeEach(() => {
  ends = new SessionEnds();
  told = [];
  ends.listen((end) => told.push(end));
});

test.each([
  [true, { userId: 'ann', sessionId: 'a', reason: 'logout' }],
  [false, { userId: 'ann', sessionId: 'a' }],
])(
  'an end that the store reports during a call waits for its answer (%s), which tells the reason',
  async (answer, end) => {
    const { resolve, settled } = underWay(ends, 'a');
    ends.announce('ann', ['a', 'b']);
    ends.announce('bob', ['a']);
    expect(told).toEqual([
      { userId: 'ann', sessionId: 'b' },
      { userId: 'bob', sessionId: 'a' },
    ]);
    resolve(answer);
    await settled;
    expect(told.slice(2)).toEqual([end]);
  },
);

test('an end that the store reports during a call that fails is told without a reason', async () => {
  const { reject, settled } = underWay(ends, 'a');
  ends.announce('ann', ['a']);
  reject(new Error('an outage'));
  await settled;
  expect(told).toEqual([{ userId: 'ann', sessionId: 'a' }]);
});

test('an end during a call for all sessions of the user is told at once, with its reason', async () => {
  const { resolve, settled } = underWay(ends, undefined);
  ends.announce('ann', ['a']);
  ends.announce('bob', ['b']);
  expect(told).toEqual([
    { userId: 'ann', sessionId: 'a', reason: 'logout' },
    { userId: 'bob', sessionId: 'b' },
  ]);
  resolve(true);
  await settled;
  ends.announce('ann', ['c']);
  expect(told[2]).toEqual({ userId: 'ann', sessionId: 'c' });
});

test('a listener that another one has ended is not called any more', () => {
  const seen: string[] = [];
  let stop = () => {};
  ends.listen(() => stop());
  stop = ends.listen(() => seen.push('ended'));
  ends.announce('ann', ['a']);
  expect(seen).toEqual([]);
});
