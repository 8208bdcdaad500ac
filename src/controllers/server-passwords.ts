import { z } from 'zod';
import type { PasswordHasher } from '../accounts/password-hasher.js';
import type { FieldError } from '../errors.js';
import type { BodySchemas } from '../http/body-schemas.js';
import { refusedField } from '../messages/rule.js';
import { toFieldErrors } from '../middleware/validate-body.js';
import { kindOf } from '../utils/option-words.js';
import { parseCall } from '../utils/parse-call.js';
import { usernameKey } from '../utils/username.js';
import { originFrom, originShape, type OriginOptions } from './server-sessions.js';

/** The rules and hashes of the package for routes of your own. Arguments of another kind are a TypeError. */
export interface ServerPasswords {
  /**
   * Hashes a password as POST /register does. Ask `problems` first: it doesn't check the rules.
   * @throws AuthError SERVICE_UNAVAILABLE, TOO_MANY_ATTEMPTS when the queue, or the address' share of it, is full
   * @throws RangeError for a password that `password.long: 'refuse'` refuses
   */
  hash(password: string, options?: OriginOptions): Promise<string>;
  /**
   * Whether the password is the one of the hash, as POST /login checks it. Hand over null for a user who doesn't exist: then it is
   * false, and takes as long as for a wrong password. It counts towards no limit, and replaces no hash.
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

export interface ServerPasswordsServices {
  config: { readonly passwordField: string };
  passwords: PasswordHasher;
  bodies: Pick<BodySchemas, 'password'>;
}

const originSchema = z.strictObject(originShape);
const problemsSchema = z.strictObject({ username: z.unknown().optional() });

export function createServerPasswords({
  config,
  passwords,
  bodies,
}: ServerPasswordsServices): ServerPasswords {
  const path = config.passwordField;
  return {
    async hash(password, options = {}) {
      const origin = originFrom(parseCall('passwords.hash()', originSchema, options));
      return passwords.hash(textOf('hash', 'password', password), origin);
    },
    async verify(password, hash, options = {}) {
      const origin = originFrom(parseCall('passwords.verify()', originSchema, options));
      const stored = hash === null ? null : textOf('verify', 'hash', hash);
      return (await passwords.verify(textOf('verify', 'password', password), stored, origin)).matches;
    },
    problems(password, options = {}) {
      const { username } = parseCall('passwords.problems()', problemsSchema, options);
      const change = { currentPassword: 'any', newPassword: password };
      const { error } = bodies.password.safeParse(change);
      if (error) return toFieldErrors(error.issues.map((issue) => ({ ...issue, path: [path] })));
      return typeof username === 'string' && usernameKey(username) === usernameKey(password as string)
        ? [refusedField(path, { key: 'differFromUsername', params: {} })]
        : [];
    },
  };
}

function textOf(method: string, member: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError(`passwords.${method}(): ${member} must be a text, not ${kindOf(value)}`);
}
