import { z } from 'zod';
import type { OneTimeTokenPurpose } from '../../events/auth-event.js';
import { durationInSeconds, type Duration } from '../../utils/duration.js';
import { parseCall } from '../../utils/parse-call.js';
import type { SendMail } from './mails/mail.js';
import {
  appNameSchema,
  createMailTexts,
  mailTextsSchema,
  type FindMailText,
  type MailTextsOption,
} from './mails/mail-texts.js';

/** What `emailAccount` takes. */
export interface EmailAccountOptions {
  /**
   * Sends a mail: `(mail) => transport.sendMail({ from, ...mail })` with nodemailer. No answer waits for it. If it fails, it is called
   * again for the same mail, three times at most.
   */
  send: SendMail;
  /**
   * Where the pages of your app are, as users see them: `'https://app.example.com'`. Every link begins with it.
   * @throws TypeError if it is missing, and for `http:` where cookies are `Secure`, as in production; `localhost` may have it
   */
  baseUrl: string | undefined;
  /** What the mails call your app. At most 100 characters. Default: the host of `baseUrl`. */
  appName?: string;
  /**
   * `'required'`: an account exists when its address is proved, not before. `'later'`: an account exists at once, and
   * `req.user.emailVerified` says whether its address is proved. Default: `'required'`.
   */
  verification?: 'required' | 'later';
  /**
   * Pages of your app, as paths below `baseUrl`. They read the token from the fragment of the URL. Default: `{ verify: '/verify-email',
   * reset: '/reset-password', change: '/confirm-email', undo: '/undo-email', link: '/login-link' }`.
   */
  paths?: Partial<Record<'verify' | 'reset' | 'change' | 'undo' | 'link', string>>;
  /** How long links and codes work, at most 30 days. Default: `{ verify: '24h', reset: '15m', change: '1h', undo: '7d', login: '10m' }`. */
  lifetimes?: Partial<Record<'verify' | 'reset' | 'change' | 'undo' | 'login', Duration>>;
  /**
   * How many mails requests may ask for in an hour: to one mailbox, and from one address (an IPv4 address or an IPv6 /64). Further
   * mails are not sent, and the answers don't show it. `false`: no limit. Default: `{ mailbox: 5, address: 20 }`. Of login codes, a
   * mailbox gets at most 10 an hour, whatever is set here.
   */
  limits?: { mailbox?: number | false; address?: number | false };
  /** Whether users may log in by a link, by a code of six digits, or by both: `['link', 'code']`. Default: `false`. */
  login?: false | MailLogin | readonly MailLogin[];
  /** Texts of mails, by language and kind, in place of the built-in ones. Default: none. */
  texts?: MailTextsOption;
}

/** A way to log in by mail. */
export type MailLogin = 'link' | 'code';

/** What the token of a link is good for. The store has it as the purpose. */
export type LinkPurpose = Exclude<OneTimeTokenPurpose, 'login-code'>;

/** Which page a link leads to, and how long it is good. */
export type Links = Readonly<
  Record<LinkPurpose, { readonly path: string; readonly lifetimeSeconds: number }>
>;

/** The options with their defaults filled in. */
export interface EmailAccountConfig {
  readonly send: SendMail;
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly appName: string;
  readonly verification: 'required' | 'later';
  readonly links: Links;
  /** Of links and of codes that log in. */
  readonly loginLifetimeSeconds: number;
  readonly limits: { readonly mailbox: number | false; readonly address: number | false };
  readonly login: readonly MailLogin[];
  readonly texts: FindMailText;
}

const LONGEST_LIFETIME_SECONDS = 30 * 24 * 60 * 60;

const lifetime = (fallback: Duration) =>
  z
    .unknown()
    .default(fallback)
    .transform((value, context) => {
      const seconds = durationInSeconds(value);
      if (seconds !== undefined && seconds > 0 && seconds <= LONGEST_LIFETIME_SECONDS) return seconds;
      context.addIssue({
        code: 'custom',
        message: "must be a duration of at most 30 days, such as '15m' or 900 seconds",
      });
      return z.NEVER;
    });

const path = (fallback: string) =>
  z
    .string()
    .regex(/^\/(?!\/)[\x21-\x7e]*$/, "must begin with one '/' and have no spaces, such as '/reset-password'")
    .refine((value) => !value.includes('#'), "must have no '#': the token of a link comes after it")
    .default(fallback);

const perHour = (fallback: number) =>
  z.union([z.literal(false), z.int().min(1)], 'must be a whole number above 0, or false').default(fallback);

const SUCH_AS = ", such as 'https://app.example.com'";

const ONE_OR_BOTH = "must be false, 'link', 'code' or ['link', 'code']";
const mailLogin = z.enum(['link', 'code']);

const optionsSchema = z.strictObject({
  send: z.custom<SendMail>(
    (value) => typeof value === 'function',
    'must be a function that sends a mail, such as (mail) => transport.sendMail({ from, ...mail }) with nodemailer',
  ),
  baseUrl: z
    .string({
      error: ({ input }) =>
        input === undefined ? `is missing: set it to where users reach your app${SUCH_AS}` : undefined,
    })
    .refine(isBaseUrl, { error: `must be an http(s) URL without user, query and fragment${SUCH_AS}` }),
  appName: appNameSchema.optional(),
  verification: z.enum(['required', 'later']).default('required'),
  paths: z
    .strictObject({
      verify: path('/verify-email'),
      reset: path('/reset-password'),
      change: path('/confirm-email'),
      undo: path('/undo-email'),
      link: path('/login-link'),
    })
    .prefault({}),
  lifetimes: z
    .strictObject({
      verify: lifetime('24h'),
      reset: lifetime('15m'),
      change: lifetime('1h'),
      undo: lifetime('7d'),
      login: lifetime('10m'),
    })
    .prefault({}),
  limits: z.strictObject({ mailbox: perHour(5), address: perHour(20) }).prefault({}),
  login: z
    .union([z.literal(false), mailLogin, z.array(mailLogin).min(1, ONE_OR_BOTH).readonly()], ONE_OR_BOTH)
    .default(false),
  texts: mailTextsSchema.optional(),
});

/** @throws TypeError that names the option and the cure */
export function parseEmailAccountOptions(options: EmailAccountOptions): EmailAccountConfig {
  const { paths, lifetimes, login, texts, ...parsed } = parseCall('emailAccount()', optionsSchema, options);
  const baseUrl = parsed.baseUrl.replace(/\/+$/, '');
  return {
    ...parsed,
    baseUrl,
    appName: parsed.appName ?? new URL(baseUrl).host,
    login: login === false ? [] : [...new Set([login].flat())],
    texts: createMailTexts(texts),
    loginLifetimeSeconds: lifetimes.login,
    links: {
      'email-verification': { path: paths.verify, lifetimeSeconds: lifetimes.verify },
      'password-reset': { path: paths.reset, lifetimeSeconds: lifetimes.reset },
      'email-change': { path: paths.change, lifetimeSeconds: lifetimes.change },
      'email-undo': { path: paths.undo, lifetimeSeconds: lifetimes.undo },
      'login-link': { path: paths.link, lifetimeSeconds: lifetimes.login },
    },
  };
}

function isBaseUrl(text: string): boolean {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username === '' && password === '' && !/[?#\s]/.test(text);
}
