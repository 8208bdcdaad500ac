import type { Authenticator } from 'passport';
import { z } from 'zod';
import type { AuthConfig } from './auth-config.js';
import type { AuthOptions } from './auth-options.js';
import { openApiConfigSchema } from '../openapi/openapi-options.js';
import { createCatalogs, localesOf } from '../messages/catalogs.js';
import { messagesSchema } from '../messages/messages-schema.js';
import { BoundedCalls } from '../stores/bounded-calls.js';
import type { RefreshTokenStore } from '../stores/refresh-token-store.js';
import type { UserStore } from '../stores/user-store.js';
import { similarNames } from '../utils/similar-names.js';
import { cookieAttributes } from '../http/cookies.js';
import { durationInSeconds, type Duration } from '../utils/duration.js';
import {
  createKeySet,
  KeyError,
  MAKE_A_SECRET,
  type Algorithm,
  type KeySet,
  type Secret,
} from '../tokens/keys.js';
import { StoreClock } from '../stores/store-clock.js';

/** @throws TypeError that names the option and the cure */
export function parseOptions(input: AuthOptions): AuthConfig {
  const parsed = consistentOptionsSchema.safeParse(input);
  if (!parsed.success) throw new TypeError(parsed.error.issues.map(describe).join('\n'));
  const { accessToken, refreshToken, cookies, limits, messages, clock, ...options } = parsed.data;
  const accessKeys = keySet('accessToken.secret', accessToken.algorithm, accessToken.secret);
  const refreshKeys = keySet('refreshToken.secret', 'HS256', refreshToken.secret);
  assertNoOverlap(accessKeys, refreshKeys);

  return Object.freeze<AuthConfig>({
    ...options,
    accessToken: Object.freeze({
      keys: accessKeys,
      expiresInSeconds: accessToken.expiresIn,
      issuer: accessToken.issuer,
      audience: accessToken.audience,
      cacheSize: accessToken.cacheSize,
    }),
    refreshToken: Object.freeze({
      keys: refreshKeys,
      expiresInSeconds: refreshToken.expiresIn,
      maxLifetimeSeconds: refreshToken.maxLifetime,
      reuseWindowSeconds: refreshToken.reuseWindow,
    }),
    cookies: Object.freeze({
      ...cookies,
      domain: cookies.domain,
      attributes: cookieAttributes({ ...cookies, domain: cookies.domain }),
    }),
    password: Object.freeze(options.password),
    limits: Object.freeze({
      username: limits.username && limits.username.failures,
      address: limits.address && limits.address.failures,
      register: limits.register && limits.register.attempts,
      password: limits.password && limits.password.failures,
    }),
    trustedOrigins: new Set(options.trustedOrigins),
    locale: options.locale,
    catalogs: createCatalogs(messages),
    audit: options.audit,
    passport: options.passport,
    revocation: isInstant(options.revocation, options.refreshTokens) ? 'instant' : 'expiry',
    ...timeOf(options.refreshTokens, clock),
  });
}

/** A given clock counts for everything, or else the store's where it has one. */
function timeOf(
  store: RefreshTokenStore,
  clock: (() => number) | undefined,
): Pick<AuthConfig, 'now' | 'storeNow' | 'timeKnown'> {
  if (clock) return { now: clock, storeNow: () => new Date(clock()), timeKnown: () => Promise.resolve() };
  const storeNow = () => undefined;
  if (!store.time) return { now: Date.now, storeNow, timeKnown: () => Promise.resolve() };
  const { run } = new BoundedCalls('time() of the store', () => false);
  const ask = async () => store.time?.();
  const storeClock = new StoreClock(() => run(ask));
  return { now: () => storeClock.now(), storeNow, timeKnown: () => storeClock.known() };
}

/** Nobody would hear of a revocation that could be missed. */
export const CANT_DENY =
  "is 'deny', which needs instant revocation: leave revocation out, or set it to 'instant', with a store that can do it";

function canFollow(store: RefreshTokenStore): boolean {
  return typeof store.followRevocations === 'function';
}

function isInstant(revocation: AuthOptions['revocation'], store: RefreshTokenStore): boolean {
  return (revocation ?? (canFollow(store) ? 'instant' : 'expiry')) === 'instant';
}

/** 100 years: a date beyond the calendar would make tokens that never verify. */
const MAX_SECONDS = 100 * 366 * 24 * 60 * 60;

function duration(minimumSeconds: number, byDefault: Duration) {
  return z
    .unknown()
    .default(byDefault)
    .transform((value, context) => {
      const seconds = durationInSeconds(value) ?? NaN;
      if (seconds >= minimumSeconds && seconds <= MAX_SECONDS) return seconds;
      // The value stays out of the message: it may be a secret that was put into the wrong place.
      context.addIssue(
        `must be a whole number of seconds from ${minimumSeconds} to 100 years, ` +
          "or a text with its unit such as '30s', '30m' or '3h'",
      );
      return z.NEVER;
    });
}

