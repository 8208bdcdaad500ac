import { z } from 'zod';
import { en } from './en.js';
import { isLanguageTag, NOT_A_LANGUAGE_TAG } from './language-tag.js';
import type { Messages, MessagesOption } from './messages.js';
import { placeholdersIn } from './rule.js';

/** The schema of the option `messages`. */
export const messagesSchema = z.record(
  z.string().refine(isLanguageTag),
  z.strictObject(Object.fromEntries(Object.entries(en).map(([key, text]) => [key, textLike(text)]))),
  { error: ({ code }) => (code === 'invalid_key' ? NOT_A_LANGUAGE_TAG : undefined) },
) as unknown as z.ZodType<MessagesOption>;

function textLike(english: string): z.ZodType<Messages[keyof Messages] | undefined> {
  const known = placeholdersIn(english);
  const isFilled = (text: string) => placeholdersIn(text).every((name) => known.includes(name));
  const names = known.map((name) => `{${name}}`).join(', ') || 'none';
  return z
    .string()
    .min(1)
    .refine(isFilled, `has a placeholder that nothing is filled into: known are ${names}`)
    .optional();
}
