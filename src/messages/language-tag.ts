/** What is wrong with the name of a language in an option. */
export const NOT_A_LANGUAGE_TAG = "must be named by a language tag such as 'de' or 'pt-BR'";

/** Only the canonical tag is accepted, because two spellings of one language would be two languages. */
export function isLanguageTag(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag)[0] === tag;
  } catch {
    return false;
  }
}