function methods<T>(kind: string, ...names: (keyof T & string)[]) {
  return z.custom<T>(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function'),
    `must be a ${kind}, with the methods ${names.join(', ')}`,
  );
}

function aFunction<T>() {
  return z.custom<T>((value) => typeof value === 'function', 'must be a function');
}

/** The key itself is checked by `createKeySet`; here it only has to be there. */
const secret = z.custom<Secret | readonly Secret[]>(
  (value) =>
    (Array.isArray(value) ? (value as unknown[]) : [value]).every(
      (each) => (typeof each === 'string' && each !== '') || (typeof each === 'object' && each !== null),
    ),
  `is missing: make one with ${MAKE_A_SECRET} and hand it over, from the environment for instance`,
);

const cookieName = (byDefault: string) =>
  z
    .string()
    .regex(/^[!#$%&'*+\-.^_`|~\w]+$/, 'must be a cookie name: letters, digits, - and _')
    .default(byDefault);

const RESERVED_FIELDS = ['remember', 'transport', 'refreshToken', '__proto__'];

const fieldName = (byDefault: string) =>
  z
    .string()
    .regex(/^[\w-]{1,64}$/, 'must be a plain name: letters, digits, - and _')
    .refine((name) => !RESERVED_FIELDS.includes(name), `must not be ${RESERVED_FIELDS.join(', ')}`)
    .default(byDefault);

const limit = <Member extends string>(member: Member, byDefault: number) => {
  const count = z.int().min(1).default(byDefault);
  const tuned = z.strictObject({ [member]: count } as Record<Member, typeof count>);
  const off = z.literal(false).transform(() => undefined);
  return z.union([off, tuned], `must be false or { ${member}: a whole number from 1 }`).prefault({} as never);
};

const cookieSchema = z
  .strictObject({
    accessName: cookieName('accessToken'),
    refreshName: cookieName('refreshToken'),
    flowName: cookieName('flowState'),
    secure: z.boolean().default(() => process.env['NODE_ENV'] === 'production'),
    sameSite: z.enum(['strict', 'lax', 'none']).default('strict'),
    domain: z
      .string()
      .regex(/^\.?[a-z0-9-]+(\.[a-z0-9-]+)*$/i, 'must be a domain name')
      .optional(),
    path: z
      .string()
      .regex(/^\/[ -:=-~]*$/, "must begin with '/' and have no semicolon")
      .default('/'),
  })
  .superRefine((cookies, context) => {
    const issue = (member: string, message: string) =>
      context.addIssue({ code: 'custom', path: [member], message });
    if (cookies.sameSite === 'none' && !cookies.secure) {
      issue(
        'sameSite',
        "is 'none', which browsers take from secure cookies only: set cookies.secure to true",
      );
    }
    if (cookies.accessName === cookies.refreshName)
      issue('refreshName', 'must differ from cookies.accessName');
    for (const member of ['accessName', 'refreshName', 'flowName'] as const) {
      // RFC 6265bis §4.1.3: browsers drop such a cookie when its attributes don't fit its name.
      const prefix = /^__(Host|Secure)-/i.exec(cookies[member])?.[1]?.toLowerCase();
      if (prefix && !cookies.secure) issue(member, 'has a prefix that needs cookies.secure: true');
      if (prefix === 'host' && (cookies.domain !== undefined || cookies.path !== '/')) {
        issue(member, "begins with __Host-, which allows no cookies.domain and no cookies.path but '/'");
      }
    }
  });

const origin = z.string().refine((value) => URL.canParse(value) && new URL(value).origin === value, {
  message: "must be an origin such as 'https://app.example.com', without a path or a slash at its end",
});

const optionsSchema = z.strictObject({
  users: methods<UserStore>('UserStore', 'findByUsername', 'findById', 'create', 'updatePasswordHash'),
  refreshTokens: methods<RefreshTokenStore>(
    'RefreshTokenStore',
    'create',
    'rotate',
    'find',
    'list',
    'revoke',
    'revokeAll',
  ),
  // A group that is missing is one without a secret, and the message says so.
  accessToken: z
    .strictObject({
      secret,
      expiresIn: duration(1, '30m'),
      algorithm: z
        .enum([
          ...['HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512'],
          ...['PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'],
        ] as Algorithm[])
        .default('HS256'),
      issuer: z.string().min(1).optional(),
      audience: z.string().min(1).optional(),
      cacheSize: z.int().min(0).max(1_000_000).default(10_000),
    })
    .prefault({} as never),
  refreshToken: z
    .strictObject({
      secret,
      expiresIn: duration(1, '3h'),
      maxLifetime: duration(1, '30d'),
      reuseWindow: duration(0, '30s'),
    })
    .prefault({} as never),
  cookies: cookieSchema.prefault({}),
  password: z
    .strictObject({
      minLength: z.int().min(1).max(64).default(8),
      cost: z.int().min(10).max(31).default(12),
    })
    .prefault({}),
  limits: z
    .strictObject({
      username: limit('failures', 10),
      address: limit('failures', 50),
      register: limit('attempts', 10),
      password: limit('failures', 10),
    })
    .prefault({}),
  usernameField: fieldName('username'),
  passwordField: fieldName('password'),
  login: z.boolean().default(true),
  register: z.boolean().default(true),
  trustedOrigins: z.array(origin).readonly().default([]),
  getAliases: z.boolean().default(true),
  revocation: z.enum(['instant', 'expiry']).optional(),
  onStoreDown: z.enum(['deny', 'allow-until-expiry']).default('allow-until-expiry'),
  storeUserAgent: z
    .union([z.enum(['full', 'label']), z.literal(false)], "must be 'full', 'label' or false")
    .default('full'),
  openapi: openApiConfigSchema,
  locale: z.string().optional(),
  messages: messagesSchema.prefault({}),
  audit: aFunction<NonNullable<AuthOptions['audit']>>().optional(),
  passport: methods<Authenticator>('Passport instance', 'use', 'authenticate').optional(),
  clock: aFunction<() => number>().optional(),
});

const consistentOptionsSchema = optionsSchema
  .refine(({ usernameField, passwordField }) => usernameField !== passwordField, {
    path: ['passwordField'],
    message: 'must differ from usernameField',
  })
  .refine(({ revocation, refreshTokens }) => revocation !== 'instant' || canFollow(refreshTokens), {
    path: ['revocation'],
    message:
      "is 'instant', which refreshTokens can't do: use one of the stores of this package, give yours the method " +
      "followRevocations, or set revocation to 'expiry'",
  })
  .refine(
    ({ onStoreDown, revocation, refreshTokens }) =>
      onStoreDown !== 'deny' || isInstant(revocation, refreshTokens),
    {
      path: ['onStoreDown'],
      message: CANT_DENY,
    },
  )
  .refine(({ locale, messages }) => locale === undefined || localesOf(messages).includes(locale), {
    path: ['locale'],
    message: "must be 'en', 'ko' or a language that the option messages adds",
  });

function describe(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') {
    const known = knownOptions(issue.path);
    return issue.keys.map((key) => unknownOption([...issue.path, key].join('.'), key, known)).join('\n');
  }
  if (issue.path.length === 0) return 'createAuth needs an object of options';
  return `${issue.path.join('.')} ${issue.message}`;
}

function unknownOption(option: string, key: string, known: string): string {
  const similar = similarNames(key, known.split(', '));
  const guess = similar.length > 0 ? ` (did you mean ${similar.join(' or ')}?)` : '';
  return `Unknown option ${option}: known are ${known}${guess}`;
}

/** The members of the object at `path`, whatever its schema is wrapped in. */
function knownOptions(path: readonly PropertyKey[], schema: unknown = optionsSchema): string {
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodDefault)
    return knownOptions(path, schema.unwrap());
  if (schema instanceof z.ZodPipe) return knownOptions(path, schema.in);
  if (schema instanceof z.ZodUnion) return schema.options.map((each) => knownOptions(path, each)).join('');
  if (schema instanceof z.ZodRecord) return knownOptions(path.slice(1), schema.valueType);
  if (!(schema instanceof z.ZodObject)) return '';
  const [member, ...rest] = path;
  if (member === undefined) return Object.keys(schema.shape).join(', ');
  return knownOptions(rest, schema.shape[String(member)]);
}

function keySet(option: string, algorithm: Algorithm, secrets: Secret | readonly Secret[]): KeySet {
  try {
    return createKeySet(
      algorithm,
      Array.isArray(secrets) ? (secrets as readonly Secret[]) : [secrets as Secret],
    );
  } catch (error) {
    if (!(error instanceof KeyError)) throw error;
    const separator = error.message.startsWith('.') ? '' : ' '; // '.privateKey …' goes on the option's path
    throw new TypeError(option + separator + error.message, { cause: error });
  }
}

/** Equal keys have equal ids, whatever form they came in. */
function assertNoOverlap(access: KeySet, refresh: KeySet): void {
  for (const kid of refresh.kids) {
    if (!access.kids.has(kid)) continue;
    throw new TypeError(
      `refreshToken.secret must have no key in common with accessToken.secret: make one of its own with ${MAKE_A_SECRET}`,
    );
  }
}
