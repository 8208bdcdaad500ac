import { setTimeout as sleep } from 'node:timers/promises';
import { memoryCounter } from '../../src/stores/attempt-counter';

const WINDOW = 60;
const DAY = 24 * 60 * 60;
const counter = () => memoryCounter('failures', WINDOW);
const countOf = async (of: ReturnType<typeof counter>, key: string) => (await of.increment(key)).count;

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test('counts each key by itself, and says when its window ends', async () => {
  const attempts = counter();
  expect(await attempts.increment('ann')).toEqual({ count: 1, msBeforeReset: WINDOW * 1000 });
  jest.advanceTimersByTime(20_000);
  expect(await attempts.increment('ann')).toEqual({ count: 2, msBeforeReset: 40_000 });
  expect(await attempts.increment('bob')).toEqual({ count: 1, msBeforeReset: WINDOW * 1000 });
});

test('begins anew when the window is over, which later attempts do not prolong', async () => {
  const attempts = counter();
  await attempts.increment('ann');
  jest.advanceTimersByTime(WINDOW * 1000 - 1);
  expect(await countOf(attempts, 'ann')).toBe(2);
  jest.advanceTimersByTime(1);
  expect(await countOf(attempts, 'ann')).toBe(1);
});

test('counts parallel attempts one by one', async () => {
  const attempts = counter();
  const counts = await Promise.all(Array.from({ length: 50 }, () => countOf(attempts, 'ann')));
  expect(counts.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, n) => n + 1));
});

test('takes one back, but never so far that it leaves credit', async () => {
  const attempts = counter();
  await attempts.increment('ann');
  await attempts.increment('ann');
  await attempts.decrement('ann');
  expect(await countOf(attempts, 'ann')).toBe(2);
  for (let n = 0; n < 5; n += 1) await attempts.decrement('ann');
  expect(await countOf(attempts, 'ann')).toBe(1);
  await attempts.decrement('never counted');
  expect(await countOf(attempts, 'never counted')).toBe(1);
});

test('holds a key at one for as long as it is told, and no longer', async () => {
  const attempts = counter();
  for (let n = 0; n < 3; n += 1) await attempts.increment('ann');
  await attempts.hold('ann', 900);
  jest.advanceTimersByTime(899_000);
  expect(await attempts.increment('ann')).toEqual({ count: 2, msBeforeReset: 1000 });
  jest.advanceTimersByTime(1000);
  expect(await countOf(attempts, 'ann')).toBe(1);
});

test('tells what counts or is held, and counts nothing by telling', async () => {
  const attempts = counter();
  expect(await attempts.has('ann')).toBe(false);
  expect(await countOf(attempts, 'ann')).toBe(1);
  expect(await attempts.has('ann')).toBe(true);
  expect(await countOf(attempts, 'ann')).toBe(2);
  for (let n = 0; n < 2; n += 1) await attempts.decrement('ann');
  expect(await attempts.has('ann')).toBe(false);
  await attempts.hold('bob', 10);
  expect(await attempts.has('bob')).toBe(true);
  jest.advanceTimersByTime(10_000);
  expect(await attempts.has('bob')).toBe(false);
});

test('what is to be held for longer than a timer of Node can wait is held for 24 days', async () => {
  jest.useRealTimers(); // those of the tests wait for any time
  const attempts = memoryCounter('attempts', 30 * DAY);
  await attempts.increment('ann');
  await attempts.hold('bob', 30 * DAY);
  await sleep(20);
  expect(await attempts.has('ann')).toBe(true);
  const { count, msBeforeReset } = await attempts.increment('bob');
  expect(count).toBe(2);
  expect(msBeforeReset).toBeGreaterThan(24 * DAY * 1000);
});

test('forgets a key that is reset', async () => {
  const attempts = counter();
  await attempts.increment('ann');
  await attempts.reset('ann');
  await attempts.reset('nobody');
  expect(await countOf(attempts, 'ann')).toBe(1);
});

test('counters are apart from each other, of the same name too', async () => {
  const [one, other] = [counter(), counter()];
  await one.increment('ann');
  expect(await countOf(other, 'ann')).toBe(1);
});
