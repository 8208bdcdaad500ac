import { z } from 'zod';
import { rule } from '../messages/rule.js';

const BASE64URL = /^[\w-]+$/;

/** What `credential.toJSON()` of a browser returns. Its content is judged later. */
export const credentialField = z
  .record(z.string(), z.unknown(), {
    error: ({ input }) => rule(input === undefined ? 'required' : 'mustBeCredential'),
  })
  .refine(isCredential, rule('mustBeCredential'))
  .meta({
    description: 'What the browser returned: `credential.toJSON()`.',
    examples: [
      {
        id: 'h8Gq0bX2cW5vRkYpTtA3Zg',
        rawId: 'h8Gq0bX2cW5vRkYpTtA3Zg',
        type: 'public-key',
        response: { clientDataJSON: 'eyJ0eXBlIjoid2ViYXV0aG4uZ2V0In0' },
      },
    ],
  });

/** For clients without cookies: what shows that they asked for the options. */
export const challengeIdField = z.string(rule('mustBeString')).meta({
  description: 'The `challengeId` of the options, for clients without cookies.',
  examples: ['Zk3vT9qLr2Xc8bNwYh5uMf1eSd7gAj6o'],
});

function isCredential({ id, type, response }: Record<string, unknown>): boolean {
  if (!isBase64url(id) || type !== 'public-key' || typeof response !== 'object' || response === null)
    return false;
  return isBase64url((response as { clientDataJSON?: unknown }).clientDataJSON);
}

export function isBase64url(value: unknown): value is string {
  return typeof value === 'string' && BASE64URL.test(value);
}
