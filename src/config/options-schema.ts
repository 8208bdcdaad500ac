import type { Authenticator } from 'passport';
import { z } from 'zod';
import type { Feature } from '../features/feature.js';
import { errorBodySchema } from '../http/error-body-option.js';
import { registerSchema } from '../http/registration.js';
import { trustedOriginsSchema } from '../http/trusted-origins-option.js';
import { localesOf } from '../messages/catalogs.js';
import { messagesSchema } from '../messages/messages-schema.js';
import { openApiConfigSchema } from '../openapi/openapi-options.js';
import type { ClaimsSource } from '../sessions/ask-claims.js';
import { CANT_DENY } from '../sessions/revocations.js';
import { MOST_SESSIONS } from '../sessions/session-config.js';
import type { RefreshTokenStore } from '../stores/refresh-token-store.js';
import type { UserStore } from '../stores/user-store.js';
import type { Algorithm } from '../tokens/keys.js';
import type { AuthOptions } from './auth-options.js';
import { passwordFunctions, passwordVerifier } from './password-schemes.js';
import { aFunction, cookieName, duration, fieldName, limit, methods, secret } from './option-types.js';

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

const feature = z.custom<Feature>(
  (value) => {
    const { name, setUp } = (value ?? {}) as Partial<Feature>;
    return typeof name === 'string' && name !== '' && typeof setUp === 'function';
  },
  {
    error: ({ input }) =>
      typeof input === 'function'
        ? 'must be a feature: call the function, as in secondFactor({ … })'
        : 'must be a feature, with a name and the method setUp',
  },
);

/** Schemes of the registry of IANA whose credentials are no token. */
const OTHER_SCHEMES = ['basic', 'digest', 'negotiate', 'dpop'];

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
          ...['PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'],
        ] as Algorithm[])
        .default('HS256'),
      issuer: z.string().min(1).optional(),
      audience: z.string().min(1).optional(),
      cacheSize: z.int().min(0).max(1_000_000).default(10_000),
      claims: aFunction<ClaimsSource>().optional(),
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
      long: z.enum(['prehash', 'refuse']).default('prehash'),
      hasher: passwordFunctions.optional(),
      verifiers: z.array(passwordVerifier).readonly().default([]),
    })
    .prefault({}),
  limits: z
    .strictObject({
      username: limit('failures', 10),
      address: limit('failures', 50),
      register: limit('attempts', 10),
      password: limit('failures', 10),
      logins: limit('successes', 60),
      sessions: z
        .union(
          [z.int().min(1).max(MOST_SESSIONS), z.literal(false)],
          `must be false or a whole number from 1 to ${MOST_SESSIONS}`,
        )
        .default(100),
    })
    .prefault({}),
  usernameField: fieldName('username'),
  passwordField: fieldName('password'),
  login: z.boolean().default(true),
  register: registerSchema,
  trustedOrigins: trustedOriginsSchema,
  getAliases: z.boolean().default(true),
  revocation: z.enum(['instant', 'expiry']).optional(),
  onStoreDown: z.enum(['deny', 'allow-until-expiry']).default('allow-until-expiry'),
  storeUserAgent: z
    .union([z.enum(['full', 'label']), z.literal(false)], "must be 'full', 'label' or false")
    .default('full'),
  openapi: openApiConfigSchema,
  jwks: z.boolean().default(false),
  authScheme: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,31}$/i, "must be a name such as 'Token': letters, digits and -")
    .refine(
      (name) => !OTHER_SCHEMES.includes(name.toLowerCase()),
      'must not be a scheme that carries something else',
    )
    .optional(),
  errorBody: errorBodySchema,
  locale: z.string().optional(),
  messages: messagesSchema.prefault({}),
  features: z.array(feature).readonly().default([]),
  audit: aFunction<NonNullable<AuthOptions['audit']>>().optional(),
  passport: methods<Authenticator>('Passport instance', 'use', 'authenticate').optional(),
  clock: aFunction<() => number>().optional(),
} satisfies Record<keyof AuthOptions, z.ZodType>);

/** The options, and what must hold between two of them. */
export const consistentOptionsSchema = optionsSchema
  .refine(({ usernameField, passwordField }) => usernameField !== passwordField, {
    path: ['passwordField'],
    message: 'must differ from usernameField',
  })
  .refine(
    ({ register, users }) =>
      typeof register !== 'object' || !register.schema || register.create || users.takesFields === true,
    {
      path: ['register', 'schema'],
      message:
        'needs a place for its fields, which the user store would drop: add register.create, or use a user store of your own ' +
        'whose create(user, fields) keeps them and that says takesFields: true',
    },
  )
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
  .refine(({ jwks, accessToken }) => !jwks || !accessToken.algorithm.startsWith('HS'), {
    path: ['jwks'],
    message:
      "is true, but accessToken.algorithm is HMAC ('HS256' by default), whose key also signs and must stay secret: set accessToken.algorithm to " +
      "'EdDSA' or 'ES256', and accessToken.secret to { privateKey, publicKey }",
  })
  .refine(({ locale, messages }) => locale === undefined || localesOf(messages).includes(locale), {
    path: ['locale'],
    message: "must be 'en', 'ko' or a language that the option messages adds",
  });

function canFollow(store: RefreshTokenStore): boolean {
  return typeof store.followRevocations === 'function';
}

/** Whether the end of a session reaches all processes at once. */
export function isInstant(revocation: AuthOptions['revocation'], store: RefreshTokenStore): boolean {
  return (revocation ?? (canFollow(store) ? 'instant' : 'expiry')) === 'instant';
}
