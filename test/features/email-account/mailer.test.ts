import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AuthEvents } from '../../../src/events/auth-events';
import type { AuditRecord, AuthEvent } from '../../../src';
import { auditing } from '../../../src/events/audit';
import type { Mail } from '../../../src/features/email-account/mails/mail';
import { Mailer, type MailerTimes } from '../../../src/features/email-account/mails/mailer';
import { eventually } from '../../helpers/eventually';

const MAIL: Mail = Object.freeze({
  ...{
    kind: 'reset',
    to: 'ann@example.com',
    subject: 'Hello',
    text: 'Hello',
    html: '<p>Hello',
    locale: 'en',
  },
  ...{ url: 'https://app.example.com/reset-password#token=c2VjcmV0', userId: 'user-1' },
});

/** Long ones for what a test must not wait for. */
const MINUTE = 60_000;
const QUICK: MailerTimes = { tries: [0, 20, 60], oneTry: MINUTE, close: MINUTE };

const never = () => new Promise<never>(() => {});
const until = (what: string, holds: () => boolean) => eventually(what, () => Promise.resolve(holds()));

const mailers: Mailer[] = [];
const unhandled = jest.fn();

beforeAll(() => void process.on('unhandledRejection', unhandled));
afterEach(async () => {
  await Promise.all(mailers.splice(0).map((mailer) => mailer.close()));
  expect(unhandled).not.toHaveBeenCalled();
  jest.restoreAllMocks();
});
afterAll(() => void process.off('unhandledRejection', unhandled));

const post = (mailer: Mailer, mail: Mail) => mailer.post(mail, () => mail);

/** A mailer with what it announces and what the audit log gets. */
function mailerWith(send: (mail: Mail) => unknown, times: Partial<MailerTimes> = {}) {
  const records: AuditRecord[] = [];
  const failed: AuthEvent<'mailFailed'>[] = [];
  const events = new AuthEvents(
    Date.now,
    auditing((record) => records.push(record)),
  );
  events.on('mailFailed', (event) => failed.push(event));
  const mailer = new Mailer({ send, events, times: { ...QUICK, ...times } });
  mailers.push(mailer);
  return { mailer, failed, records };
}

