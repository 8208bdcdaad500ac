import type { z } from 'zod';
import { loadZod } from './lazy-schema.js';
import { inOurWords } from './option-words.js';
import { requestAsOptions } from './request-as-options.js';
import { similarNames } from './similar-names.js';

/**
 * Parses the options of a call.
 * @param call the call as the developer writes it: `guard()`
 * @throws TypeError that names the call and the option, and says how to fix it
 */
export function parseCall<Schema extends z.ZodType>(
  call: string,
  schema: Schema,
  options: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(options, { error: inOurWords });
  if (parsed.success) return parsed.data;
  const misuse = requestAsOptions(call, 'auth', options);
  if (misuse) throw new TypeError(misuse);
  const problems = parsed.error.issues.map((issue) => describeIssue(issue, schema));
  throw new TypeError(
    problems.map((each) => (each ? `${call}: ${each}` : `${call} needs an object of options`)).join('\n'),
  );
}

/** What is wrong with an option, and how to fix it. Empty if the options are not an object at all. */
export function describeIssue(issue: z.core.$ZodIssue, schema: z.ZodType): string {
  if (issue.code === 'unrecognized_keys') {
    const known = knownOptions(issue.path, schema);
    return issue.keys
      .map((key) => unknownName('option', [...issue.path, key].join('.'), key, known))
      .join('\n');
  }
  if (issue.path.length === 0 && issue.code === 'invalid_type') return '';
  return [issue.path.join('.'), issue.message].filter(Boolean).join(' ');
}

/** @param option the whole path of it; `key` is the last part */
export function unknownName(what: string, option: string, key: string, known: readonly string[]): string {
  const similar = similarNames(key, known);
  const guess = similar.length > 0 ? ` (did you mean ${similar.join(' or ')}?)` : '';
  const list = known.length > 0 ? `: known are ${known.join(', ')}` : '';
  return `Unknown ${what} ${option}${list}${guess}`;
}

/** The names of the options at `path`. Looks through the schemas that wrap an object, such as defaults and unions. */
function knownOptions(path: readonly PropertyKey[], schema: unknown): string[] {
  const zod = loadZod();
  if (
    schema instanceof zod.ZodPrefault ||
    schema instanceof zod.ZodDefault ||
    schema instanceof zod.ZodOptional ||
    schema instanceof zod.ZodReadonly
  )
    return knownOptions(path, schema.unwrap());
  if (schema instanceof zod.ZodArray) return knownOptions(path.slice(1), schema.element);
  if (schema instanceof zod.ZodPipe) return knownOptions(path, schema.in);
  if (schema instanceof zod.ZodUnion) return schema.options.flatMap((each) => knownOptions(path, each));
  if (schema instanceof zod.ZodRecord) return knownOptions(path.slice(1), schema.valueType);
  if (!(schema instanceof zod.ZodObject)) return [];
  const [member, ...rest] = path;
  if (member === undefined) return Object.keys(schema.shape);
  return knownOptions(rest, schema.shape[String(member)]);
}

/**
 * For options whose values are checked elsewhere.
 * @throws TypeError for a name that isn't known
 */
export function checkNames(call: string, known: readonly string[], options: object): void {
  const zod = loadZod();
  const anything = zod.unknown().optional();
  parseCall(call, zod.strictObject(Object.fromEntries(known.map((name) => [name, anything]))), options);
}
