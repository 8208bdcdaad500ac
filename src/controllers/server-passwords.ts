import { z } from 'zod';
import { verifyCredentials, type CredentialServices } from '../accounts/verify-credentials.js';
import { validationFailed, type FieldError } from '../errors.js';
import { createFieldSchemas, type BodyConfig, type BodySchemas } from '../http/body-schemas.js';
import { refusedField } from '../messages/rule.js';
import { toFieldErrors } from '../middleware/validate-body.js';
import type { StoredUser } from '../stores/user-store.js';
import { kindOf } from '../utils/option-words.js';
import { parseCall } from '../utils/parse-call.js';
import { usernameKey } from '../utils/username.js';
import { originFrom, originShape, type OriginOptions } from './server-sessions.js';

/** The rules and hashes of the package for routes of your own. Arguments of another kind are a TypeError. */
export interface ServerPasswords {
  /**
   * Proves a login for a route or a resolver of your own, as POST /login does: with all limits on attempts, the event `loginFailed`,
   * the same answer and the same time for unknown users, and a new hash in place of a weak one. Takes any values of a body. It
   * starts no session: hand the user over to `auth.startSession` or `auth.sessions.start`.
   * @param options the limits count by `ip`. Calls without one share one count
   * @returns the stored user, without the password hash
   * @throws AuthError as POST /login answers: VALIDATION_FAILED, whose `errors` have the options `usernameField` and `passwordField`
   * as `path`; INVALID_CREDENTIALS; TOO_MANY_ATTEMPTS; SERVICE_UNAVAILABLE
   */
  prove(
    username: unknown,
    password: unknown,
    options?: OriginOptions,
  ): Promise<Omit<StoredUser, 'passwordHash'>>;
  /**
   * Hashes a password as POST /register does. Ask `problems` first: it doesn't check the rules of new passwords.
   * @throws AuthError SERVICE_UNAVAILABLE, TOO_MANY_ATTEMPTS when the queue, or the address' share of it, is full
   * @throws TypeError for a password that no one could log in with: empty, longer than 16,384 characters, with a NUL or a lone surrogate
   * @throws RangeError for a password that `password.long: 'refuse'` refuses
   */
  hash(password: string, options?: OriginOptions): Promise<string>;
  /**
   * Whether the password is the one of the hash, as POST /login checks it. Hand over null for a user who doesn't exist: then it is
   * false, and takes as long as for a wrong password. A password that `hash` refuses is false too. It counts towards no limit, and
   * replaces no hash: for the users of the user store there is `prove`.
   * @throws AuthError SERVICE_UNAVAILABLE, TOO_MANY_ATTEMPTS, as `hash`
   */
  verify(password: string, hash: string | null, options?: OriginOptions): Promise<boolean>;
  /**
   * Which rules of POST /register a new password breaks, in English; `auth.textOf(problem, req)` has the user's language. Empty if it
   * breaks none. `path` is the option `passwordField`. Takes any value of a body.
   * @param options `username`: the password must differ from it. Takes any value of a body too
   */
  problems(password: unknown, options?: { username?: unknown }): FieldError[];
}

export interface ServerPasswordsServices extends CredentialServices {
  config: CredentialServices['config'] & BodyConfig;
  bodies: Pick<BodySchemas, 'login'>;
}

const originSchema = z.strictObject(originShape);
const problemsSchema = z.strictObject({ username: z.unknown().optional() });

export function createServerPasswords(services: ServerPasswordsServices): ServerPasswords {
  const { bodies, config, passwords } = services;
  const { usernameField, passwordField } = config;
  const { anyPassword, newPassword } = createFieldSchemas(config);
  const problemsOf = (schema: z.ZodType, password: unknown) => {
    const issues = schema.safeParse(password).error?.issues ?? [];
    return toFieldErrors(issues.map((issue) => ({ ...issue, path: [passwordField] })));
  };
  return {
    async prove(typedName, typedPassword, options = {}) {
      const origin = originFrom(parseCall('passwords.prove()', originSchema, options));
      const login = bodies.login.safeParse({ [usernameField]: typedName, [passwordField]: typedPassword });
      if (login.error) throw validationFailed(...toFieldErrors(login.error.issues));
      const username = login.data[usernameField] as string;
      const password = login.data[passwordField] as string;
      const proved = await verifyCredentials(services, { username, password, origin });
      const { passwordHash: _secret, ...user } = proved;
      return user;
    },
    async hash(password, options = {}) {
      const origin = originFrom(parseCall('passwords.hash()', originSchema, options));
      const text = textOf('hash', 'password', password);
      const [problem] = problemsOf(anyPassword, text);
      if (problem) throw new TypeError(`passwords.hash(): password ${problem.message}`);
      return passwords.hash(text, origin);
    },
    async verify(password, hash, options = {}) {
      const origin = originFrom(parseCall('passwords.verify()', originSchema, options));
      const stored = hash === null ? null : textOf('verify', 'hash', hash);
      const text = textOf('verify', 'password', password);
      if (problemsOf(anyPassword, text).length > 0) return false;
      return (await passwords.verify(text, stored, origin)).matches;
    },
    problems(password, options = {}) {
      const { username } = parseCall('passwords.problems()', problemsSchema, options);
      const problems = problemsOf(newPassword, password);
      if (problems.length > 0) return problems;
      return typeof username === 'string' && usernameKey(username) === usernameKey(password as string)
        ? [refusedField(passwordField, { key: 'differFromUsername', params: {} })]
        : [];
    },
  };
}

function textOf(method: string, member: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError(`passwords.${method}(): ${member} must be a text, not ${kindOf(value)}`);
}