describe('post()', () => {
  test('returns before send is called, then hands over the mail itself, once', async () => {
    const send = jest.fn();
    const { mailer, failed } = mailerWith(send);
    expect(post(mailer, MAIL)).toBeUndefined();
    await Promise.resolve();
    expect(send).not.toHaveBeenCalled();
    await mailer.close();
    expect(send.mock.calls).toEqual([[MAIL]]);
    expect(send.mock.calls[0]?.[0]).toBe(MAIL);
    expect(failed).toEqual([]);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('no server');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no server'))],
  ])(
    'a send that %s is called again when the next try is due, and a success ends it',
    async (_how, fails) => {
      const started = performance.now();
      const calledAt: number[] = [];
      const { mailer, failed } = mailerWith(() => {
        calledAt.push(performance.now() - started);
        return calledAt.length < 3 ? fails() : undefined;
      });
      post(mailer, MAIL);
      await until('the third try', () => calledAt.length === 3);
      await mailer.close();
      expect(calledAt).toHaveLength(3);
      // Timers round, so they may fire a little early.
      expect(calledAt[1]).toBeGreaterThan(15);
      expect(calledAt[2]).toBeGreaterThan(50);
      expect(failed).toEqual([]);
    },
  );

  test('after three failures mailFailed has the last error as it is, and the audit log has nothing of it', async () => {
    const errors = [1, 2, 3].map((each) => new Error(`550 <ann@example.com> ${each} ${MAIL.url ?? ''}`));
    const left = [...errors];
    const { mailer, failed, records } = mailerWith(() =>
      Promise.reject(left.shift() ?? new Error('a fourth try')),
    );
    post(mailer, MAIL);
    await until('the mail is given up', () => failed.length > 0);
    expect(failed).toEqual([
      { type: 'mailFailed', at: expect.any(Date), kind: 'reset', userId: 'user-1', error: errors[2] },
    ]);
    expect(failed[0]?.error).toBe(errors[2]);
    expect(records).toEqual([
      {
        ...{ event: 'mailFailed', outcome: 'failure', kind: 'reset', userId: 'user-1' },
        ...{ time: expect.any(String), reason: null, session: null, ip: null, userAgent: null },
      },
    ]);
  });

  test('a send that hangs is called again after its time, and what becomes of it later is of no interest', async () => {
    const rejections: ((reason: Error) => void)[] = [];
    const send = jest.fn(() => new Promise<never>((_resolve, reject) => rejections.push(reject)));
    const { mailer, failed } = mailerWith(send, { oneTry: 10 });
    post(mailer, MAIL);
    await until('the mail is given up', () => failed.length > 0);
    expect(send).toHaveBeenCalledTimes(3);
    expect(failed[0]?.error.message).toBe('send() took longer than 0.01 s');
    for (const reject of rejections) reject(new Error('late'));
    await sleep(5); // in which Node reports what nothing handles
    expect(failed).toHaveLength(1);
  });

  test('texts are made later, once for all tries', async () => {
    const { mailer, failed } = mailerWith(() => Promise.reject(new Error('no server')));
    const render = jest.fn(() => MAIL);
    mailer.post(MAIL, render);
    await Promise.resolve();
    expect(render).not.toHaveBeenCalled();
    await until('the mail is given up', () => failed.length > 0);
    expect(render).toHaveBeenCalledTimes(1);
  });

  test('a mail beyond a bound is announced later too', async () => {
    const { mailer, failed } = mailerWith(jest.fn());
    post(mailer, { ...MAIL, to: 'no address' });
    await Promise.resolve();
    expect(failed).toEqual([]);
    await mailer.close();
    expect(failed).toHaveLength(1);
  });

  test('a slow send is tried once', async () => {
    const send = jest.fn(() => sleep(100));
    const { mailer, failed } = mailerWith(send);
    post(mailer, MAIL);
    await mailer.close();
    expect([send.mock.calls.length, failed.length]).toEqual([1, 0]);
  });

  test.each([['a text'], [undefined], [null], [{ response: 550 }]])(
    'a send that rejects with %p becomes an Error with that cause',
    async (reason) => {
      const { mailer, failed } = mailerWith(jest.fn().mockRejectedValue(reason), { tries: [0] });
      post(mailer, MAIL);
      await mailer.close();
      expect(failed[0]?.error).toMatchObject({ message: 'send() failed', cause: reason });
    },
  );

  test('a recipient that is not one address gets no mail, and the event does not repeat it', async () => {
    const send = jest.fn();
    const { mailer, failed } = mailerWith(send);
    post(mailer, { ...MAIL, to: 'ann@example.com, eve@example.com' });
    post(mailer, { ...MAIL, to: 'ann@example.com\r\nBcc: eve@example.com' });
    await mailer.close();
    expect(send).not.toHaveBeenCalled();
    expect(failed.map(({ error }) => error.message)).toEqual([
      ...['The recipient is not one e-mail address', 'The recipient is not one e-mail address'],
    ]);
  });

  test('beyond 1,000 mails under way the newest fails at once, and there is room again when they end', async () => {
    const release: (() => void)[] = [];
    const { mailer, failed } = mailerWith(() => new Promise<void>((resolve) => release.push(resolve)));
    for (let each = 0; each < 1000; each++) post(mailer, MAIL);
    expect(failed).toEqual([]);
    post(mailer, { ...MAIL, userId: 'newest' });
    await until('the newest has failed', () => failed.length > 0);
    expect(failed.map(({ userId, error }) => [userId, error.message])).toEqual([
      ['newest', '1000 mails are under way already'],
    ]);
    await until('all are tried', () => release.length === 1000);
    release.pop()?.();
    await eventually('there is room', async () => {
      post(mailer, MAIL);
      await new Promise((resolve) => setImmediate(resolve));
      return failed.splice(1).length === 0;
    });
    await until('the mail that had room is tried', () => release.length === 1000);
    for (const each of release) each();
  });
});

