import { z } from 'zod';
import { NO_ORIGIN } from '../../events/auth-event.js';
import { BrowserSecret } from '../../http/browser-secret.js';
import { languageTag } from '../../messages/own-texts.js';
import { activeUser, type StoredUser } from '../../stores/user-store.js';
import { parseCall } from '../../utils/parse-call.js';
import { normalizeUsername } from '../../utils/username.js';
import { assertFieldsFree } from '../assert-fields-free.js';
import type { FeatureContext, FeatureParts } from '../feature.js';
import { isAddress, readAddress } from './address.js';
import { AddressProofs } from './address-proofs.js';
import type { EmailAccount } from './account.js';
import { changeEndpoints } from './change/change-endpoints.js';
import { LoginCodes } from './mail-login/login-codes.js';
import { mailLoginEndpoints } from './mail-login/mail-login-endpoints.js';
import { MailRequests } from './mail-requests.js';
import { Mailer } from './mails/mailer.js';
import { mailOfPasswordChanges } from './notices.js';
import { OneTimeLinks } from './one-time-links.js';
import { parseEmailAccountOptions, type EmailAccountConfig, type EmailAccountOptions } from './options.js';
import { registrationEndpoints } from './registration/registration-endpoints.js';
import { WaitingRegistrations } from './registration/waiting-registrations.js';
import { ReservedAddresses } from './reserved-addresses.js';
import { createResetLink, sendReset } from './reset/ask-reset.js';
import { resetEndpoints } from './reset/reset-endpoints.js';
import type { EmailServices } from './services.js';

/** See `emailAccount`. */
export function createEmailAccount(options: EmailAccountOptions): EmailAccount {
  const config = parseEmailAccountOptions(options);
  let services: EmailServices | undefined;
  /** What server code asks for a user. */
  const forUser = async <T>(
    call: string,
    userId: string,
    work: (services: EmailServices, user: StoredUser) => Promise<T>,
  ): Promise<T> => {
    if (!services)
      throw new TypeError(`${call}(): this feature is in no createAuth yet: put it into the option features`);
    const user = activeUser(await services.config.users.findById(userId));
    if (user && isAddress(user.username)) return work(services, user);
    throw new TypeError(
      `${call}(): ${user ? 'the username of this user is no e-mail address' : 'there is no such user, or the user is disabled'}`,
    );
  };
  return {
    name: 'emailAccount',
    setUp(context) {
      if (services) throw new TypeError('emailAccount(): make one for each createAuth');
      const mailer = new Mailer({ send: config.send, events: context.events });
      services = createServices(config, context, mailer);
      mailOfPasswordChanges(services);
      return partsOf(services, mailer);
    },
    async sendReset(userId, options = {}) {
      const { locale } = parseCall('sendReset()', sendResetSchema, options);
      await forUser('sendReset', userId, async (given, user) => {
        await sendReset(given, user, { locale });
        announceAsked(given, user);
      });
    },
    createResetLink: (userId) =>
      forUser('createResetLink', userId, async (given, user) => {
        const { url, expiresAt } = await createResetLink(given, user);
        announceAsked(given, user);
        return { url, expiresAt };
      }),
    markVerified: (userId) =>
      forUser('markVerified', userId, async (given, user) => {
        await given.proofs.prove(user);
        given.events.announce('emailVerified', () => ({ userId: user.id, ...NO_ORIGIN }));
      }),
  };
}

const sendResetSchema = z.strictObject({ locale: languageTag.default('en') });

function announceAsked({ events }: EmailServices, { id }: StoredUser): void {
  events.announce('passwordResetAsked', () => ({ userId: id, ...NO_ORIGIN }));
}

function createServices(options: EmailAccountConfig, context: FeatureContext, mailer: Mailer): EmailServices {
  const { config, limits, sealer } = context;
  assertBrowsersKeepCookies(options, config.cookies);
  assertFieldsFree('emailAccount()', config, 'passwordField', ['token']);
  if (!config.users.updateUsername)
    throw new TypeError(
      'emailAccount needs users to have the method updateUsername(): take a store of this package, or add the method to yours',
    );
  const credentials = context.credentials();
  const tokens = context.oneTimeTokens();
  const links = new OneTimeLinks(tokens, { ...options, now: config.now });
  const { lifetimeSeconds } = options.links['email-verification'];
  return {
    ...context,
    options,
    credentials,
    links,
    codes: new LoginCodes(tokens, sealer, { ...options, now: config.now }),
    mails: new MailRequests(mailer, limits, options),
    proofs: new AddressProofs(credentials, config.users, options),
    reserved: new ReservedAddresses(credentials, config),
    waiting: new WaitingRegistrations({ links, sealer, tokens, lifetimeSeconds }),
    browser: new BrowserSecret(config.cookies, 'email'),
  };
}

/** A page without HTTPS has no Secure cookies, so no link would be opened in the browser that asked for it. */
function assertBrowsersKeepCookies({ baseUrl }: EmailAccountConfig, { secure }: { secure: boolean }): void {
  const { protocol, hostname } = new URL(baseUrl);
  const isOnThisMachine = /^(localhost|.*\.localhost|127\.[\d.]+|\[::1\])$/.test(hostname);
  if (!secure || protocol === 'https:' || isOnThisMachine) return;
  throw new TypeError(
    'emailAccount(): baseUrl begins with http:, but cookies are Secure (cookies.secure, which NODE_ENV=production sets), and ' +
      'anyone on the way could read the tokens of the links: use https:',
  );
}

function partsOf(services: EmailServices, mailer: Mailer): FeatureParts {
  return {
    endpoints: [
      ...registrationEndpoints(services),
      ...resetEndpoints(services),
      ...changeEndpoints(services),
      ...mailLoginEndpoints(services),
    ],
    claims: { emailVerified: (user) => services.proofs.isProved(user) },
    replaces: ['POST /register'],
    canonicalUsername: (typed) => readAddress(normalizeUsername(typed)) ?? typed,
    // A link to reset the password logs in everyone who has the mailbox.
    logsIn: ({ username }) => isAddress(username),
    notify({ kind, user, locale }) {
      if (isAddress(user.username))
        services.mails.send({ kind, to: user.username, userId: user.id }, { locale });
    },
    close: () => mailer.close(),
  };
}
