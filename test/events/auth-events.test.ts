import { AUTH_EVENT_NAMES } from '../../src/index';
import type { AuthEvent } from '../../src/events/auth-event';
import { AuthEvents } from '../../src/events/auth-events';

const NOW = Date.UTC(2026, 10, 21);
const DETAILS = { userId: 'ann', sessionId: 'session', amr: undefined, ip: undefined, userAgent: undefined };
const LOGIN = { type: 'login', at: new Date(NOW), ...DETAILS };
const NO_ORIGIN = { ip: undefined, userAgent: undefined };

let emitWarning: jest.SpiedFunction<typeof process.emitWarning>;

beforeEach(() => {
  emitWarning = jest.spyOn(process, 'emitWarning').mockReturnValue();
});
afterEach(() => emitWarning.mockRestore());

test('an event reaches every listener, in the order in which they were added', () => {
  const events = new AuthEvents(() => NOW);
  const received: unknown[] = [];
  events.on('login', (event) => received.push(['first', event]));
  events.on('login', (event) => received.push(['second', event]));
  events.on('reuse', () => received.push('never'));
  events.announce('login', () => DETAILS);
  expect(received).toEqual([
    ['first', LOGIN],
    ['second', LOGIN],
  ]);
});

test('an event without listeners is not even built', () => {
  const describe = jest.fn(() => DETAILS);
  new AuthEvents(() => NOW).announce('login', describe);
  expect(describe).not.toHaveBeenCalled();
});

test('an event without listeners causes no error', () => {
  expect(() =>
    new AuthEvents(() => NOW).announce('unavailable', () => ({ error: new Error('down') })),
  ).not.toThrow();
});

test('a listener that throws becomes a warning, and all others are called', async () => {
  const events = new AuthEvents(() => NOW);
  const received: string[] = [];
  events.on('login', () => received.push('before'));
  events.on('login', () => {
    throw new Error('the mail server is down');
  });
  events.on('login', () => received.push('behind'));
  expect(() => events.announce('login', () => DETAILS)).not.toThrow();
  expect(received).toEqual(['before', 'behind']);
  await new Promise(setImmediate);
  expect(emitWarning.mock.calls).toEqual([
    ["A listener of auth.events 'login' failed: Error: the mail server is down", 'PassportVisaWarning'],
  ]);
});

test('a listener added with once gets one event', () => {
  const events = new AuthEvents(() => NOW);
  const received: unknown[] = [];
  events.once('login', (event) => received.push(event));
  events.announce('login', () => DETAILS);
  events.announce('login', () => DETAILS);
  expect(received).toEqual([LOGIN]);
});

test('a listener that rejects becomes a warning, and all others are called', async () => {
  const events = new AuthEvents(() => NOW);
  const received: string[] = [];
  events.on('login', () => received.push('before'));
  events.on('login', () => Promise.reject(new Error('the queue is full')));
  events.on('login', () => received.push('behind'));
  events.announce('login', () => DETAILS);
  expect(received).toEqual(['before', 'behind']);
  await new Promise(setImmediate);
  expect(emitWarning.mock.calls).toEqual([
    ["A listener of auth.events 'login' failed: Error: the queue is full", 'PassportVisaWarning'],
  ]);
});

test('a failing audit log is named in the warning, and listeners are still called', async () => {
  const events = new AuthEvents(
    () => NOW,
    () => Promise.reject(new Error('the disk is full')),
  );
  const received: unknown[] = [];
  events.on('login', (event) => received.push(event));
  events.announce('login', () => DETAILS);
  expect(received).toEqual([LOGIN]);
  await new Promise(setImmediate);
  expect(emitWarning.mock.calls).toEqual([
    ["The audit log of 'login' failed: Error: the disk is full", 'PassportVisaWarning'],
  ]);
});

test('a listener that changes a list in an event changes only its own copy', () => {
  const events = new AuthEvents(() => NOW);
  const sessionIds = ['one', 'two'];
  events.on('revoked', (event) => event.sessionIds.pop());
  events.announce('revoked', () => ({
    userId: 'u1',
    sessionIds,
    reason: 'server',
    ip: undefined,
    userAgent: undefined,
  }));
  expect(sessionIds).toEqual(['one', 'two']);
});

describe('onAny', () => {
  test('gets every event, in order, until it is stopped', () => {
    const events = new AuthEvents(() => NOW);
    const received: AuthEvent[] = [];
    const stop = events.onAny((event) => received.push(event));
    events.announce('unavailable', () => ({ error: new Error('down') }));
    events.announce('login', () => DETAILS);
    events.announce('revocations', () => ({ current: true }));
    expect(received.map(({ type }) => type)).toEqual(['unavailable', 'login', 'revocations']);
    expect(received[1]).toEqual(LOGIN);
    expect(AUTH_EVENT_NAMES.map((name) => events.listenerCount(name))).toEqual(AUTH_EVENT_NAMES.map(() => 1));
    stop();
    events.announce('login', () => DETAILS);
    expect(received).toHaveLength(3);
    expect(events.eventNames()).toEqual([]);
  });

  test('is called in turn with the listeners for one event', () => {
    const events = new AuthEvents(() => NOW);
    const received: string[] = [];
    events.on('login', () => received.push('first'));
    events.onAny(() => received.push('any'));
    events.on('login', () => received.push('last'));
    events.announce('login', () => DETAILS);
    expect(received).toEqual(['first', 'any', 'last']);
  });
});

test("the audit log gets every event before all listeners, and removeAllListeners doesn't remove it", () => {
  const received: string[] = [];
  const events = new AuthEvents(
    () => NOW,
    ({ type }) => received.push(`first: ${type}`),
  );
  events.on('login', () => received.push('listener'));
  events.announce('login', () => DETAILS);
  events.removeAllListeners();
  events.announce('login', () => DETAILS);
  expect(received).toEqual(['first: login', 'listener', 'first: login']);
});

test('without a clock, an event has the current time', () => {
  const events = new AuthEvents();
  let at: Date | undefined;
  events.on('login', (event) => (at = event.at));
  const before = Date.now();
  events.announce('login', () => DETAILS);
  expect(at?.getTime()).toBeGreaterThanOrEqual(before);
  expect(at?.getTime()).toBeLessThanOrEqual(Date.now());
});

test.each([
  ['a line end', 'ann\r\nlogin ok', 'ann\\u{d}\\u{a}login ok'],
  ['a line separator', 'ann\u2028login ok\u2029', 'ann\\u{2028}login ok\\u{2029}'],
  ['a terminal sequence', '\x1b[2Jann', '\\u{1b}[2Jann'],
  ['a change of text direction', '\u202enna', '\\u{202e}nna'],
])("%s in a typed username can't forge a log line", (_what, username, shown) => {
  const events = new AuthEvents(() => NOW);
  const received: unknown[] = [];
  events.on('loginFailed', (event) => received.push(event.username));
  events.announce('loginFailed', () => ({
    ...{ username, userId: undefined, reason: 'unknown-user' },
    ...NO_ORIGIN,
  }));
  expect(received).toEqual([shown]);
});

test('no text in an event is longer than 512 characters', () => {
  const events = new AuthEvents(() => NOW);
  const received: string[] = [];
  events.on('locked', ({ key }) => received.push(key));
  const who = { userId: undefined, sessionId: undefined, ...NO_ORIGIN };
  events.announce('locked', () => ({
    ...{ limit: 'username', key: 'x'.repeat(10_000), retryAfterSeconds: 60 },
    ...who,
  }));
  expect(received).toEqual(['x'.repeat(512)]);
});
