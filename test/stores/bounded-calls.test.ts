import { AuthError } from '../../src';
import { BoundedCalls, isProgrammingError } from '../../src/stores/bounded-calls';

/** A server that answers only when a test calls `answers`. */
class FrozenServer {
  calls = 0;
  readonly answers: ((answer: string) => void)[] = [];
  readonly ask = () =>
    new Promise<string>((resolve) => {
      this.calls += 1;
      this.answers.push(resolve);
    });
}

const isOutage = (error: unknown) => !isProgrammingError(error);
const bounded = () => new BoundedCalls('The server', isOutage);

/** The outcome of a call, and after how many milliseconds of the fake clock it came. */
function outcomeOf(call: Promise<unknown>): Promise<{ after: number; result?: unknown; error?: unknown }> {
  const started = performance.now();
  const after = () => performance.now() - started;
  return call.then(
    (result) => ({ after: after(), result }),
    (error: unknown) => ({ after: after(), error }),
  );
}

/** Lets five calls time out. */
async function freeze(calls: BoundedCalls, server: FrozenServer): Promise<void> {
  const outcomes = Array.from({ length: 5 }, () => outcomeOf(calls.run(server.ask)));
  await jest.advanceTimersByTimeAsync(1000);
  for (const { after } of await Promise.all(outcomes)) expect(after).toBe(1000);
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => {
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

test('an answer is returned, and leaves no timer behind', async () => {
  expect(await bounded().run(() => Promise.resolve('PONG'))).toBe('PONG');
});

test('a call without an answer fails as unavailable after a second', async () => {
  const outcome = outcomeOf(bounded().run(new FrozenServer().ask));
  await jest.advanceTimersByTimeAsync(1000);
  const { after, error } = await outcome;
  expect(after).toBe(1000);
  expect(error).toBeInstanceOf(AuthError);
  expect(error).toMatchObject({ code: 'SERVICE_UNAVAILABLE', retryAfterSeconds: 2 });
  expect((error as AuthError).cause).toMatchObject({ message: 'The server did not answer within 1000 ms' });
});

test('an outage fails as unavailable at once, with the error as its cause', async () => {
  const cause = new Error('ECONNREFUSED');
  await expect(bounded().run(() => Promise.reject(cause))).rejects.toMatchObject({
    code: 'SERVICE_UNAVAILABLE',
    cause,
  });
});

test('a programming error is passed on unchanged, thrown or rejected', async () => {
  const mistake = new TypeError('x is not a function');
  await expect(bounded().run(() => Promise.reject(mistake))).rejects.toBe(mistake);
  await expect(
    bounded().run(() => {
      throw mistake;
    }),
  ).rejects.toBe(mistake);
});

test('a rejection that comes too late is not unhandled', async () => {
  const late = new Promise<never>((_resolve, reject) => {
    setTimeout(() => reject(new Error('too late')), 1500);
  });
  const outcome = outcomeOf(bounded().run(() => late));
  await jest.advanceTimersByTimeAsync(1500);
  expect((await outcome).error).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
});

describe('after five timeouts in a row', () => {
  test('one call every half second tries the server, and all others fail at once', async () => {
    const [calls, server] = [bounded(), new FrozenServer()];
    await freeze(calls, server);
    const probe = outcomeOf(calls.run(server.ask));
    expect(server.calls).toBe(6);
    for (let n = 0; n < 20; n += 1) {
      const { after, error } = await outcomeOf(calls.run(server.ask));
      expect(after).toBe(0);
      expect(error).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
      expect((error as AuthError).cause).toMatchObject({ message: 'The server does not answer' });
    }
    expect(server.calls).toBe(6);
    await jest.advanceTimersByTimeAsync(499);
    await outcomeOf(calls.run(server.ask));
    expect(server.calls).toBe(6);
    await jest.advanceTimersByTimeAsync(1);
    const nextProbe = outcomeOf(calls.run(server.ask));
    expect(server.calls).toBe(7);
    await jest.advanceTimersByTimeAsync(1000);
    expect([(await probe).after, (await nextProbe).after]).toEqual([1000, 1000]);
  });

  test('an answered probe lets all calls pass again', async () => {
    const [calls, server] = [bounded(), new FrozenServer()];
    await freeze(calls, server);
    const probe = calls.run(server.ask);
    server.answers.at(-1)?.('PONG');
    expect(await probe).toBe('PONG');
    const both = [calls.run(server.ask), calls.run(server.ask)];
    for (const answer of server.answers) answer('PONG');
    expect(await Promise.all(both)).toEqual(['PONG', 'PONG']);
  });

  test('an answer that comes too late lets all calls pass again', async () => {
    const [calls, server] = [bounded(), new FrozenServer()];
    await freeze(calls, server);
    server.answers[0]?.('PONG');
    await jest.advanceTimersByTimeAsync(0);
    const both = [calls.run(server.ask), calls.run(server.ask)];
    expect(server.calls).toBe(7);
    for (const answer of server.answers) answer('PONG');
    expect(await Promise.all(both)).toEqual(['PONG', 'PONG']);
  });
});

describe('with pings', () => {
  const pinged = (ping: () => Promise<unknown>, reconnect = jest.fn()) => ({
    calls: new BoundedCalls('The server', isOutage, { ping, reconnect }),
    reconnect,
  });

  test('one call that is always slow leaves the calls of others alone', async () => {
    const { calls, reconnect } = pinged(() => Promise.resolve('PONG'));
    const slow = new FrozenServer();
    for (let round = 0; round < 3; round += 1) await freeze(calls, slow);
    expect(slow.calls).toBe(15);
    expect(await calls.run(() => Promise.resolve('of others'))).toBe('of others');
    expect(reconnect).not.toHaveBeenCalled();
  });

  test('a refused ping is an answer too', async () => {
    const { calls } = pinged(() => Promise.reject(new TypeError('NOPERM')));
    const slow = new FrozenServer();
    for (let round = 0; round < 2; round += 1) await freeze(calls, slow);
    expect(slow.calls).toBe(10);
  });

  test.each([
    ['a ping that gets no answer', () => new Promise(() => undefined)],
    ['a ping that fails in an outage', () => Promise.reject(new Error('ECONNRESET'))],
  ])(
    'after %s for half a second, calls fail at once, and the connection is replaced',
    async (_what, ping) => {
      const { calls, reconnect } = pinged(ping);
      const server = new FrozenServer();
      await freeze(calls, server);
      expect(reconnect).not.toHaveBeenCalled();
      await jest.advanceTimersByTimeAsync(500);
      const probe = outcomeOf(calls.run(server.ask));
      expect((await outcomeOf(calls.run(server.ask))).after).toBe(0);
      expect(server.calls).toBe(6);
      await jest.advanceTimersByTimeAsync(1000);
      await probe;
      expect(reconnect).toHaveBeenCalledTimes(1);
    },
  );

  test('a ping that is answered late lets all calls pass again', async () => {
    const pings = new FrozenServer();
    const { calls } = pinged(pings.ask);
    const server = new FrozenServer();
    await freeze(calls, server);
    await jest.advanceTimersByTimeAsync(500);
    pings.answers[0]?.('PONG');
    await jest.advanceTimersByTimeAsync(0);
    const both = [calls.run(server.ask), calls.run(server.ask)];
    expect(server.calls).toBe(7);
    for (const answer of server.answers) answer('PONG');
    expect(await Promise.all(both)).toEqual(['PONG', 'PONG']);
  });
});

test('four timeouts and an answer do not count as five timeouts', async () => {
  const [calls, server] = [bounded(), new FrozenServer()];
  for (let round = 0; round < 3; round += 1) {
    const outcomes = Array.from({ length: 4 }, () => outcomeOf(calls.run(server.ask)));
    await jest.advanceTimersByTimeAsync(1000);
    await Promise.all(outcomes);
    expect(await calls.run(() => Promise.resolve('PONG'))).toBe('PONG');
  }
  expect(server.calls).toBe(12);
});

test.each([
  [new TypeError('x'), true],
  [new RangeError('x'), true],
  [new ReferenceError('x'), true],
  ['a text', true],
  [undefined, true],
  [new Error('ECONNREFUSED'), false],
  [Object.assign(new Error('x'), { code: 'ETIMEDOUT' }), false],
])('%p is a programming error: %s', (error, expected) => {
  expect(isProgrammingError(error)).toBe(expected);
});
