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
