import { StoreClock } from '../../src/stores/store-clock';

const START = Date.UTC(2026, 10, 21);
const MINUTE = 60_000;

let machineMs: number;
let asked: number;

beforeEach(() => {
  machineMs = START;
  asked = 0;
  jest.spyOn(Date, 'now').mockImplementation(() => machineMs);
});
afterEach(() => jest.restoreAllMocks());

/** The clock of a store that is ahead of this machine and takes two seconds to answer. */
function clockOf(aheadMs: () => number): StoreClock {
  return new StoreClock(() => {
    asked += 1;
    machineMs += 1000;
    const storeMs = machineMs + aheadMs();
    machineMs += 1000;
    return Promise.resolve(storeMs);
  });
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("the clock returns the store's time from the first answer on", async () => {
  const clock = clockOf(() => 5 * MINUTE);
  expect(clock.now()).toBe(START);
  await clock.known();
  expect(clock.now()).toBe(machineMs + 5 * MINUTE);
  machineMs += 1234;
  expect(clock.now()).toBe(machineMs + 5 * MINUTE);
  expect(asked).toBe(1);
});

test('the clock asks once for all callers', async () => {
  const clock = clockOf(() => MINUTE);
  clock.now();
  await Promise.all([clock.known(), clock.known()]);
  await clock.known();
  expect(asked).toBe(1);
});

test("a change of the store's clock is noticed within a minute, and a machine clock that was set back at once", async () => {
  let ahead = 5 * MINUTE;
  const clock = clockOf(() => ahead);
  await clock.known();

  machineMs += 4 * MINUTE;
  ahead = MINUTE;
  clock.now();
  await settled();
  expect(clock.now()).toBe(machineMs + MINUTE);

  machineMs -= 4 * MINUTE;
  ahead = 5 * MINUTE;
  clock.now();
  await settled();
  expect(clock.now()).toBe(machineMs + 5 * MINUTE);
  expect(asked).toBe(3);
});

test('the clock keeps its estimate while the store does not answer, and asks once a second', async () => {
  let isDown = false;
  let calls = 0;
  const clock = new StoreClock(() => {
    calls += 1;
    return isDown ? Promise.reject(new Error('down')) : Promise.resolve(machineMs + MINUTE);
  });
  await clock.known();
  isDown = true;
  machineMs += MINUTE;
  for (let i = 0; i < 10; i++) {
    expect(clock.now()).toBe(machineMs + MINUTE);
    await settled();
  }
  expect(calls).toBe(2);
  machineMs += 1000;
  clock.now();
  expect(calls).toBe(3);
});

test("the clock reports why it does not know the time, and uses the machine's clock meanwhile", async () => {
  const failure = new Error('down');
  const clock = new StoreClock(() => Promise.reject(failure));
  await expect(clock.known()).rejects.toBe(failure);
  expect(clock.now()).toBe(machineMs);
});

test.each([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['null', null],
  ['a string', String(START)],
  ['seconds', START / 1000],
  ['microseconds', START * 1000],
])('%s is refused as a time, because tokens would not expire when they should', async (_what, time) => {
  const clock = new StoreClock(() => Promise.resolve(time));
  await expect(clock.known()).rejects.toThrow('time() of the store must tell milliseconds since 1970');
  expect(clock.now()).toBe(machineMs);
});

test.each([
  ['the process was suspended for five minutes', 5 * MINUTE],
  ['its clock was set back', -5 * MINUTE],
])('an answer is ignored when %s meanwhile', async (_what, waitMs) => {
  let wait = 0;
  const clock = new StoreClock(() => {
    const storeMs = machineMs + MINUTE;
    machineMs += wait;
    return Promise.resolve(storeMs);
  });
  await clock.known();
  machineMs += MINUTE;
  wait = waitMs;
  clock.now();
  await settled();
  wait = 0;
  expect(clock.now()).toBe(machineMs + MINUTE);
});
