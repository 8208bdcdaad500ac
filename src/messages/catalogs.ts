import { en } from './en.js';
import { ko } from './ko.js';
import type { Locale, Messages, MessagesOption } from './messages.js';

/** The texts of every language that an answer can be in, English first. */
export type Catalogs = ReadonlyMap<Locale, Messages>;

const BUILT_IN: MessagesOption = { en, ko };

/** The built-in languages and those that an app adds. */
export function localesOf(messages: MessagesOption): Locale[] {
  return [...new Set([...Object.keys(BUILT_IN), ...Object.keys(messages)])];
}

/** What a language lacks comes from its broader one (`de` for `de-AT`), then from English as the app has it. */
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

/** `undefined` would hide the text below it. */
function defined(texts: Partial<Messages> = {}): Partial<Messages> {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== undefined));
}
