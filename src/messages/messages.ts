import type { en } from './en.js';

/** Names a text: the code of a failure, or what the text says. */
export type MessageKey = keyof typeof en;

/** Every text of one language. `{count}` and the like are filled in. */
export type Messages = Readonly<Record<MessageKey, string>>;

/** A language tag (BCP 47): one that is built in, or one that the option `messages` adds. */
export type Locale = 'en' | 'ko' | (string & {});

/** The option `messages`: texts by language, each of which replaces one or adds to a language that is not built in. */
export interface MessagesOption {
  readonly en?: Partial<Messages> | undefined;
  readonly ko?: Partial<Messages> | undefined;
  readonly [locale: string]: Partial<Messages> | undefined;
}
