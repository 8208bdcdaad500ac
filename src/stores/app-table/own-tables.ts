import type { Dialect, OwnTable } from './dialects/dialect.js';
import type { SqlStatements, TablePlace } from './sql-statements.js';
import type { UserMapping } from './user-table-options.js';

/** The tables of ours beside the app's. Ids of users in them are the texts of the app's ids. */
export interface OwnTables {
  readonly identities: string;
  readonly credentials: string;
  /** Undefined if the app's table has a column for the keys. */
  readonly usernames: string | undefined;
}

const MAX_PREFIX = 39;

export function ownTables({ prefix, columns }: UserMapping, place: TablePlace | undefined): OwnTables {
  const start = prefix ?? (place ? prefixOf(place) : 'visa');
  return {
    identities: `${start}_identities`,
    credentials: `${start}_credentials`,
    usernames: columns.usernameKey === undefined ? `${start}_usernames` : undefined,
  };
}

/** The names of our tables are plain, whatever the app's are: `User` has `user_identities`. */
function prefixOf({ schema, table }: TablePlace): string {
  const plain = (name: string) =>
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9_]/g, '_')
      .replace(/^(?=\d)/, '_')
      .slice(0, MAX_PREFIX);
  return schema === undefined ? plain(table) : `${plain(schema)}.${plain(table)}`;
}

/** The statements that create what is missing of our tables. */
export function ownTableStatements(tables: OwnTables, dialect: Dialect): string[] {
  return tablesOf(tables, dialect).flatMap((table) => dialect.createTable(table));
}

function tablesOf({ identities, credentials, usernames }: OwnTables, { types }: Dialect): OwnTable[] {
  const userId = `user_id ${types.id} NOT NULL`;
  const indexed = 'user_id';
  return [
    ...(usernames === undefined
      ? []
      : [
          {
            name: usernames,
            columns: [`username_key ${types.key} NOT NULL`, userId],
            primaryKey: 'username_key',
            indexed,
          },
        ]),
    {
      name: identities,
      columns: [
        `digest ${types.short} NOT NULL`,
        `issuer ${types.text} NOT NULL`,
        `subject ${types.text} NOT NULL`,
        userId,
      ],
      primaryKey: 'digest',
      indexed,
    },
    {
      name: credentials,
      columns: [
        `kind ${types.short} NOT NULL`,
        `id_digest ${types.short} NOT NULL`,
        `id ${types.text} NOT NULL`,
        userId,
        `data ${types.text} NOT NULL`,
        `data_digest ${types.short} NOT NULL`,
        `created_at ${types.time} NOT NULL`,
      ],
      primaryKey: 'kind, id_digest',
      indexed,
    },
  ];
}

/** Deletes all that belongs to a user, or to a deleted user whose id the database gives away again. */
export async function clearUser(sql: SqlStatements, tables: OwnTables, id: string): Promise<void> {
  for (const table of [tables.identities, tables.credentials, tables.usernames])
    if (table !== undefined) await sql.execute(`DELETE FROM ${table} WHERE user_id = ?`, [id]);
}
