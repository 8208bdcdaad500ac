import { z } from 'zod';
import { anObject, createFieldSchemas, type BodyConfig } from '../../http/body-schemas.js';
import { component } from '../../http/component.js';
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

/**
 * A body that has only an address.
 * @param name of the schema in the OpenAPI document
 * @param field `'newAddress'` for one that a user is to get
 */
export function addressBody(name: `Auth${string}`, config: BodyConfig, field: 'address' | 'newAddress') {
  const { usernameField } = config;
  const address = addressFields(createFieldSchemas(config))[field];
  return component(
    name,
    z
      .strictObject({ [usernameField]: address }, anObject)
      .transform((body) => ({ address: body[usernameField] as string })),
  );
}

/** Only the type is judged here: a text that is no token is refused as an unknown token is. */
const aText = z.string({ error: ({ input }) => rule(input === undefined ? 'required' : 'mustBeString') });

export const tokenField = aText.meta({
  description: 'From the fragment of the link in the mail.',
  examples: ['pT4h0nVq3mJ8cY1sKxW2ZgR7fLbD5eUa'],
});

export const codeField = aText.meta({
  description: 'The six digits of the mail. White space in it is dropped.',
  examples: ['492 817'],
});

export const challengeField = z
  .string(rule('mustBeString'))
  .optional()
  .meta({
    description: 'From the answer to the request for the mail, if that had `transport: "body"`.',
    examples: ['Zk3vT9qLr2Xc8bNwYh5uMf1eSd7gAj6o'],
  });
