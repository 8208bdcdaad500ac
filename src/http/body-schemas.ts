import type { Request } from 'express';
import { z } from 'zod';
import { rule } from '../messages/rule.js';
import { BCRYPT_BYTES, isLongForBcrypt, type LongPasswords } from '../utils/bcrypt-bytes.js';
import { isCommonPassword } from '../utils/common-passwords.js';
import { unkeepableReason } from '../utils/keepable-text.js';
import { nfc } from '../utils/nfc.js';
import {
  brokenUsernameRule,
  hasInvisibleCharacters,
  MAX_USERNAME,
  normalizeUsername,
  usernameKey,
} from '../utils/username.js';
import { TRANSPORTS, type Transport } from '../tokens/transport.js';
import { component } from './component.js';
import { withFurtherMembers } from './describe-fields.js';
import type { RegistrationConfig } from './registration.js';

/** Bodies have at most 16 kB, so the router never meets a longer one. Code of the app that calls `auth.passwords` may. */
const MAX_PASSWORD = 16 * 1024;

const A_PASSWORD = 'correct horse battery staple';

/** Where a registration keeps what the app's schema made of its further members. A symbol, because no body can bring one. */
export const FIELDS = Symbol('fields of a registration');

/** A request behind `validateBody`. */
export type BodyRequest<Name extends keyof Bodies> = Request<Request['params'], unknown, Bodies[Name]>;

export interface Bodies {
  register: { username: string; password: string; [FIELDS]?: unknown };
  login: LoginBody;
  refresh: { refreshToken?: string | undefined };
  password: { currentPassword: string; newPassword: string };
  /** For requests that need no body. */
  none: object;
}

export type BodySchemas = { [Name in keyof Bodies]: z.ZodType<Bodies[Name]> };

/** Besides the two fields that the options name. */
export interface LoginBody extends Record<string, unknown> {
  remember: boolean;
  transport: Transport;
}

/** What the options say about bodies. */
export interface BodyConfig {
  readonly usernameField: string;
  readonly passwordField: string;
  readonly password: {
    readonly minLength: number;
    readonly long: LongPasswords;
    /** With one, no new hash is bcrypt's, which reads only 72 bytes. */
    readonly hasher?: unknown;
  };
  readonly registration: Pick<RegistrationConfig, 'schema'>;
}

/** What the fields of bodies must look like. Features make bodies of their own from them. */
export function createFieldSchemas({ password }: Pick<BodyConfig, 'password'>) {
  const username = text.meta(described.username).transform(normalizeUsername).pipe(normalizedUsername);
  const newUsername = text
    .meta(described.newUsername)
    .transform(normalizeUsername)
    .pipe(normalizedUsername.refine((name) => !hasInvisibleCharacters(name), rule('noInvisibleCharacters')));
  const anyPassword = text
    .min(1, rule('notEmpty'))
    .max(MAX_PASSWORD, { error: rule('tooLong', { count: MAX_PASSWORD }), abort: true })
    .meta(described.password);
  const newPassword = anyPassword
    .refine(
      (secret) => codePoints(nfc(secret)) >= password.minLength,
      rule('tooShort', { count: password.minLength }),
    )
    .refine(
      (secret) => password.long === 'prehash' || password.hasher !== undefined || !isLongForBcrypt(secret),
      rule('tooManyBytes', { count: BCRYPT_BYTES }),
    )
    .refine((secret) => !isCommonPassword(secret), rule('commonPassword'))
    .meta({ ...described.newPassword, minLength: password.minLength });
  return {
    username,
    newUsername,
    anyPassword,
    newPassword,
    remember: z.boolean(rule('mustBeBoolean')).default(false).meta(described.remember),
    transport: z.enum(TRANSPORTS, rule('mustBeTransport')).default('cookie').meta(described.transport),
  };
}

