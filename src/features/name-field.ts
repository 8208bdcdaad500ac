import { z } from 'zod';
import { text } from '../http/body-schemas.js';
import { rule } from '../messages/rule.js';

const MAX_NAME = 64;

/** What the user calls a factor. */
export const nameField = text
  .transform((typed) => typed.normalize('NFC').trim())
  .pipe(
    z
      .string()
      .min(1, rule('notEmpty'))
      .max(MAX_NAME, rule('tooLong', { count: MAX_NAME }))
      .refine((name) => !/\p{Cc}/u.test(name), rule('noControlCharacters')),
  )
  .meta({ description: 'What the user calls it. White space around it is dropped.', examples: ['My phone'] });
