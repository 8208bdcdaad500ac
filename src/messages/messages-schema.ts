import { z } from 'zod';
import { en } from './en.js';
import type { MessagesOption } from './messages.js';
import { byLanguage, ownText } from './own-texts.js';
import { placeholdersIn } from './rule.js';

/** The schema of the option `messages`. */
export const messagesSchema = byLanguage(
  z.strictObject(
    Object.fromEntries(
      Object.entries(en).map(([key, text]) => [key, ownText(placeholdersIn(text)).optional()]),
    ),
  ),
) as unknown as z.ZodType<MessagesOption>;
