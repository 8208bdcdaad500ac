import { z } from 'zod';
import { placeholdersIn } from './rule.js';

/** The schema of texts that an app brings, by language. */
export function byLanguage<Texts extends z.ZodType>(texts: Texts): z.ZodRecord<z.ZodString, Texts> {
  return z.record(z.string().refine(isLanguageTag), texts, {
    error: ({ code }) =>
      code === 'invalid_key' ? "must be named by a language tag such as 'de' or 'pt-BR'" : undefined,
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
