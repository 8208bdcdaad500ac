import { activeUser } from '../../stores/user-store.js';
import type { FeatureContext, FeatureParts } from '../feature.js';
import { isAddress } from './address.js';
import { AddressProofs } from './address-proofs.js';
import type { EmailAccount } from './email-account.js';
import { BrowserSecret } from './browser-secret.js';
import { MailRequests } from './mail-requests.js';
import { Mailer } from './mails/mailer.js';
import { OneTimeLinks } from './one-time-links.js';
import { parseEmailAccountOptions, type EmailAccountConfig, type EmailAccountOptions } from './options.js';
import { registrationEndpoints } from './registration/registration-endpoints.js';
import { WaitingRegistrations } from './registration/waiting-registrations.js';
import { ReservedAddresses } from './reserved-addresses.js';
import { sendReset } from './reset/ask-reset.js';
import { resetEndpoints } from './reset/reset-endpoints.js';
import type { EmailServices } from './services.js';

/** See `emailAccount`. */
export function createEmailAccount(options: EmailAccountOptions): EmailAccount {
  const config = parseEmailAccountOptions(options);
  let services: EmailServices | undefined;
  return {
    name: 'emailAccount',
    setUp(context) {
      const mailer = new Mailer({ send: config.send, events: context.events });
      services = createServices(config, context, mailer);
      return partsOf(services, mailer);
    },
    async sendReset(userId, { locale = 'en' } = {}) {
      if (!services)
        throw new TypeError(
          'sendReset(): this feature is in no createAuth yet: put it into the option features',
        );
      const user = activeUser(await services.config.users.findById(userId));
      if (!user || !isAddress(user.username))
        throw new TypeError(
          `sendReset(): the user store has ${user ? 'no e-mail address' : 'no user, or a disabled one,'} for this id`,
        );
      await sendReset(services, user, { locale });
    },
  };
}

function createServices(options: EmailAccountConfig, context: FeatureContext, mailer: Mailer): EmailServices {
  const { config, limits, sealer } = context;
  const credentials = context.credentials();
  const tokens = context.oneTimeTokens();
  const links = new OneTimeLinks(tokens, { ...options, now: config.now });
  const { lifetimeSeconds } = options.links['email-verification'];
  return {
    ...context,
    options,
    credentials,
    links,
    mails: new MailRequests(mailer, limits, options),
    proofs: new AddressProofs(credentials, options),
    reserved: new ReservedAddresses(credentials, config),
    waiting: new WaitingRegistrations({ links, sealer, tokens, lifetimeSeconds }),
    browser: new BrowserSecret(config.cookies, 'email'),
  };
}

function partsOf(services: EmailServices, mailer: Mailer): FeatureParts {
  return {
    endpoints: [...registrationEndpoints(services), ...resetEndpoints(services)],
    claims: { emailVerified: (user) => services.proofs.isProved(user) },
    replaces: ['POST /register'],
    close: () => mailer.close(),
  };
}
