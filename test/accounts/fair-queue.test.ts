import { FairQueue, QueueFull, Unwanted, type Share } from '../../src/accounts/fair-queue';

const MINUTE_MS = 60_000;
let now = 0;
beforeEach(() => (now = 0));

const share = (key: string, waiting = 100): Share => ({ key, waiting });

/** A queue whose tasks end when the test says so. */
function openQueue(options: { concurrency?: number; capacity?: number } = {}) {
  const queue = new FairQueue({ concurrency: 1, capacity: 100, now: () => now, ...options });
  const started: string[] = [];
  const refused: [name: string, error: unknown][] = [];
  const running: (() => void)[] = [];
  const add = (name: string, ...shares: Share[]) => {
    const work = () => {
      started.push(name);
      return new Promise<void>((resolve) => running.push(resolve));
    };
    queue.run(shares, work).catch((error: unknown) => refused.push([name, error]));
  };
  /** Ends the task that has run longest. */
  const endOne = async () => {
    running.shift()?.();
    await new Promise(setImmediate);
  };
  const endAll = async () => {
    while (running.length > 0) await endOne();
  };
  return { queue, started, refused, add, endOne, endAll };
}

test('as many tasks run at a time as the queue allows, and the others wait', async () => {
  const { started, add, endOne } = openQueue({ concurrency: 2 });
  for (const name of ['a', 'b', 'c', 'd']) add(name, share(name));
  expect(started).toEqual(['a', 'b']);
  await endOne();
  expect(started).toEqual(['a', 'b', 'c']);
});

test('keys take turns, however many tasks one of them has', async () => {
  const { started, add, endAll } = openQueue();
  for (const name of ['a1', 'a2', 'a3', 'a4']) add(name, share('a'));
  for (const name of ['b1', 'b2']) add(name, share('b'));
  await endAll();
  // The fourth turn is that of the oldest.
  expect(started).toEqual(['a1', 'b1', 'a2', 'b2', 'a3', 'a4']);
});

test('a key that had no turn lately goes before all that had some', async () => {
  const { started, add, endOne } = openQueue();
  const busy = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  for (const round of [1, 2]) for (const key of busy) add(`${key}${round}`, share(key));
  for (let n = 0; n < 9; n += 1) await endOne();
  add('new', share('new'));
  await endOne();
  expect(started.at(-1)).toBe('new');
});

test('a task that no key favours still starts: every fourth turn is that of the oldest', async () => {
  const { started, add, endOne } = openQueue();
  add('busy 1', share('busy'));
  add('busy 2', share('busy'));
  for (let n = 0; n < 8 && !started.includes('busy 2'); n += 1) {
    add(`fresh ${n}`, share(`fresh ${n}`));
    await endOne();
  }
  expect(started.indexOf('busy 2')).toBe(4);
});

test('a task of two keys waits as that of them which had more turns', async () => {
  const { started, add, endAll } = openQueue();
  add('first', share('address 1'), share('user'));
  add('second', share('address 2'), share('user'));
  add('other', share('address 3'));
  await endAll();
  expect(started).toEqual(['first', 'other', 'second']);
});

/** Another address of the same network at each call. */
const inNetwork = (address: string): Share[] => [share(address), { key: 'network', turnsAsOne: 4 }];

test('new addresses of a network wait behind an address elsewhere, once the network had its turns', async () => {
  const { started, add, endOne } = openQueue();
  for (const n of [1, 2, 3, 4, 5, 6]) add(`n${n}`, ...inNetwork(`n${n}`));
  for (let n = 0; n < 4; n += 1) await endOne();
  expect(started).toEqual(['n1', 'n2', 'n3', 'n4', 'n5']);
  add('elsewhere', share('elsewhere'));
  await endOne();
  expect(started.at(-1)).toBe('elsewhere');
});

test('with fewer turns a network makes no address wait', async () => {
  const { started, add, endOne } = openQueue();
  for (const n of [1, 2, 3]) {
    add(`n${n}`, ...inNetwork(`n${n}`));
    await endOne();
  }
  add('running', share('running'));
  add('n4', ...inNetwork('n4'));
  add('elsewhere', share('elsewhere'));
  await endOne();
  expect(started.at(-1)).toBe('n4');
});

test('within a busy network, an address that had no turn goes before one that had some', async () => {
  const { started, add, endOne } = openQueue();
  for (const name of ['a1', 'b1', 'c1', 'd1', 'a2']) {
    add(name, ...inNetwork(name.charAt(0)));
    await endOne();
  }
  for (const name of ['e1', 'b2', 'f1']) add(name, ...inNetwork(name.charAt(0)));
  await endOne();
  expect(started.at(-1)).toBe('f1');
});

