import type { MailKind } from '../../../events/auth-event.js';
import type { Locale } from '../../../messages/messages.js';

/** A mail that is ready to be sent. nodemailer's `sendMail` takes it as it is, once you add `from`. */
export interface Mail {
  readonly kind: MailKind;
  /** One bare address: no display name, no list. */
  readonly to: string;
  readonly subject: string;
  /** The whole mail as plain text. */
  readonly text: string;
  /** The same as a small HTML page, which loads nothing. */
  readonly html: string;
  /** The link in it, if it has one. It is as secret as a password until it is used or expires: keep it out of logs. */
  readonly url?: string;
  /** The code in it, if it has one. As secret as the link. */
  readonly code?: string;
  /** When the link or the code stops working. */
  readonly expiresAt?: Date;
  /** The language of the texts: `'en'`, `'ko'` or one of yours. */
  readonly locale: Locale;
  /** Whose account it is about. Undefined while there is no account. */
  readonly userId?: string;
}

/**
 * Hands a mail to whatever delivers it. No request waits for it. An error that it throws, or a promise that it returns and that
 * rejects or takes longer than 10 seconds, makes the mail be tried again.
 */
export type SendMail = (mail: Mail) => unknown;

/** When a link or a code stops working, as a time and as words say it. */
interface Expiry {
  readonly expiresAt: Date;
  readonly lifetimeSeconds: number;
}

/**
 * What a flow knows of its mail; `renderMail` adds the texts. No mail names a second address: the old mailbox may be in the hands of
 * a thief, and so may the new one.
 */
export type MailContent = { readonly to: string; readonly userId?: string | undefined } & (
  | ({
      readonly kind: 'verify' | 'reset' | 'email-change' | 'email-changed' | 'login-link';
      readonly url: string;
    } & Expiry)
  | ({ readonly kind: 'login-code'; readonly code: string } & Expiry)
  | {
      readonly kind:
        | 'already-registered'
        | 'password-changed'
        | 'email-change-taken'
        | 'factor-added'
        | 'factor-removed'
        | 'recovery-code-used'
        | 'recovery-codes-renewed';
    }
);

/** The texts of one kind of mail. `{appName}` is filled in, and `{lifetime}` ("15 minutes") where the mail has a link or a code. */
export interface MailText {
  /** The subject, which is also the heading. */
  readonly subject: string;
  /** Paragraphs. The link or the code comes after the first one; in `email-changed`, after `ifNotYou`. */
  readonly lines: readonly string[];
  /** The label of the link. Only kinds with a link have it. */
  readonly button?: string | undefined;
  /** What to do if the reader didn't ask for this. */
  readonly ifNotYou: string;
}

/** The texts of all mails in one language. */
export type MailTexts = Readonly<Record<MailKind, MailText>>;
