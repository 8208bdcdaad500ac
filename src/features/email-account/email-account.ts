import type { Feature, FeatureContext, FeatureParts } from '../feature.js';
import { AddressProofs } from './address-proofs.js';
import { MailRequests } from './mail-requests.js';
import { Mailer } from './mails/mailer.js';
import { OneTimeLinks } from './one-time-links.js';
import { parseEmailAccountOptions, type EmailAccountConfig, type EmailAccountOptions } from './options.js';
import { sendReset } from './reset/ask-reset.js';
import { resetEndpoints } from './reset/reset-endpoints.js';
import type { EmailServices } from './services.js';

/** What `emailAccount` returns: put it into the option `features`. */
export interface EmailAccount extends Feature {
  /**
   * Sends a user a link to choose a password, for server code: an admin page, or an account that was made for someone.
   * @throws TypeError before `createAuth`, and for an unknown user or one whose username is no e-mail address;
   * AuthError `SERVICE_UNAVAILABLE`
   */
  sendReset(userId: string, options?: { locale?: string | undefined }): Promise<void>;
}

/**
 * An account whose username is an e-mail address: registration that proves the address, a forgotten password, a change of address, and
 * logins by mail. docs/email.md shows how it is used.
 * @throws TypeError that names the option and the cure
 */
export function emailAccount(options: EmailAccountOptions): EmailAccount {
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
        throw new TypeError('sendReset(): put emailAccount() into the option features of createAuth first');
      const user = await services.config.users.findById(userId);
      if (!user) throw new TypeError('sendReset(): there is no such user');
      await sendReset(services, user, { locale });
    },
  };
}

function createServices(options: EmailAccountConfig, context: FeatureContext, mailer: Mailer): EmailServices {
  const { config, limits } = context;
  const credentials = context.credentials();
  return {
    ...context,
    options,
    credentials,
    links: new OneTimeLinks(context.oneTimeTokens(), { ...options, now: config.now }),
    mails: new MailRequests(mailer, limits, options),
    proofs: new AddressProofs(credentials, options),
  };
}

function partsOf(services: EmailServices, mailer: Mailer): FeatureParts {
  return {
    endpoints: [...resetEndpoints(services)],
    close: () => mailer.close(),
  };
}
