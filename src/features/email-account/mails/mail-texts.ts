import { z } from 'zod';
import type { MailKind } from '../../../events/auth-event.js';
import type { Locale } from '../../../messages/messages.js';
import { byLanguage, languageTag, ownText } from '../../../messages/own-texts.js';
import type { MailText, MailTexts } from './mail.js';
import { en } from './texts-en.js';
import { ko } from './texts-ko.js';

/** Texts of an app, by kind. */
export type OwnMailTexts = { readonly [Kind in MailKind]?: Partial<MailText> | undefined };

/**
 * The option `texts` of `emailAccount()`: texts by language and kind. They replace built-in texts member by member. For a language
 * that isn't built in, each kind that you name needs all of its members, and the kinds that you don't name are in English.
 */
export interface MailTextsOption {
  readonly en?: OwnMailTexts | undefined;
  readonly ko?: OwnMailTexts | undefined;
  readonly [locale: string]: OwnMailTexts | undefined;
}

const BUILT_IN: Readonly<Partial<Record<string, MailTexts>>> = { en, ko };
const KINDS = Object.keys(en) as MailKind[];
/** No mail program shows more of a subject than this. */
const MAX_NAME_LENGTH = 100;
const MAX_TEXT_LENGTH = 2000;
/** A line break would begin another header. A change of direction makes one name look like another. */
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/u;

/** The option `appName`. */
export const appNameSchema = z
  .string()
  .max(MAX_NAME_LENGTH)
  .refine((name) => name.trim() !== '', 'must not be empty')
  .refine((name) => !CONTROL.test(name), 'must not contain control characters');

/** The option `texts`. */
export const mailTextsSchema = byLanguage(
  z.strictObject(Object.fromEntries(KINDS.map((kind) => [kind, textSchema(kind).optional()]))).optional(),
  // Where the language was forgotten, the kind of a mail comes in its place, and `reset` could be a tag.
  languageTag.refine((key) => !KINDS.some((kind) => kind === key)),
).superRefine((texts, context) => {
  for (const { path, message } of missingIn(texts)) context.addIssue({ code: 'custom', path, message });
});

function textSchema(kind: MailKind): z.ZodType {
  const text = ownText(hasLifetime(kind) ? ['appName', 'lifetime'] : ['appName'])
    .max(MAX_TEXT_LENGTH)
    .refine((value) => !CONTROL.test(value), 'must not contain control characters, such as a line break');
  return z.strictObject({
    subject: text.optional(),
    lines: z.array(text).min(1).optional(),
    ...(en[kind].button !== undefined && { button: text.optional() }),
    ifNotYou: text.optional(),
  });
}

function hasLifetime(kind: MailKind): boolean {
  return JSON.stringify(en[kind]).includes('{lifetime}');
}

/** What is missing from the texts of languages that aren't built in. A mail in two languages would be worse than one in English. */
function missingIn(texts: MailTextsOption): { path: string[]; message: string }[] {
  const message = `is missing: a language that isn't built in needs all texts of a mail`;
  return Object.keys(texts).flatMap((locale) =>
    KINDS.filter((kind) => texts[locale]?.[kind] !== undefined).flatMap((kind) => {
      const text = composed(texts, locale, kind);
      const members = Object.keys(en[kind]) as (keyof MailText)[];
      return members
        .filter((member) => text[member] === undefined)
        .map((member) => ({ path: [locale, kind, member], message }));
    }),
  );
}

/** The text of a mail, and the language that it is in. */
export type FindMailText = (kind: MailKind, locale: Locale) => { text: MailText; locale: Locale };

/**
 * Texts as the app has replaced them. `de-AT` falls back on `de`, and a language without texts for the mail on English.
 * @param texts parsed by `mailTextsSchema`
 */
export function createMailTexts(texts: MailTextsOption = {}): FindMailText {
  return function findMailText(kind, locale) {
    const text = composed(texts, locale, kind);
    return isWhole(text) ? { text, locale } : { text: composed(texts, 'en', kind) as MailText, locale: 'en' };
  };
}

function composed(texts: MailTextsOption, locale: Locale, kind: MailKind): Partial<MailText> {
  const { language } = new Intl.Locale(locale);
  return {
    ...BUILT_IN[language]?.[kind],
    ...defined(texts[language]?.[kind]),
    ...defined(texts[locale]?.[kind]),
  };
}

/** Leaves out undefined members, which would remove the text that they stand for. */
function defined(text: Partial<MailText> = {}): Partial<MailText> {
  return Object.fromEntries(Object.entries(text).filter(([, value]) => value !== undefined));
}

function isWhole(text: Partial<MailText>): text is MailText {
  return text.subject !== undefined;
}
