import type { en } from './en.js';

/** The key of a text: the code of a failure, or a name for what the text says. docs/messages.md lists them. */
export type MessageKey = keyof typeof en;

/** All texts of one language. Placeholders such as `{count}` are filled in. */
export type Messages = Readonly<Record<MessageKey, string>>;

/** A language tag (BCP 47): one that is built in, or one that the option `messages` adds. */
export type Locale = 'en' | 'ko' | (string & {});

/** The option `messages`: texts by language. They replace built-in texts, or add a language that isn't built in. */
export interface MessagesOption {
  readonly en?: Partial<Messages> | undefined;
  readonly ko?: Partial<Messages> | undefined;
  readonly [locale: string]: Partial<Messages> | undefined;
}
