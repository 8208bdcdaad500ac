import { isAuthError } from '../../src/errors';
import { WindowLimit } from '../../src/limits/window-limit';

const WINDOW_SECONDS = 60;

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test("attempts of an old window that are taken back late don't give the next window more", async () => {
  const limit = new WindowLimit({}, 'address', 3, WINDOW_SECONDS);
  const refusals = async (attempts: number) => {
    let refused = 0;
    for (let n = 0; n < attempts; n += 1) {
      await limit.enter('192.0.2.1').catch((error: unknown) => {
        if (!isAuthError(error, 'TOO_MANY_ATTEMPTS')) throw error;
        refused += 1;
      });
    }
    return refused;
  };
  const slow = [await limit.enter('192.0.2.1'), await limit.enter('192.0.2.1')];
  jest.advanceTimersByTime(WINDOW_SECONDS * 1000);
  expect(await refusals(3)).toBe(0);
  for (const { takeBack } of slow) await takeBack();
  expect(await refusals(3)).toBe(3);
});

test('an attempt that is taken back within its window leaves room for another', async () => {
  const limit = new WindowLimit({}, 'address', 1, WINDOW_SECONDS);
  for (let n = 0; n < 3; n += 1) {
    const { takeBack } = await limit.enter('192.0.2.1');
    jest.advanceTimersByTime(10_000);
    await takeBack();
  }
  await limit.enter('192.0.2.1');
  await expect(limit.enter('192.0.2.1')).rejects.toMatchObject({ code: 'TOO_MANY_ATTEMPTS' });
});
