import { kindOf } from './option-words.js';
import { unknownName } from './parse-call.js';
import { requestAsOptions } from './request-as-options.js';

/** Says what is wrong with the value of an option, and how to fix it; undefined for a good one. */
export type OptionCheck = (value: unknown) => string | undefined;

/**
 * Checks the options of a call without zod, which takes longer to load than everything else that a verifier loads.
 * @param checks one for every option that there is; a missing option is undefined
 * @throws TypeError that names the call and every option at fault, and says how to fix it
 */
export function checkOptions(
  call: string,
  checks: Readonly<Record<string, OptionCheck>>,
  options: unknown,
): void {
  const misuse = requestAsOptions(call, 'verifier', options);
  if (misuse) throw new TypeError(misuse);
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new TypeError(`${call} needs an object of options`);
  const names = Object.keys(checks);
  const unknown = Object.keys(options).filter((name) => !names.includes(name));
  const faults = names.flatMap((name) => {
    const fault = checks[name]?.((options as Record<string, unknown>)[name]);
    return fault === undefined ? [] : [`${name} ${fault}`];
  });
  const problems = [...unknown.map((name) => unknownName('option', name, name, names)), ...faults];
  if (problems.length > 0) throw new TypeError(problems.map((each) => `${call}: ${each}`).join('\n'));
}

/** A value of this kind. `must` says which: `must be a text`. */
export const check =
  (isGood: (value: unknown) => boolean, must: string): OptionCheck =>
  (value) =>
    isGood(value) ? undefined : `${must}, ${value === undefined ? 'and is missing' : `not ${kindOf(value)}`}`;

export const optional =
  (needed: OptionCheck): OptionCheck =>
  (value) =>
    value === undefined ? undefined : needed(value);

export const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

export const aBoolean = optional(check((value) => typeof value === 'boolean', 'must be true or false'));

export const oneOf = (...values: readonly string[]): OptionCheck =>
  optional(
    check(
      (value) => values.includes(value as string),
      `must be ${values.map((each) => `'${each}'`).join(' or ')}`,
    ),
  );
