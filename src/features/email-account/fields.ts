import { z } from 'zod';
import type { createFieldSchemas } from '../../http/body-schemas.js';
import { rule } from '../../messages/rule.js';
import { readAddress } from './address.js';

/** The fields of bodies whose username must be an e-mail address. */
export function addressFields({
  username,
  newUsername,
}: Pick<ReturnType<typeof createFieldSchemas>, 'username' | 'newUsername'>) {
  const toAddress = (name: string, context: z.RefinementCtx): string => {
    const address = readAddress(name);
    if (address !== undefined) return address;
    context.addIssue({ code: 'custom', message: rule('mustBeAddress') });
    return z.NEVER;
  };
  return { address: username.transform(toAddress), newAddress: newUsername.transform(toAddress) };
}

/** A text that is no token is refused as an unknown one is, so only its type is judged here. */
export const tokenField = z
  .string({ error: ({ input }) => rule(input === undefined ? 'required' : 'mustBeString') })
  .meta({
    description: 'From the fragment of the link in the mail.',
    examples: ['pT4h0nVq3mJ8cY1sKxW2ZgR7fLbD5eUa'],
  });

export const codeField = z
  .string({ error: ({ input }) => rule(input === undefined ? 'required' : 'mustBeString') })
  .meta({ description: 'The six digits of the mail. White space in it is dropped.', examples: ['492 817'] });

export const challengeField = z
  .string(rule('mustBeString'))
  .optional()
  .meta({
    description: 'From the answer to the request for the mail, if that had `transport: "body"`.',
    examples: ['Zk3vT9qLr2Xc8bNwYh5uMf1eSd7gAj6o'],
  });
