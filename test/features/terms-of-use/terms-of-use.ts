import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { AuthError } from '../../errors.js';
import { addressGroup } from '../../utils/address-group.js';
import { parseCall } from '../../utils/parse-call.js';
import type { Feature, FeatureContext, FeatureParts } from '../feature.js';
import { termsEndpoints, type Terms } from './terms-endpoints.js';

export interface TermsOptions {
  /** Users must have accepted this version before a session begins. */
  version: string;
}

const optionsSchema = z.strictObject({ version: z.string().min(1) });

export interface TermsOfUse extends Feature {
  /** A ticket with which the user accepts the terms, good once for 15 minutes. */
  ticketFor(userId: string): Promise<string>;
}

const PURPOSE = 'accept-terms';

/** A feature for the tests: nobody gets a session without the terms of use. */
export function termsOfUse(options: TermsOptions): TermsOfUse {
  const { version } = parseCall('termsOfUse()', optionsSchema, options);
  let context: FeatureContext | undefined;
  return {
    name: 'termsOfUse',
    setUp(given) {
      context = given;
      return partsOf(given, version);
    },
    async ticketFor(userId) {
      if (!context) throw new TypeError('termsOfUse() must be in the option features first');
      const ticket = randomBytes(24).toString('base64url');
      const hash = digest(ticket);
      await context
        .oneTimeTokens()
        .create({ purpose: PURPOSE, subject: userId, hash, expiresInSeconds: 900 });
      return ticket;
    },
  };
}

function partsOf(context: FeatureContext, version: string): FeatureParts {
  const { events, limits } = context;
  const credentials = context.credentials();
  const oneTimeTokens = context.oneTimeTokens();
  const tries = limits.named('accept-terms', { failures: 3 });
  const terms: Terms = {
    version,
    accept: (ticket, origin) =>
      tries.count(addressGroup(origin.ip), origin, async () => {
        const token = await oneTimeTokens.take(PURPOSE, digest(ticket));
        if (!token) throw new AuthError('INVALID_CREDENTIALS');
        const userId = token.subject;
        await credentials.add({ userId, kind: 'terms', id: `${userId} ${version}`, data: '' });
        events.announce('termsAccepted', () => ({ userId, version, ...origin }));
      }),
  };
  return {
    endpoints: termsEndpoints(terms, context),
    beforeSession: {
      failures: ['TERMS_NOT_ACCEPTED'],
      async check(user) {
        const accepted = await credentials.find('terms', `${user.id} ${version}`);
        if (!accepted) throw new AuthError('TERMS_NOT_ACCEPTED');
      },
    },
  };
}

function digest(ticket: string): string {
  return createHash('sha256').update(ticket).digest('base64url');
}
