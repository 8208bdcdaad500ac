import { fractionOf, hideDuration } from '../../src/features/hide-duration';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

const BEAT = 10;

const workOf = (duration: number) => () => new Promise<void>((resolve) => setTimeout(resolve, duration));

const failingWorkOf = (duration: number) => async () => {
  await workOf(duration)();
  throw new Error('the store is down');
};

/** When it ends, by the faked clock: the beat, and the next millisecond, in which the name's own part of one ends. */
async function endOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = Date.now();
  let endedAt: number | undefined;
  const end = () => (endedAt = Date.now());
  hideDuration('forgot', 'ann@example.com', work).then(end, end);
  for (let step = 0; step < 100 && endedAt === undefined; step += 1) await jest.advanceTimersByTimeAsync(1);
  return (endedAt as unknown as number) - startedAt - 1;
}

test.each([1, 2, 7, 9])('work of %i ms ends at the first beat', async (duration) => {
  expect(await endOf(workOf(duration))).toBe(BEAT);
});

test.each([11, 14, 19])('work of %i ms ends at the second beat', async (duration) => {
  expect(await endOf(workOf(duration))).toBe(2 * BEAT);
});

test('a failure waits for the beat as a success does', async () => {
  expect(await endOf(failingWorkOf(3))).toBe(BEAT);
});

test('the result and the error are those of the work', async () => {
  jest.useRealTimers();
  await expect(hideDuration('forgot', 'ann@example.com', () => Promise.resolve('done'))).resolves.toBe(
    'done',
  );
  await expect(
    hideDuration('forgot', 'ann@example.com', () => Promise.reject(new Error('the store is down'))),
  ).rejects.toThrow('the store is down');
});

test('no timer is left once the work has ended', async () => {
  await endOf(workOf(3));
  expect(jest.getTimerCount()).toBe(0);
});

async function durationOfNothing(name: string): Promise<number> {
  const startedAt = performance.now();
  await hideDuration('forgot', name, () => Promise.resolve());
  return performance.now() - startedAt;
}

test('no call ends before its beat, whatever fraction of a millisecond it began at', async () => {
  jest.useRealTimers();
  const durations: Promise<number>[] = [];
  for (let calls = 0; calls < 20; calls += 1) {
    const next = performance.now() + 0.1;
    durations.push(durationOfNothing(`user-${calls}@example.com`));
    while (performance.now() < next);
  }
  expect(Math.min(...(await Promise.all(durations)))).toBeGreaterThanOrEqual(BEAT);
});

/** The shortest of many calls: a busy machine only makes them longer. */
async function shortest(name: string): Promise<number> {
  let least = Infinity;
  for (let round = 0; round < 8; round += 1) least = Math.min(least, await durationOfNothing(name));
  return least;
}

test('each name has a part of a millisecond of its own, and repeating the request averages nothing out', async () => {
  jest.useRealTimers();
  const names = Array.from({ length: 16 }, (_, number) => `user-${number}@example.com`);
  const parts = (await Promise.all(names.map(shortest)))
    .map((duration) => duration - BEAT)
    .sort((a, b) => a - b);
  // Sixteen parts, evenly distributed: half of them are longer than a quarter of a millisecond but once in ten thousand runs.
  expect(parts[8]).toBeGreaterThan(0.15);
});

test('all spellings of a name have the same part, and each endpoint has another one', () => {
  expect(fractionOf('forgot', ' ANN@example.com')).toBe(fractionOf('forgot', 'ann@example.com'));
  expect(fractionOf('forgot', 'ben@example.com')).not.toBe(fractionOf('forgot', 'ann@example.com'));
  expect(fractionOf('register', 'ann@example.com')).not.toBe(fractionOf('forgot', 'ann@example.com'));
});
