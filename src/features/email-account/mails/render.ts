import type { Locale } from '../../../messages/messages.js';
import type { Mail, MailContent } from './mail.js';

export function renderMail(content: MailContent, locale: Locale, _options: object): Mail {
  return { subject: content.kind, text: content.kind, html: content.kind, locale, ...content } as Mail;
}
