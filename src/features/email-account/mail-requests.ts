import type { Request, Response } from 'express';
import { isAuthError } from '../../errors.js';
import type { RequestOrigin } from '../../events/auth-event.js';
import type { BrowserSecret } from '../../http/browser-secret.js';
import { isGoneOf, originOf } from '../../http/request-origin.js';
import type { LocaleOf } from '../../http/texts-for.js';
import type { AttemptLimits, NamedLimit } from '../../limits/attempt-limits.js';
import { addressGroup } from '../../utils/address-group.js';
import { usernameKey } from '../../utils/username.js';
import type { Asker } from '../asker.js';
import type { MailContent } from './mails/mail.js';
import type { Mailer } from './mails/mailer.js';
import { renderMail } from './mails/render.js';
import type { EmailAccountConfig } from './options.js';

const HOUR_SECONDS = 3600;

/** What a flow knows of the request that asks, and of its answer. Read before anything is awaited. */
export interface EmailAsker extends Pick<Asker, 'origin' | 'locale'> {
  /** The secrets of the browser. One of them shows that it has registered. */
  readonly secrets: readonly string[];
  /** Whether the client has closed the connection. */
  readonly isGone: () => boolean;
  /** Resolves when the answer has been handed over, or the connection is closed. */
  readonly answered: Promise<void>;
}

/** Who is to get a mail. Server code has no request, so there is no answer to wait for. */
export type Addressee = Pick<EmailAsker, 'locale'> & Partial<Pick<EmailAsker, 'answered'>>;

interface EmailAskerServices {
  readonly browser: Pick<BrowserSecret, 'read'>;
  readonly localeOf: LocaleOf;
}

export function emailAskerOf(
  { browser, localeOf }: EmailAskerServices,
  req: Request,
  res: Response,
): EmailAsker {
  return {
    origin: originOf(req),
    locale: localeOf(req),
    secrets: browser.read(req),
    isGone: isGoneOf(req),
    answered: answeredOf(res),
  };
}

function answeredOf(res: Response): Promise<void> {
  return res.closed ? Promise.resolve() : new Promise((resolve) => res.once('close', () => resolve()));
}

/** Mails that requests ask for, within their limits, and notices, which are always sent. */
export class MailRequests {
  readonly #mailer: Mailer;
  readonly #options: Pick<EmailAccountConfig, 'appName' | 'texts'>;
  readonly #byMailbox: NamedLimit | undefined;
  readonly #byAddress: NamedLimit | undefined;

  constructor(
    mailer: Mailer,
    limits: AttemptLimits,
    options: Pick<EmailAccountConfig, 'appName' | 'texts' | 'limits'>,
  ) {
    const { mailbox, address } = options.limits;
    this.#mailer = mailer;
    this.#options = options;
    if (mailbox !== false)
      this.#byMailbox = limits.named('mailbox', { attempts: mailbox, windowSeconds: HOUR_SECONDS });
    if (address !== false)
      this.#byAddress = limits.named('mail', { attempts: address, windowSeconds: HOUR_SECONDS });
  }

  /**
   * Counts a request for a mail. Its answer must not show what this returns.
   * @returns whether the mail may be sent
   */
  async mayAsk(address: string, { origin }: EmailAsker): Promise<boolean> {
    const byMailbox = () => counted(this.#byMailbox, usernameKey(address), origin, () => Promise.resolve());
    return isWithinLimit(() => counted(this.#byAddress, addressGroup(origin.ip), origin, byMailbox));
  }

  /** Posts a mail. It is sent after the answer, and its failures are events, never errors here. */
  send(content: MailContent, { locale, answered }: Addressee): void {
    this.#mailer.post(content, () => renderMail(content, locale, this.#options), answered);
  }
}

function counted(
  limit: NamedLimit | undefined,
  key: string,
  origin: RequestOrigin,
  attempt: () => Promise<void>,
): Promise<void> {
  return limit ? limit.count(key, origin, attempt) : attempt();
}

/** @returns false where a limit refuses what `count` counts */
export async function isWithinLimit(count: () => Promise<void>): Promise<boolean> {
  try {
    await count();
    return true;
  } catch (error) {
    if (isAuthError(error, 'TOO_MANY_ATTEMPTS')) return false;
    throw error;
  }
}
