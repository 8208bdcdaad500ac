import { types } from 'node:util';
import type { AuthEvents } from '../../../events/auth-events.js';
import { withinTime } from '../../../utils/within-time.js';
import { isOneAddress } from './address.js';
import type { Mail, MailContent, SendMail } from './mail.js';

/** In milliseconds. An argument, so tests need not wait in real time. */
export interface MailerTimes {
  /** When a mail is tried, counted from `post()`. A try begins only when the one before has ended. */
  readonly tries: readonly number[];
  /** How long one try may take. */
  readonly oneTry: number;
  /** How long `close()` waits. */
  readonly close: number;
}

export interface MailerOptions {
  readonly send: SendMail;
  readonly events: AuthEvents;
  readonly times?: MailerTimes | undefined;
}

const TIMES: MailerTimes = { tries: [0, 1000, 5000], oneTry: 10_000, close: 30_000 };

/** What the mailer knows of a mail before its texts are made. */
type MailHead = Pick<MailContent, 'kind' | 'to' | 'userId'>;

/** Bounds the memory that a dead mail server and a flood of requests cost together: about 10 kB a mail. */
const MAX_UNDER_WAY = 1000;

/**
 * Hands mails to the app's `send`, in the background. A mail that can't be handed over within three tries becomes the event
 * `mailFailed`. A `send` that delivers a mail after its ten seconds delivers it twice, because the next try has begun.
 *
 * The timers keep the process alive while a mail waits: none is lost by a script that ends.
 */
export class Mailer {
  readonly #send: SendMail;
  readonly #events: AuthEvents;
  readonly #times: MailerTimes;
  /** Each ends when its mail is delivered or given up. None rejects. */
  readonly #underWay = new Map<Promise<void>, MailHead>();
  /** Of mails that wait for their next try. */
  readonly #wakeUps = new Set<() => void>();
  /** Of tries that run. */
  readonly #abandons = new Set<() => void>();
  #closing: Promise<void> | undefined;
  #closed = false;
  #hasWarned = false;

  constructor({ send, events, times = TIMES }: MailerOptions) {
    this.#send = send;
    this.#events = events;
    this.#times = times;
  }

  /**
   * Returns at once and never throws. The work begins when `answered` resolves: the time of an answer would show whether it caused a mail,
   * because a template may take long to fill.
   * Fails without a try, with `mailFailed`: a mail beyond the first 1,000 under way, one after `close()`, and one whose recipient isn't
   * exactly one address.
   */
  post(head: MailHead, render: () => Mail, answered?: Promise<void>): void {
    const refusal = this.#refusalOf(head);
    const work = () => (refusal === undefined ? this.#deliver(head, render) : this.#refuse(head, refusal));
    const outcome = answered ? answered.then(work) : work();
    const delivery = outcome.finally(() => this.#underWay.delete(delivery));
    this.#underWay.set(delivery, head);
  }

  /**
   * Tries the mails that wait for another try at once, and waits until all are delivered or given up, for 30 seconds at most. It
   * gives up those that are left then. Safe to call twice.
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#end());
  }

  #refusalOf({ to }: MailHead): string | undefined {
    if (this.#closed) return 'The mail came after close()';
    if (!isOneAddress(to)) return 'The recipient is not one e-mail address';
    if (this.#underWay.size >= MAX_UNDER_WAY) return `${MAX_UNDER_WAY} mails are under way already`;
    return undefined;
  }

  async #refuse(head: MailHead, refusal: string): Promise<void> {
    await nextTurn();
    this.#fail(head, new Error(refusal));
  }

  async #end(): Promise<void> {
    for (const wakeUp of this.#wakeUps) wakeUp();
    const deadline = performance.now() + this.#times.close;
    // Requests that are still answered may post further mails meanwhile.
    while (this.#underWay.size > 0) {
      const rest = deadline - performance.now();
      const all = Promise.all(this.#underWay.keys());
      const inTime = await withinTime(all, Math.max(0, rest), () => new Error()).then(
        () => true,
        () => false,
      );
      if (!inTime) break;
    }
    this.#closed = true;
    const left = [...this.#underWay.values()];
    for (const abandon of this.#abandons) abandon();
    for (const mail of left) this.#fail(mail, new Error('close() waited for the mail too long'));
  }

  async #deliver(head: MailHead, render: () => Mail): Promise<void> {
    const posted = performance.now();
    let mail: Mail | undefined;
    let failure: unknown;
    for (const due of this.#times.tries) {
      await this.#waitUntil(posted + due);
      if (this.#closed) return; // close() has given it up
      try {
        await this.#try((mail ??= render()));
        return;
      } catch (error) {
        failure = error;
      }
    }
    if (!this.#closed) this.#fail(head, failure);
  }

  /** At least until the next turn of the event loop. While the mailer is closing, no longer. */
  async #waitUntil(time: number): Promise<void> {
    await nextTurn();
    const delay = time - performance.now();
    if (delay <= 0 || this.#closing) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wakeUps.delete(done);
        resolve();
      };
      const timer = setTimeout(done, delay);
      this.#wakeUps.add(done);
    });
  }

  /** Rejects if `send` throws, rejects or takes too long. What it does after that is of no interest, and no unhandled rejection. */
  async #try(mail: Mail): Promise<void> {
    const { oneTry } = this.#times;
    const sent = new Promise((resolve) => resolve(this.#send(mail)));
    let abandon = () => {};
    const abandoned = new Promise((resolve) => (abandon = () => resolve(undefined)));
    this.#abandons.add(abandon);
    try {
      const ended = Promise.race([sent, abandoned]);
      await withinTime(ended, oneTry, () => new Error(`send() took longer than ${oneTry / 1000} s`));
    } finally {
      this.#abandons.delete(abandon);
    }
  }

  #fail({ kind, userId }: MailHead, reason: unknown): void {
    const error = isError(reason) ? reason : new Error('send() failed', { cause: reason });
    this.#warnOnce();
    this.#events.announce('mailFailed', () => ({ kind, userId, error }));
  }

  /** Without the error, which may quote the recipient or the mail. */
  #warnOnce(): void {
    if (this.#hasWarned || this.#events.listenerCount('mailFailed') > 0) return;
    this.#hasWarned = true;
    process.emitWarning(
      "A mail could not be sent. This warning comes once. To get every failure with its error, listen: auth.events.on('mailFailed', …)",
      'PassportVisaWarning',
    );
  }
}

/** Of the event loop. */
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Errors of Node itself may be of another realm, and a DOMException is no native error. */
function isError(value: unknown): value is Error {
  return types.isNativeError(value) || value instanceof Error;
}
