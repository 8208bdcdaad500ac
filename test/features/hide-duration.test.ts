import { hideDuration } from '../../src/features/hide-duration';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

const BEAT = 10;

const workOf = (duration: number) => () => new Promise<void>((resolve) => setTimeout(resolve, duration));

const failingWorkOf = (duration: number) => async () => {
  await workOf(duration)();
  throw new Error('the store is down');
};

/** When it ends, by the faked clock. */
async function endOf(work: () => Promise<unknown>, random = 0): Promise<number> {
  const startedAt = Date.now();
  let endedAt: number | undefined;
  const end = () => (endedAt = Date.now());
  hideDuration(work, () => random).then(end, end);
  for (let step = 0; step < 100 && endedAt === undefined; step += 1) await jest.advanceTimersByTimeAsync(1);
  return (endedAt as unknown as number) - startedAt;
}

test.each([1, 2, 7, 9])('work of %i ms ends at the first beat', async (duration) => {
  expect(await endOf(workOf(duration))).toBe(BEAT);
});

test.each([11, 14, 19])('work of %i ms ends at the second beat', async (duration) => {
  expect(await endOf(workOf(duration))).toBe(2 * BEAT);
});

test('up to a millisecond of chance follows the beat', async () => {
  expect(await endOf(workOf(3), 0.999)).toBe(BEAT + 1);
});

test('a failure waits for the beat as a success does', async () => {
  expect(await endOf(failingWorkOf(3))).toBe(BEAT);
});

test('the result and the error are those of the work', async () => {
  jest.useRealTimers();
  await expect(hideDuration(() => Promise.resolve('done'))).resolves.toBe('done');
  await expect(hideDuration(() => Promise.reject(new Error('the store is down')))).rejects.toThrow(
    'the store is down',
  );
});

test('no timer is left once the work has ended', async () => {
  await endOf(workOf(3));
  expect(jest.getTimerCount()).toBe(0);
});

async function durationOfNothing(): Promise<number> {
  const startedAt = performance.now();
  await hideDuration(() => Promise.resolve());
  return performance.now() - startedAt;
}

test('no call ends before its beat, whatever fraction of a millisecond it began at', async () => {
  jest.useRealTimers();
  const durations: Promise<number>[] = [];
  for (let calls = 0; calls < 20; calls += 1) {
    const next = performance.now() + 0.1;
    durations.push(durationOfNothing());
    while (performance.now() < next);
  }
  expect(Math.min(...(await Promise.all(durations)))).toBeGreaterThanOrEqual(BEAT);
});

test('every call has its own chance', async () => {
  jest.useRealTimers();
  const durations = await Promise.all(Array.from({ length: 51 }, durationOfNothing));
  const median = durations.sort((a, b) => a - b)[25] as number;
  // Without chance a quiet machine ends nearly all of them within a tenth of a millisecond.
  expect(median).toBeGreaterThan(BEAT + 0.15);
});
