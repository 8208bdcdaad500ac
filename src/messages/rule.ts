import type { AuthError, BrokenRule, FieldError } from '../errors.js';
import { withHidden } from '../utils/hidden-members.js';
import { en } from './en.js';
import type { MessageKey, Messages } from './messages.js';

/** The names in braces, such as `'count'` in `'at least {count} long'`. */
type PlaceholderIn<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PlaceholderIn<Rest>
  : never;

type Params<Name extends string> = Readonly<Record<Name, string | number>>;

type ParamsOf<Key extends MessageKey> = [PlaceholderIn<(typeof en)[Key]>] extends [never]
  ? []
  : [params: Params<PlaceholderIn<(typeof en)[Key]>>];

/** A rule of this package. */
interface KnownRule extends BrokenRule {
  readonly key: MessageKey;
}

/** Encodes a rule as a message for zod, because an issue of zod can carry one text and nothing else. */
export function rule<Key extends MessageKey>(key: Key, ...[params]: ParamsOf<Key>): string {
  return JSON.stringify({ key, params: params ?? {} } satisfies KnownRule);
}

/** The rule in the message of an issue; undefined if the message is zod's own text. */
export function ruleOf(message: string): KnownRule | undefined {
  return message.startsWith('{"key":') ? (JSON.parse(message) as KnownRule) : undefined;
}

/** The text of an error, without its fields. */
export function errorText({ code, textKey = code }: AuthError, texts: Messages): string {
  return (texts as Readonly<Partial<Record<string, string>>>)[textKey] ?? texts[code];
}

/** What is wrong with a field. An error that an app made itself may name a rule that has no text here: its message counts. */
export function fieldText({ message, rule: broken }: FieldError, texts: Messages): string {
  const text = broken && (texts as Readonly<Partial<Record<string, string>>>)[broken.key];
  return text === undefined ? message : filledIn(text, broken?.params ?? {});
}

/** The error of a field that broke a rule, with its text in English. */
export function refusedField(path: string, brokenRule: KnownRule): FieldError {
  const message = filledIn(en[brokenRule.key], brokenRule.params);
  return withHidden({ path, message }, { rule: brokenRule });
}

const PLACEHOLDER = /\{(\w+)\}/g;

/** Fills in the placeholders that it has values for. */
export function filledIn(text: string, params: BrokenRule['params']): string {
  return text.replace(PLACEHOLDER, (placeholder, name: string) => String(params[name] ?? placeholder));
}

export function placeholdersIn(text: string): string[] {
  return Array.from(text.matchAll(PLACEHOLDER), ([, name = '']) => name);
}
