import { z } from 'zod';
import { placeholdersIn } from './rule.js';

const NOT_A_LANGUAGE_TAG = "must be named by a language tag such as 'de' or 'pt-BR'";

/** The schema of the name of a language. */
export const languageTag = z.string().refine(isLanguageTag, NOT_A_LANGUAGE_TAG);

/** The schema of texts that an app brings, by language. */
export function byLanguage<Texts extends z.ZodType>(
  texts: Texts,
  language = languageTag,
): z.ZodRecord<z.ZodString, Texts> {
  return z.record(language, texts, {
    error: ({ code }) => (code === 'invalid_key' ? NOT_A_LANGUAGE_TAG : undefined),
  });
}

/** The schema of one such text. @param known the placeholders that something is filled into */
export function ownText(known: readonly string[]): z.ZodString {
  const names = known.map((name) => `{${name}}`).join(', ') || 'none';
  return z
    .string()
    .min(1)
    .refine(
      (text) => placeholdersIn(text).every((name) => known.includes(name)),
      `has a placeholder that nothing is filled into: known are ${names}`,
    );
}

/** Only the canonical tag is accepted, because two spellings of one language would be two languages. */
function isLanguageTag(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag)[0] === tag;
  } catch {
    return false;
  }
}