describe('without a listener', () => {
  test('the first failure becomes a warning that says how to listen, and nothing of the mail or the error', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockReturnValue();
    const mailer = new Mailer({
      send: () => Promise.reject(new Error('550 ann@example.com')),
      events: new AuthEvents(),
      times: { ...QUICK, tries: [0] },
    });
    post(mailer, MAIL);
    post(mailer, MAIL);
    await mailer.close();
    expect(warn.mock.calls).toEqual([
      [expect.stringContaining("auth.events.on('mailFailed', …)"), 'PassportVisaWarning'],
    ]);
    expect(JSON.stringify(warn.mock.calls)).not.toContain('ann');
  });
});

describe('close()', () => {
  test('waits for a mail that is being sent', async () => {
    let sent = false;
    const { mailer, failed } = mailerWith(async () => {
      await sleep(50);
      sent = true;
    });
    post(mailer, MAIL);
    await mailer.close();
    expect([sent, failed]).toEqual([true, []]);
  });

  test('tries a mail that waits for its next try at once, and that includes the last try', async () => {
    const send = jest.fn(() => Promise.reject(new Error('no server')));
    const { mailer, failed } = mailerWith(send, { tries: [0, MINUTE, 2 * MINUTE] });
    post(mailer, MAIL);
    await until('the first try', () => send.mock.calls.length === 1);
    await sleep(5); // it waits now
    await mailer.close();
    expect(send).toHaveBeenCalledTimes(3);
    expect(failed.map(({ error }) => error.message)).toEqual(['no server']);
  });

  test('gives up when its time is over: mailFailed once for each mail, and no try after that', async () => {
    const rejections: ((reason: Error) => void)[] = [];
    const send = jest.fn(() => new Promise<never>((_resolve, reject) => rejections.push(reject)));
    const { mailer, failed } = mailerWith(send, { close: 20 });
    post(mailer, MAIL);
    post(mailer, { ...MAIL, userId: 'user-2' });
    await mailer.close();
    const outcome = [
      ['user-1', 'close() waited for the mail too long'],
      ['user-2', 'close() waited for the mail too long'],
    ];
    expect(failed.map(({ userId, error }) => [userId, error.message])).toEqual(outcome);
    for (const reject of rejections) reject(new Error('late'));
    await sleep(5);
    expect([failed.length, send.mock.calls.length]).toEqual([2, 2]);
  });

  test('leaves no timer behind, so the process can end', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
    const before = timers();
    const { mailer } = mailerWith(never, { close: 5 });
    post(mailer, MAIL);
    await mailer.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect(timers()).toBeLessThanOrEqual(before);
  });

  test('waits for mails that are posted meanwhile, and refuses those that come after it', async () => {
    const sent: string[] = [];
    const { mailer, failed } = mailerWith(async ({ userId = '' }) => {
      await sleep(20);
      sent.push(userId);
      if (userId === 'user-1') post(mailer, { ...MAIL, userId: 'meanwhile' });
    });
    post(mailer, MAIL);
    await mailer.close();
    expect(sent).toEqual(['user-1', 'meanwhile']);
    post(mailer, { ...MAIL, userId: 'after' });
    await until('the last one has failed', () => failed.length > 0);
    expect(failed.map(({ userId, error }) => [userId, error.message])).toEqual([
      ['after', 'The mail came after close()'],
    ]);
  });

  test('ends at once without mails, and the same way when it is called twice', async () => {
    const { mailer } = mailerWith(never);
    await Promise.all([mailer.close(), mailer.close()]);
    await mailer.close();
  });
});

test('a script that ends without close() tries its mails to the end', () => {
  // Node waits for the timers of the retries; with unref'd ones it would end after the first try.
  const script = `
    const { Mailer } = require('./dist/features/email-account/mails/mailer.js');
    const { AuthEvents } = require('./dist/events/auth-events.js');
    const events = new AuthEvents();
    events.on('mailFailed', ({ error }) => console.log(error.message));
    const send = () => { console.log('try'); throw new Error('given up'); };
    new Mailer({ send, events, times: { tries: [0, 20], oneTry: 60000, close: 60000 } })
      .post({ kind: 'reset', to: 'ann@example.com' }, () => ({}));`;
  const options = { cwd: path.join(__dirname, '../../..'), encoding: 'utf8' } as const;
  expect(execFileSync(process.execPath, ['-e', script], options)).toBe('try\ntry\ngiven up\n');
});
