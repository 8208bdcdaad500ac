import { AuthEvents } from '../src/events';

const LOGIN = { userId: 'ann', sessionId: 'session', ip: undefined, userAgent: undefined };

let emitWarning: jest.SpiedFunction<typeof process.emitWarning>;

beforeEach(() => {
  emitWarning = jest.spyOn(process, 'emitWarning').mockReturnValue();
});
afterEach(() => emitWarning.mockRestore());

test('announces to every listener, in the order they came', () => {
  const events = new AuthEvents();
  const heard: unknown[] = [];
  events.on('login', (event) => heard.push(['first', event]));
  events.on('login', (event) => heard.push(['second', event]));
  events.on('reuse', () => heard.push('never'));
  events.announce('login', () => LOGIN);
  expect(heard).toEqual([
    ['first', LOGIN],
    ['second', LOGIN],
  ]);
});

test('an event that nobody hears is not even made', () => {
  const describe = jest.fn(() => LOGIN);
  new AuthEvents().announce('login', describe);
  expect(describe).not.toHaveBeenCalled();
});

test('announces to nobody without a complaint', () => {
  expect(() => new AuthEvents().announce('unavailable', () => ({ error: new Error('down') }))).not.toThrow();
});

test('a listener that throws becomes a warning, and all others are called', async () => {
  const events = new AuthEvents();
  const heard: string[] = [];
  events.on('login', () => heard.push('before'));
  events.on('login', () => {
    throw new Error('the mail server is down');
  });
  events.on('login', () => heard.push('behind'));
  expect(() => events.announce('login', () => LOGIN)).not.toThrow();
  expect(heard).toEqual(['before', 'behind']);
  await new Promise(setImmediate);
  expect(emitWarning.mock.calls).toEqual([
    ["A listener of auth.events 'login' failed: Error: the mail server is down", 'PassportVisaWarning'],
  ]);
});

test('a listener that was added with once hears one event', () => {
  const events = new AuthEvents();
  const heard: unknown[] = [];
  events.once('login', (event) => heard.push(event));
  events.announce('login', () => LOGIN);
  events.announce('login', () => LOGIN);
  expect(heard).toEqual([LOGIN]);
});

test('a listener that rejects becomes a warning, and all others are called', async () => {
  const events = new AuthEvents();
  const heard: string[] = [];
  events.on('login', () => heard.push('before'));
  events.on('login', () => Promise.reject(new Error('the queue is full')));
  events.on('login', () => heard.push('behind'));
  events.announce('login', () => LOGIN);
  expect(heard).toEqual(['before', 'behind']);
  await new Promise(setImmediate);
  expect(emitWarning.mock.calls).toEqual([
    ["A listener of auth.events 'login' failed: Error: the queue is full", 'PassportVisaWarning'],
  ]);
});
