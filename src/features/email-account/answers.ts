import { component } from '../../http/component.js';
import { lazySchema } from '../../utils/lazy-schema.js';
import { challengeField } from './fields.js';

/** An answer that says only what has happened. */
export const messageAnswer = lazySchema((z) =>
  component(
    'AuthMessageResponse',
    z.strictObject({ message: z.string().meta({ description: 'For people.' }) }),
  ),
);

/** The answer to a request for a mail to log in with. */
export const loginMailedAnswer = lazySchema((z) =>
  component(
    'AuthLoginMailedResponse',
    z.strictObject({
      message: z.string().meta({ description: 'For people.' }),
      challenge: challengeField.meta({
        description: 'With `transport: "body"` only: send it back beside the token or the code.',
        examples: ['Zk3vT9qLr2Xc8bNwYh5uMf1eSd7gAj6o'],
      }),
    }),
  ),
);
