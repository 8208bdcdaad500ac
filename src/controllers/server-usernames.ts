import type { FieldError } from '../errors.js';
import type { BodySchemas } from '../http/body-schemas.js';
import { toFieldErrors } from '../middleware/validate-body.js';

/** The rules of usernames for routes of your own. */
export interface ServerUsernames {
  /**
   * Which rule of POST /register a new username breaks, in English; `auth.textOf(problem, req)` has the user's language. Empty if it
   * breaks none: `users.create` then takes the name unless it is taken. `path` is the option `usernameField`. Takes any value of a body.
   */
  problems(username: unknown): FieldError[];
}

export interface ServerUsernamesServices {
  config: { readonly usernameField: string };
  bodies: Pick<BodySchemas, 'register'>;
}

export function createServerUsernames({ config, bodies }: ServerUsernamesServices): ServerUsernames {
  const field = config.usernameField;
  return {
    problems(username) {
      // The body lacks a password, which is a problem of another field.
      const { error } = bodies.register.safeParse({ [field]: username });
      return toFieldErrors(error?.issues ?? []).filter(({ path }) => path === field);
    },
  };
}
