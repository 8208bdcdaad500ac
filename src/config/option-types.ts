import { z } from 'zod';
import type { Secret } from '../tokens/keys.js';
import { durationInSeconds, MAX_LIFETIME_SECONDS, type Duration } from '../utils/duration.js';

// Both work in an empty folder, and with the examples of README and docs.
const MAKE_SECRETS = '`npx passport-visa secret >> .env`';
const LOAD_SECRETS = '`node --env-file=.env app.mjs`';

/** Whole seconds, at least `minimumSeconds`. */
export function duration(minimumSeconds: number, byDefault: Duration) {
  return z
    .unknown()
    .default(byDefault)
    .transform((value, context) => {
      const seconds = durationInSeconds(value) ?? NaN;
      if (seconds >= minimumSeconds && seconds <= MAX_LIFETIME_SECONDS) return seconds;
      // The value stays out of the message: it may be a secret that was put into the wrong place.
      context.addIssue(
        `must be a whole number of seconds from ${minimumSeconds} to 100 years, ` +
          "or a text with its unit such as '30s', '30m' or '3h'",
      );
      return z.NEVER;
    });
}

/** An object with these methods: a store, or a Passport instance. */
export function methods<T>(kind: string, ...names: (keyof T & string)[]) {
  const hasThem = (value: unknown) =>
    names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function');
  return z.custom<T>((value) => typeof value === 'object' && value !== null && hasThem(value), {
    error: ({ input }) =>
      isClass(input) && hasThem(input.prototype)
        ? `is a class: make a ${kind} of it, new ${input.name}(…)`
        : `must be a ${kind}, with the methods ${names.join(', ')}`,
  });
}

function isClass(value: unknown): value is { name: string; prototype: object } {
  return typeof value === 'function' && typeof value.prototype === 'object' && value.prototype !== null;
}

export function aFunction<T>() {
  return z.custom<T>((value) => typeof value === 'function', 'must be a function');
}

/** The key itself is checked by `createKeySet`; here it only has to be there. */
export const secret = z.custom<Secret | readonly Secret[]>(
  (value) =>
    (Array.isArray(value) ? (value as unknown[]) : [value]).every(
      (each) => (typeof each === 'string' && each !== '') || (typeof each === 'object' && each !== null),
    ),
  `is missing: make both secrets with ${MAKE_SECRETS}, and start the app with ${LOAD_SECRETS}`,
);

export const cookieName = (byDefault: string) =>
  z
    .string()
    .regex(/^[!#$%&'*+\-.^_`|~\w]+$/, 'must be a cookie name: letters, digits, - and _')
    .default(byDefault);

const RESERVED_FIELDS = ['remember', 'transport', 'refreshToken', '__proto__'];

export const fieldName = (byDefault: string) =>
  z
    .string()
    .regex(/^[\w-]{1,64}$/, 'must be a plain name: letters, digits, - and _')
    .refine((name) => !RESERVED_FIELDS.includes(name), `must not be ${RESERVED_FIELDS.join(', ')}`)
    .default(byDefault);

/** A limit that false switches off; then it is undefined. */
export const limit = <Member extends string>(member: Member, byDefault: number) => {
  const count = z.int().min(1).default(byDefault);
  const tuned = z.strictObject({ [member]: count } as Record<Member, typeof count>);
  const off = z.literal(false).transform(() => undefined);
  return z.union([off, tuned], `must be false or { ${member}: a whole number from 1 }`).prefault({} as never);
};