test('in a full queue the many addresses of a network give a place to an address elsewhere', async () => {
  const { refused, add } = openQueue({ capacity: 9 });
  for (let n = 0; n < 10; n += 1) add(`n${n}`, ...inNetwork(`n${n}`));
  add('elsewhere', share('elsewhere'));
  await Promise.resolve();
  expect(refused).toEqual([['n9', new QueueFull()]]);
});

test('turns are forgotten after a minute', async () => {
  const { started, add, endOne, endAll } = openQueue();
  for (const name of ['a1', 'a2', 'a3', 'a4']) {
    add(name, share('a'));
    await endOne();
  }
  now += MINUTE_MS;
  add('b1', share('b'));
  add('a5', share('a'));
  add('b2', share('b'));
  await endAll();
  // Not the other way round, as before the minute.
  expect(started.slice(4)).toEqual(['b1', 'a5', 'b2']);
});

test('a task beyond the share of its key is refused, and other keys are not', () => {
  const { refused, add } = openQueue();
  add('running', share('a', 2));
  for (const name of ['a1', 'a2', 'a3']) add(name, share('a', 2));
  add('b1', share('b', 2));
  add('a4', share('b', 2), share('a', 2));
  return Promise.resolve().then(() => {
    expect(refused).toEqual([
      ['a3', new QueueFull('a')],
      ['a4', new QueueFull('a')],
    ]);
    expect(refused.map(([, error]) => (error as QueueFull).key)).toEqual(['a', 'a']);
  });
});

test('a task that finds the queue full takes the place of the last task of the busiest key', async () => {
  const { started, refused, add, endAll } = openQueue({ capacity: 4 });
  add('running', share('a'));
  for (const name of ['a1', 'a2', 'b1', 'b2']) add(name, share(name.charAt(0)));
  for (const name of ['c1', 'd1']) add(name, share(name));
  await endAll();
  // `a` has had a turn already, so it is busier than `b`.
  expect(refused.map(([name]) => name)).toEqual(['a2', 'b2']);
  expect(refused.map(([, error]) => (error as QueueFull).key)).toEqual([undefined, undefined]);
  expect([...started].sort()).toEqual(['a1', 'b1', 'c1', 'd1', 'running']);
});

test('when every key has one task, the last to come is refused', async () => {
  const { refused, add } = openQueue({ capacity: 2 });
  for (const name of ['running', 'a', 'b', 'c']) add(name, share(name));
  await Promise.resolve();
  expect(refused).toEqual([['c', new QueueFull()]]);
});

test('a task that fails or throws makes room for the next', async () => {
  const { queue, started, add } = openQueue();
  const failing = queue.run([], () => Promise.reject(new Error('failed')));
  const throwing = queue.run([], () => {
    throw new Error('thrown');
  });
  add('next', share('a'));
  await expect(failing).rejects.toThrow('failed');
  await expect(throwing).rejects.toThrow('thrown');
  expect(started).toEqual(['next']);
});

test('clear() rejects what waits, and the queue goes on', async () => {
  const { queue, started, refused, add, endAll } = openQueue();
  add('running', share('a'));
  add('waiting', share('a'));
  const error = new Error('closed');
  queue.clear(error);
  add('after', share('a'));
  await endAll();
  expect(refused).toEqual([['waiting', error]]);
  expect(started).toEqual(['running', 'after']);
});

test('a key that had no turn goes before new keys of a network that had a few', async () => {
  const { started, add, endOne } = openQueue();
  const network: Share = { key: 'network', turnsAsOne: 32 };
  for (let n = 0; n < 8; n += 1) add(`crowd ${n}`, share(`address ${n}`), network);
  await endOne();
  add('elsewhere', share('elsewhere'), { key: 'another network', turnsAsOne: 32 });
  await endOne();
  expect(started).toEqual(['crowd 0', 'crowd 1', 'elsewhere']);
});

test('a task whose result is no longer wanted gives up its place, and never runs', async () => {
  const { queue, started, add, endAll } = openQueue({ capacity: 2 });
  let isGone = false;
  add('first', share('a'));
  const left = queue.run(
    [share('b')],
    () => Promise.resolve(started.push('left')),
    () => isGone,
  );
  add('second', share('c'));
  isGone = true;
  add('third', share('d'));
  await expect(left).rejects.toThrow(Unwanted);
  await endAll();
  expect(started).toEqual(['first', 'second', 'third']);
});
