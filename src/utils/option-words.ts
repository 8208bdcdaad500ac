import type { z } from 'zod';

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  bigint: 'a bigint',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  date: 'a valid Date',
  function: 'a function',
};

/** What an option must be, in place of zod's words. Schemas that have words of their own keep them. */
export function inOurWords(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${KINDS[issue.expected] ?? `of the type ${issue.expected}`}${butIs(issue.input)}`;
    case 'invalid_value':
      return `must be ${listed(issue.values)}${butIsNot(issue.input)}`;
    case 'too_small':
      return issue.minimum === 1 && issue.origin !== 'number' && issue.origin !== 'int'
        ? 'must not be empty'
        : `must be at least ${String(issue.minimum)}${unitOf(issue.origin)}`;
    case 'too_big':
      return `must be at most ${String(issue.maximum)}${unitOf(issue.origin)}`;
    default:
      return `can't be used here${butIs(issue.input)}`;
  }
}

/** Never the value itself: it may be a secret that was put into the wrong place. */
function butIs(value: unknown): string {
  if (value === undefined) return ' and is missing';
  return `, not ${kindOf(value)}`;
}

/** A number is no secret, and "6, 7 or 8, not a number" would explain nothing. */
function butIsNot(value: unknown): string {
  if (typeof value === 'string') return '';
  return typeof value === 'number' ? `, not ${value}` : butIs(value);
}

/** What a value is, without showing it: it may be a secret. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'number') return kindOfNumber(value);
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return value === '' ? 'an empty text' : 'a text';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** A wrong value as the developer wrote it where that is a text or a number, and else what it is. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  return typeof value === 'number' ? String(value) : kindOf(value);
}

function kindOfNumber(value: number): string {
  if (Number.isSafeInteger(value)) return 'a number';
  return Number.isInteger(value) ? 'a number that is not exact' : 'a number that is not whole';
}

function unitOf(origin: string): string {
  if (origin === 'string') return ' characters long';
  return origin === 'array' ? ' entries long' : '';
}

function listed(values: readonly unknown[]): string {
  const texts = values.map((value) => (typeof value === 'string' ? `'${value}'` : String(value)));
  return texts.length < 2 ? texts.join() : `${texts.slice(0, -1).join(', ')} or ${texts.at(-1) ?? ''}`;
}
