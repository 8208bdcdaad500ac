import type { z } from 'zod';
import { lazySchema } from '../../utils/lazy-schema.js';
import { parseCall } from '../../utils/parse-call.js';
import type { Dialect } from './dialects/dialect.js';
import { OWN_COLUMNS, ownUsersTable } from './own-users-table.js';
import type { TablePlace } from './sql-statements.js';
import {
  mappingOf,
  mappingShape,
  type UserColumns,
  type UserMapping,
  type UserTableOptions,
} from './user-table-options.js';

/** The options of a user store over SQL. */
export interface SqlTableOptions extends Omit<UserTableOptions, 'columns'> {
  /** Your table, optionally with its schema or database: `app.accounts`. Default: `visa_users`, a table of the store's own. */
  table?: string | undefined;
  /** Which columns of your table hold what. Default: the store has a table of its own, which `migrate()` creates. */
  columns?: UserColumns | undefined;
}

export const DEFAULT_TABLE = 'visa_users';

const schema = lazySchema((zod: typeof z) => {
  const { columns, ...shape } = mappingShape(zod);
  const name = { error: "must be the name of your table, such as 'accounts' or 'app.accounts'" };
  const table = zod
    .string(name)
    .regex(/^[^\0?.]{1,64}(\.[^\0?.]{1,64})?$/, name)
    .optional();
  return zod.strictObject({ ...shape, columns: columns.optional(), table });
});

/**
 * @param call `new MysqlUserStore()`, for messages
 * @returns also the statements that create the table, where it is the store's own
 * @throws TypeError that names the option and says how to fix it
 */
export function sqlTable(
  call: string,
  dialect: Dialect,
  options: SqlTableOptions,
): { mapping: UserMapping; place: TablePlace; statements: string[] } {
  const { table: given, columns, ...rest } = parseCall(call, schema(), options) as SqlTableOptions;
  if (columns && given === undefined)
    throw new TypeError(`${call}: columns needs the option table too, the name of your table`);
  const name = given ?? DEFAULT_TABLE;
  const [table, inSchema] = name.split('.').reverse() as [string, string?];
  const place: TablePlace = { table, schema: inSchema };
  if (columns) return { mapping: mappingOf(call, { ...rest, columns }), place, statements: [] };
  if (!/^[a-z_][a-z0-9_]{0,38}(\.[a-z_][a-z0-9_]{0,38})?$/.test(name))
    throw new TypeError(
      `${call}: table must be a lower-case name of at most 39 characters; for a table of your own name its columns in the option columns`,
    );
  const prefix = rest.prefix ?? (given === undefined ? 'visa' : undefined);
  const mapping = mappingOf(call, { ...rest, prefix, columns: OWN_COLUMNS });
  return { mapping, place, statements: ownUsersTable(name, dialect) };
}
