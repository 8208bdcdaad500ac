import type { en } from './en.js';
import type { MessageKey, Messages } from './messages.js';
import { fillIn, type Params, type PlaceholderIn } from './placeholders.js';

/** A rule that a field broke, as its text and what is filled into it. */
export interface BrokenRule {
  readonly key: MessageKey;
  readonly params: Params;
}

type ParamsOf<Key extends MessageKey> = [PlaceholderIn<(typeof en)[Key]>] extends [never]
  ? []
  : [params: Params<PlaceholderIn<(typeof en)[Key]>>];

/** A rule as zod takes it for a message: an issue has room for a text and nothing else. */
export function rule<Key extends MessageKey>(key: Key, ...[params]: ParamsOf<Key>): string {
  return JSON.stringify({ key, params: params ?? {} } satisfies BrokenRule);
}

/** The rule in the message of an issue. */
export function ruleOf(message: string): BrokenRule | undefined {
  return message.startsWith('{"key":') ? (JSON.parse(message) as BrokenRule) : undefined;
}

export function ruleText({ key, params }: BrokenRule, texts: Messages): string {
  return fillIn(texts[key], params);
}
