import { en } from './en.js';
import { ko } from './ko.js';
import type { Locale, Messages, MessagesOption } from './messages.js';

/** The texts of all languages that answers can have, English first. */
export type Catalogs = ReadonlyMap<Locale, Messages>;

const BUILT_IN: MessagesOption = { en, ko };

/** The built-in languages and those that an app adds. */
export function localesOf(messages: MessagesOption): Locale[] {
  return [...new Set([...Object.keys(BUILT_IN), ...Object.keys(messages)])];
}

/** A text that a language lacks comes from its base language (`de` for `de-AT`), or else from English as the app has set it. */
export function createCatalogs(messages: MessagesOption): Catalogs {
  const ownTexts = (locale: Locale) => ({ ...BUILT_IN[locale], ...defined(messages[locale]) });
  const complete = (locale: Locale): Messages => ({
    ...en,
    ...ownTexts('en'),
    ...ownTexts(new Intl.Locale(locale).language),
    ...ownTexts(locale),
  });
  return new Map(localesOf(messages).map((locale) => [locale, Object.freeze(complete(locale))]));
}

/** Leaves out undefined texts, which would replace the text of the base language. */
function defined(texts: Partial<Messages> = {}): Partial<Messages> {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== undefined));
}
