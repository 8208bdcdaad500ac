import { z } from 'zod';
import { readUser } from '../stores/checked-users.js';
import type { UserIds } from '../stores/user-ids.js';
import type { StoredUser, UserStore } from '../stores/user-store.js';
import { isStandardSchema, type StandardSchemaV1 } from '../utils/standard-schema.js';

/** The option `register` with more than a yes: a registration with fields of your own. */
export interface RegistrationOptions<Fields = unknown> {
  /**
   * Checks the further members of the body of /register, all but username and password: a schema of zod, valibot, arktype or
   * another library that knows Standard Schema. Its output goes to `create`. What it finds wrong is answered with 400
   * `VALIDATION_FAILED`, and so is a member that its output lacks. If it takes longer than 5 seconds, the answer is 503; what it
   * throws goes to your error handler. No user exists then. Default: none, and further members are refused.
   * @throws TypeError without `create`, if the user store doesn't say `takesFields: true`
   */
  schema?: StandardSchemaV1<unknown, Fields>;
  /**
   * Creates the user in place of `users.create(user, fields)`, such as in one transaction with rows of other tables, and returns
   * the user as the user store does. `fields` is the output of `schema`. If the username exists, throw a `UsernameTakenError`. An
   * AuthError is answered, and any other error goes to your error handler. Default: `users.create`.
   */
  create?(user: RegisteredUser, fields: Fields): Promise<StoredUser>;
}

/** A user to create, as POST /register has checked it. */
export interface RegisteredUser {
  username: string;
  passwordHash: string;
}

/** The option `register`, parsed. */
export interface RegistrationConfig {
  readonly schema: StandardSchemaV1 | undefined;
  readonly create: (user: RegisteredUser, fields: unknown) => Promise<StoredUser>;
}

/** A refinement, because a union passes on only issues that don't abort. */
const optional = <T>(isOne: (value: unknown) => boolean, message: string) =>
  z
    .unknown()
    .refine((value) => value === undefined || isOne(value), message)
    .optional() as z.ZodType<T | undefined>;

const registrationSchema = z.strictObject({
  schema: optional<StandardSchemaV1>(
    isStandardSchema,
    'must be a schema of a library that knows Standard Schema, such as zod or valibot',
  ),
  create: optional<NonNullable<RegistrationOptions['create']>>(
    (value) => typeof value === 'function',
    'must be a function',
  ),
});

/** The option `register`. */
export const registerSchema = z
  .union([z.boolean(), registrationSchema], 'must be true, false or { schema?, create? }')
  .default(true);

type RegisterOption = z.output<typeof registerSchema>;

/** @param users gets what `create` doesn't take; `ids` remembers the ids that both return */
export function registrationConfig(
  option: RegisterOption,
  users: UserStore,
  ids: UserIds,
): RegistrationConfig {
  const { schema, create } = typeof option === 'object' ? option : {};
  return {
    schema,
    create: create
      ? async (user, fields) => readUser('register.create()', await create(user, fields), ids)
      : (user, fields) => users.create(user, fields),
  };
}
