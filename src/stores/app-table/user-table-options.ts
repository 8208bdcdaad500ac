import type { z } from 'zod';
import { lazySchema } from '../../utils/lazy-schema.js';
import { parseCall } from '../../utils/parse-call.js';
import type { Row } from './user-rows.js';

/** Which columns of the app's table hold what: names of columns in SQL, of fields in a model of Prisma or Drizzle. */
export interface UserColumns {
  /** The primary key: integer, bigint, uuid or text. */
  id: string;
  /** The name that the user types, such as an e-mail address. Needs a unique index. */
  username: string;
  /**
   * A text column of your own with a unique index, for `usernameKey(username)`. Default: the keys are in a table beside yours,
   * `<table>_usernames`.
   */
  usernameKey?: string | undefined;
  /** The hash, at least 60 characters. Nullable, if users may log in by other strategies alone. */
  passwordHash: string;
  /** A list of texts: `text[]` or `jsonb` in PostgreSQL, JSON elsewhere. Default: none; see the option `roles`. */
  roles?: string | undefined;
  /** Whether the user is disabled. `{ column: 'active', invert: true }` for a column that says the contrary. Default: no user is. */
  disabled?: string | { readonly column: string; readonly invert: true } | undefined;
  /**
   * For the feature `emailAccount`: whether the address in `username` is proved. A boolean, or in PostgreSQL and MySQL the time of the proof,
   * which may be NULL. Read and written. Default: only the feature's own record says so.
   */
  emailVerified?: string | undefined;
}

/** A row of the app's table, for its own functions: the columns by the names of the mapping. The app knows their types. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- any other type would make functions of the app's cast
export type UserTableRow = any;

/** The options of every user store over the app's own table. */
export interface UserTableOptions {
  columns: UserColumns;
  /**
   * Makes the roles of a user from the row, for a flag, an enum or a table of roles; may ask the database. Then `create` stores
   * none, and `update({ roles })` is refused. It has what is left of the call's 1.8 seconds, at most
   * one second; then the call is a 503. A 503 of `create` may come after the user was made. Default: the column `roles`, or none.
   */
  roles?: ((row: UserTableRow) => readonly string[] | Promise<readonly string[]>) | undefined;
  /**
   * Which columns `create(user, fields)` fills from the fields of a registration. Default: each field goes into the column of
   * its name.
   */
  fields?: ((fields: UserTableRow) => Record<string, unknown>) | undefined;
  /** How the names of our own tables begin: `app` makes `app_usernames`, `app_identities` … Default: the table's name. */
  prefix?: string | undefined;
}

/** The mapping as the store works with it. */
export interface UserMapping {
  readonly columns: Omit<UserColumns, 'disabled'>;
  readonly disabled: { readonly column: string; readonly invert: boolean } | undefined;
  readonly rolesOf: UserTableOptions['roles'];
  readonly fieldsOf: (fields: Row) => Row;
  readonly prefix: string | undefined;
  /** Every column that the mapping names. */
  readonly mapped: ReadonlySet<string>;
}

const CURE = "columns: { id: 'id', username: 'email', passwordHash: 'password_hash' }";

const columnSchema = (zod: typeof z) =>
  zod
    .string({ error: `must be the name of a column, as in ${CURE}` })
    .regex(/^[^\0?]+$/, { error: 'must be the name of a column, and have no ?' });

const functionSchema = (zod: typeof z, what: string) =>
  zod.custom<(row: Row) => never>((value) => typeof value === 'function', { error: what }).optional();

/** The members of the mapping, for the schemas of backends that have more options. */
export const mappingShape = (zod: typeof z) => {
  const column = columnSchema(zod);
  return {
    columns: zod.strictObject(
      {
        id: column,
        username: column,
        usernameKey: column.optional(),
        passwordHash: column,
        roles: column.optional(),
        emailVerified: column.optional(),
        disabled: column.or(zod.strictObject({ column, invert: zod.literal(true) })).optional(),
      },
      { error: (issue) => (issue.code === 'invalid_type' ? `must be an object, as in ${CURE}` : undefined) },
    ),
    roles: functionSchema(zod, 'must be a function that makes the roles from a row: (row) => [row.role]'),
    fields: functionSchema(zod, 'must be a function that makes columns from the fields of a registration'),
    prefix: zod
      .string()
      .regex(/^[a-z_][a-z0-9_]{0,38}(\.[a-z_][a-z0-9_]{0,38})?$/, {
        error: 'must be a name of at most 39 lower-case letters, digits and _, optionally with its schema',
      })
      .optional(),
  };
};

const schema = lazySchema((zod) => zod.strictObject(mappingShape(zod)));

/**
 * @param call `new KnexUserStore()`, for messages
 * @throws TypeError that names the option and says how to fix it
 */
export function userMapping(call: string, options: UserTableOptions): UserMapping {
  return mappingOf(call, parseCall(call, schema(), options));
}

/** For options whose types have been checked. @throws TypeError */
export function mappingOf(
  call: string,
  { columns, roles: rolesOf, fields, prefix }: UserTableOptions,
): UserMapping {
  const { disabled, ...others } = columns;
  const flag = typeof disabled === 'string' ? { column: disabled, invert: false } : disabled;
  if (others.roles !== undefined && rolesOf)
    throw new TypeError(`${call}: give either columns.roles or the function roles, not both`);
  const named = [...Object.values(others), flag?.column].filter((each) => each !== undefined);
  const mapped = new Set(named);
  if (mapped.size < named.length) {
    const twice = named.find((each, n) => named.indexOf(each) !== n) as string;
    throw new TypeError(`${call}: columns names ${twice} twice: each member needs a column of its own`);
  }
  return {
    columns: others,
    disabled: flag && { column: flag.column, invert: flag.invert },
    rolesOf,
    fieldsOf: fields ?? ((given) => given),
    prefix,
    mapped,
  };
}
