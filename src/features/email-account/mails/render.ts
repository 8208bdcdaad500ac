import type { Locale } from '../../../messages/messages.js';
import { filledIn } from '../../../messages/rule.js';
import { mailPage, type MailPart } from './html.js';
import { lifetimeInWords } from './lifetime-words.js';
import type { FindMailText } from './mail-texts.js';
import type { Mail, MailContent, MailText } from './mail.js';

export interface MailRendering {
  /** What the app calls itself, parsed by `appNameSchema`. */
  readonly appName: string;
  /** Made by `createMailTexts`. */
  readonly texts: FindMailText;
}

/**
 * Puts what a flow knows into words. The mail is in English if the language has no texts for it.
 * @param locale the language of the request that caused the mail
 */
export function renderMail(content: MailContent, locale: Locale, { appName, texts }: MailRendering): Mail {
  const found = texts(content.kind, locale);
  const lifetime = 'lifetimeSeconds' in content ? lifetimeInWords(content.lifetimeSeconds, found.locale) : '';
  const fill = (text: string) => filledIn(text, { appName, lifetime });
  const subject = fill(found.text.subject);
  const parts = partsOf(content, found.text, fill);
  return Object.freeze({
    kind: content.kind,
    to: content.to,
    subject,
    text: parts.map(plainPart).join('\n\n') + '\n',
    html: mailPage({ language: found.locale, heading: subject, parts }),
    ...('url' in content && { url: content.url }),
    ...('code' in content && { code: content.code }),
    ...('expiresAt' in content && { expiresAt: content.expiresAt }),
    locale: found.locale,
    ...(content.userId !== undefined && { userId: content.userId }),
  });
}

function partsOf(content: MailContent, text: MailText, fill: (text: string) => string): MailPart[] {
  const [first, ...rest] = text.lines.map((line) => ({ line: fill(line) }));
  const action = actionOf(content, text, fill);
  const ifNotYou = { ifNotYou: fill(text.ifNotYou) };
  const intro = first ? [first] : [];
  // The link of this mail is for a reader who did not ask for the change.
  if (content.kind === 'email-changed') return [...intro, ...rest, ifNotYou, ...action];
  return [...intro, ...action, ...rest, ifNotYou];
}

function actionOf(
  content: MailContent,
  { button = '' }: MailText,
  fill: (text: string) => string,
): MailPart[] {
  if ('url' in content) return [{ url: content.url, button: fill(button) }];
  return 'code' in content ? [{ code: content.code }] : [];
}

/** A link and a code have a line of their own, from which they are easy to copy. */
function plainPart(part: MailPart): string {
  if ('line' in part) return part.line;
  if ('ifNotYou' in part) return part.ifNotYou;
  return 'code' in part ? part.code : part.url;
}
