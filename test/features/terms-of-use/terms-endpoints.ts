import { z } from 'zod';
import type { RequestOrigin } from '../../events/auth-event.js';
import { component } from '../../http/component.js';
import type { Endpoint } from '../../http/endpoint.js';
import { BODY_FAILURES } from '../../http/operation.js';
import { originOf } from '../../http/request-origin.js';
import { rule } from '../../messages/rule.js';
import { parseBody } from '../../middleware/parse-body.js';
import { validateBody } from '../../middleware/validate-body.js';
import type { FeatureContext } from '../feature.js';

/** What the endpoints work with. */
export interface Terms {
  readonly version: string;
  accept(ticket: string, origin: RequestOrigin): Promise<void>;
}

const acceptance = component('AuthTermsRequest', z.strictObject({ ticket: z.string(rule('mustBeString')) }));
const answer = component('AuthTermsResponse', z.strictObject({ version: z.string() }));

export function termsEndpoints(terms: Terms, { sameSite }: Pick<FeatureContext, 'sameSite'>): Endpoint[] {
  return [
    {
      verb: 'get',
      path: '/terms',
      chain: [(_req, res) => void res.json({ version: terms.version })],
      operation: {
        id: 'terms',
        tag: 'Account',
        summary: 'Get the version of the terms of use',
        description: 'The one that users must have accepted.',
        needs: 'nothing',
        success: { text: 'The version.', answer: () => answer },
        failures: [],
      },
    },
    {
      verb: 'post',
      path: '/terms/accept',
      chain: [
        sameSite,
        parseBody,
        validateBody(acceptance),
        async (req, res) => {
          await terms.accept((req.body as z.infer<typeof acceptance>).ticket, originOf(req));
          res.json({ version: terms.version });
        },
      ],
      operation: {
        id: 'acceptTerms',
        tag: 'Account',
        summary: 'Accept the terms of use',
        description: 'With the ticket that the app has sent to the user.',
        needs: 'nothing',
        body: { schema: acceptance, required: true },
        success: { text: 'The version that was accepted.', answer: () => answer },
        failures: [
          ...BODY_FAILURES,
          'INVALID_CREDENTIALS',
          'TOO_MANY_ATTEMPTS',
          'CROSS_SITE_REQUEST',
          'SERVICE_UNAVAILABLE',
        ],
      },
    },
  ];
}
