import { AUTH_EVENT_NAMES } from '../../src/index';
import type { AuthEvent } from '../../src/events/auth-event';
import { AuthEvents } from '../../src/events/auth-events';

const NOW = Date.UTC(2026, 10, 21);
const DETAILS = { userId: 'ann', sessionId: 'session', amr: undefined, ip: undefined, userAgent: undefined };
const LOGIN = { type: 'login', at: new Date(NOW), ...DETAILS };
const NOWHERE = { ip: undefined, userAgent: undefined };

let emitWarning: jest.SpiedFunction<typeof process.emitWarning>;

beforeEach(() => {
  emitWarning = jest.spyOn(process, 'emitWarning').mockReturnValue();
});
afterEach(() => emitWarning.mockRestore());

test('announces to every listener, in the order they came', () => {
  const events = new AuthEvents(() => NOW);
  const heard: unknown[] = [];
  events.on('login', (event) => heard.push(['first', event]));
  events.on('login', (event) => heard.push(['second', event]));
  events.on('reuse', () => heard.push('never'));
  events.announce('login', () => DETAILS);
  expect(heard).toEqual([
    ['first', LOGIN],
    ['second', LOGIN],
  ]);
});

test('an event that nobody hears is not even made', () => {
  const describe = jest.fn(() => DETAILS);
  new AuthEvents(() => NOW).announce('login', describe);
  expect(describe).not.toHaveBeenCalled();
});

test('announces to nobody without a complaint', () => {
  expect(() =>
    new AuthEvents(() => NOW).announce('unavailable', () => ({ error: new Error('down') })),
  ).not.toThrow();
});

test('a listener that throws becomes a warning, and all others are called', async () => {
  const events = new AuthEvents(() => NOW);
  const heard: string[] = [];
  events.on('login', () => heard.push('before'));
  events.on('login', () => {
    throw new Error('the mail server is down');
  });
  events.on('login', () => heard.push('behind'));
  expect(() => events.announce('login', () => DETAILS)).not.toThrow();
  expect(heard).toEqual(['before', 'behind']);
  await new Promise(setImmediate);
  expect(emitWarning.mock.calls).toEqual([
    ["A listener of auth.events 'login' failed: Error: the mail server is down", 'PassportVisaWarning'],
  ]);
});

test('a listener that was added with once hears one event', () => {
  const events = new AuthEvents(() => NOW);
  const heard: unknown[] = [];
  events.once('login', (event) => heard.push(event));
  events.announce('login', () => DETAILS);
  events.announce('login', () => DETAILS);
  expect(heard).toEqual([LOGIN]);
});

test('a listener that rejects becomes a warning, and all others are called', async () => {
  const events = new AuthEvents(() => NOW);
  const heard: string[] = [];
  events.on('login', () => heard.push('before'));
  events.on('login', () => Promise.reject(new Error('the queue is full')));
  events.on('login', () => heard.push('behind'));
  events.announce('login', () => DETAILS);
  expect(heard).toEqual(['before', 'behind']);
  await new Promise(setImmediate);
  expect(emitWarning.mock.calls).toEqual([
    ["A listener of auth.events 'login' failed: Error: the queue is full", 'PassportVisaWarning'],
  ]);
});

test('the audit log that fails is named in its warning, and listeners are called', async () => {
  const events = new AuthEvents(
    () => NOW,
    () => Promise.reject(new Error('the disk is full')),
  );
  const heard: unknown[] = [];
  events.on('login', (event) => heard.push(event));
  events.announce('login', () => DETAILS);
  expect(heard).toEqual([LOGIN]);
  await new Promise(setImmediate);
  expect(emitWarning.mock.calls).toEqual([
    ["The audit log of 'login' failed: Error: the disk is full", 'PassportVisaWarning'],
  ]);
});

test('a listener that changes a list of an event changes nothing else', () => {
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
  test('hears every event there is, in the order they happen, until it is told not to', () => {
    const events = new AuthEvents(() => NOW);
    const heard: AuthEvent[] = [];
    const stop = events.onAny((event) => heard.push(event));
    events.announce('unavailable', () => ({ error: new Error('down') }));
    events.announce('login', () => DETAILS);
    events.announce('revocations', () => ({ current: true }));
    expect(heard.map(({ type }) => type)).toEqual(['unavailable', 'login', 'revocations']);
    expect(heard[1]).toEqual(LOGIN);
    expect(AUTH_EVENT_NAMES.map((name) => events.listenerCount(name))).toEqual(AUTH_EVENT_NAMES.map(() => 1));
    stop();
    events.announce('login', () => DETAILS);
    expect(heard).toHaveLength(3);
    expect(events.eventNames()).toEqual([]);
  });

  test('stands in line with the listeners of one event', () => {
    const events = new AuthEvents(() => NOW);
    const heard: string[] = [];
    events.on('login', () => heard.push('first'));
    events.onAny(() => heard.push('any'));
    events.on('login', () => heard.push('last'));
    events.announce('login', () => DETAILS);
    expect(heard).toEqual(['first', 'any', 'last']);
  });
});

test('who is first hears every event before all listeners, and cannot be removed as they can', () => {
  const heard: string[] = [];
  const events = new AuthEvents(
    () => NOW,
    ({ type }) => heard.push(`first: ${type}`),
  );
  events.on('login', () => heard.push('listener'));
  events.announce('login', () => DETAILS);
  events.removeAllListeners();
  events.announce('login', () => DETAILS);
  expect(heard).toEqual(['first: login', 'listener', 'first: login']);
});

test('without a clock of its own, an event happens now', () => {
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
  ['a turn of direction', '\u202enna', '\\u{202e}nna'],
])('%s in what was typed forges no log line', (_what, username, shown) => {
  const events = new AuthEvents(() => NOW);
  const heard: unknown[] = [];
  events.on('loginFailed', (event) => heard.push(event.username));
  events.announce('loginFailed', () => ({
    ...{ username, userId: undefined, reason: 'unknown-user' },
    ...NOWHERE,
  }));
  expect(heard).toEqual([shown]);
});

test('no text of an event is longer than 512 characters', () => {
  const events = new AuthEvents(() => NOW);
  const heard: string[] = [];
  events.on('locked', ({ key }) => heard.push(key));
  const who = { userId: undefined, sessionId: undefined, ...NOWHERE };
  events.announce('locked', () => ({
    ...{ limit: 'username', key: 'x'.repeat(10_000), retryAfterSeconds: 60 },
    ...who,
  }));
  expect(heard).toEqual(['x'.repeat(512)]);
});