/** What the bodies of the requests must look like. A member that is not named here is refused by name. */
export function createBodySchemas(config: BodyConfig): BodySchemas {
  const { usernameField, passwordField } = config;
  const { schema: fieldsSchema } = config.registration;
  const { username, newUsername, anyPassword, newPassword, remember, transport } = createFieldSchemas(config);

  const register = z
    .strictObject({ [usernameField]: newUsername, [passwordField]: newPassword }, anObject)
    .transform((body) => ({
      username: body[usernameField] as string,
      password: body[passwordField] as string,
    }))
    .superRefine(refuseUsernameAs(passwordField));
  // The two fields keep their names, because passport-local reads them from the body.
  const login = z.strictObject(
    {
      [usernameField]: username,
      [passwordField]: anyPassword,
      remember,
      transport,
    },
    anObject,
  ) as unknown as z.ZodType<LoginBody>;
  const refresh = z.strictObject(
    { refreshToken: z.string(rule('mustBeString')).optional().meta(described.refreshToken) },
    anObject,
  );
  const passwordChange = z.strictObject({ currentPassword: anyPassword, newPassword }, anObject);

  return {
    register: component(
      'AuthRegisterRequest',
      register,
      fieldsSchema && ((body) => withFurtherMembers(body, fieldsSchema)),
    ),
    login: component('AuthLoginRequest', login),
    refresh: component('AuthRefreshRequest', refresh),
    password: component('AuthPasswordRequest', passwordChange),
    none: z.strictObject({}, anObject),
  };
}

/** Refuses a password that is the username. @param passwordField its name in the body */
export function refuseUsernameAs(passwordField: string) {
  return function refine(
    { username, password }: { username: string; password: string },
    context: z.RefinementCtx,
  ): void {
    if (usernameKey(username) !== usernameKey(password)) return;
    context.addIssue({ code: 'custom', path: [passwordField], message: rule('differFromUsername') });
  };
}

const normalizedUsername = z.string().superRefine((name, context) => {
  const broken = brokenUsernameRule(name);
  if (!broken) return;
  const message = broken === 'tooLong' ? rule(broken, { count: MAX_USERNAME }) : rule(broken);
  context.addIssue({ code: 'custom', message });
});

const USERNAME = { maxLength: MAX_USERNAME, pattern: '\\S', examples: ['ann'] };

/** For the OpenAPI document: what JSON Schema can't derive from a transform or a refinement, and what readers want to know. */
const described = {
  username: {
    ...USERNAME,
    description: 'Compared without case; white space around it is dropped. Without control characters.',
  },
  newUsername: {
    ...USERNAME,
    description:
      'Compared without case; white space around it is dropped. Without control characters and invisible characters.',
  },
  password: { format: 'password', examples: [A_PASSWORD] },
  newPassword: {
    description: 'Common passwords are refused.',
    format: 'password',
    examples: [A_PASSWORD],
  },
  remember: { description: 'Whether the cookies stay when the browser closes.' },
  transport: { description: 'How tokens leave: `body` is for clients without cookies.' },
  refreshToken: {
    description: 'For clients without cookies; it beats the refresh cookie.',
    examples: ['eyJhbGciOiJIUzI1NiIsInR5cCI6…'],
  },
};

/** A text that every database can keep as it was sent. */
export const text = z
  .string({ error: ({ input }) => rule(input === undefined ? 'required' : 'mustBeString') })
  .superRefine((value, context) => {
    const reason = unkeepableReason(value);
    if (reason) context.addIssue({ code: 'custom', message: rule(reason) });
  });

/** In the words that zod would use. Its issue about unknown members names them in `keys`, and its text is not used. */
export const anObject = {
  error: ({ input }: { input?: unknown }) =>
    rule('mustBeObject', {
      received: Array.isArray(input) ? 'array' : input === null ? 'null' : typeof input,
    }),
};

/** The members that a body of this schema may have. */
export function membersOf(schema: z.ZodType): string[] {
  if (schema instanceof z.ZodPipe) return membersOf(schema.in as z.ZodType);
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function codePoints(value: string): number {
  return Array.from(value).length;
}
