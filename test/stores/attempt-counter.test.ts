import { setTimeout as sleep } from 'node:timers/promises';
import { memoryCounter } from '../../src/stores/attempt-counter';

const WINDOW = 60;
const DAY = 24 * 60 * 60;
const counter = () => memoryCounter('failures', WINDOW);
const countOf = async (of: ReturnType<typeof counter>, key: string) => (await of.increment(key)).count;

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test('the counter counts each key separately, and returns when its window ends', async () => {
  const attempts = counter();
  expect(await attempts.increment('ann')).toEqual({ count: 1, msBeforeReset: WINDOW * 1000 });
  jest.advanceTimersByTime(20_000);
  expect(await attempts.increment('ann')).toEqual({ count: 2, msBeforeReset: 40_000 });
  expect(await attempts.increment('bob')).toEqual({ count: 1, msBeforeReset: WINDOW * 1000 });
});

test("the count restarts when the window is over, which later attempts don't extend", async () => {
  const attempts = counter();
  await attempts.increment('ann');
  jest.advanceTimersByTime(WINDOW * 1000 - 1);
  expect(await countOf(attempts, 'ann')).toBe(2);
  jest.advanceTimersByTime(1);
  expect(await countOf(attempts, 'ann')).toBe(1);
});

test('parallel attempts are counted one by one', async () => {
  const attempts = counter();
  const counts = await Promise.all(Array.from({ length: 50 }, () => countOf(attempts, 'ann')));
  expect(counts.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, n) => n + 1));
});

test('decrement undoes an attempt, but never leaves a credit', async () => {
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

test('hold keeps a key at one for the given time', async () => {
  const attempts = counter();
  for (let n = 0; n < 3; n += 1) await attempts.increment('ann');
  await attempts.hold('ann', 900);
  jest.advanceTimersByTime(899_000);
  expect(await attempts.increment('ann')).toEqual({ count: 2, msBeforeReset: 1000 });
  jest.advanceTimersByTime(1000);
  expect(await countOf(attempts, 'ann')).toBe(1);
});

test('has() tells whether a key is counted or held, without counting', async () => {
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

test("a key to be held for longer than Node's timers can wait is held for 24 days", async () => {
  jest.useRealTimers(); // fake timers can wait for any time
  const attempts = memoryCounter('attempts', 30 * DAY);
  await attempts.increment('ann');
  await attempts.hold('bob', 30 * DAY);
  await sleep(20);
  expect(await attempts.has('ann')).toBe(true);
  const { count, msBeforeReset } = await attempts.increment('bob');
  expect(count).toBe(2);
  expect(msBeforeReset).toBeGreaterThan(24 * DAY * 1000);
});

test('reset removes a key', async () => {
  const attempts = counter();
  await attempts.increment('ann');
  await attempts.reset('ann');
  await attempts.reset('nobody');
  expect(await countOf(attempts, 'ann')).toBe(1);
});

test('counters are independent of each other, even with the same name', async () => {
  const [one, other] = [counter(), counter()];
  await one.increment('ann');
  expect(await countOf(other, 'ann')).toBe(1);
});
