import type { BrokenRule, FieldError } from '../errors.js';
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

/** Encodes a rule as a message for zod, because an issue of zod can carry one text and nothing else. */
export function rule<Key extends MessageKey>(key: Key, ...[params]: ParamsOf<Key>): string {
  return JSON.stringify({ key, params: params ?? {} } satisfies BrokenRule);
}

/** The rule in the message of an issue; undefined if the message is zod's own text. */
export function ruleOf(message: string): BrokenRule | undefined {
  return message.startsWith('{"key":') ? (JSON.parse(message) as BrokenRule) : undefined;
}

export function ruleText({ key, params }: BrokenRule, texts: Messages): string {
  return texts[key as MessageKey].replace(PLACEHOLDER, (placeholder, name: string) =>
    String(params[name] ?? placeholder),
  );
}

/** The error of a field that broke a rule, with its text in English. */
export function refusedField(path: string, brokenRule: BrokenRule): FieldError {
  return { path, message: ruleText(brokenRule, en), rule: brokenRule };
}

const PLACEHOLDER = /\{(\w+)\}/g;

export function placeholdersIn(text: string): string[] {
  return Array.from(text.matchAll(PLACEHOLDER), ([, name = '']) => name);
}
