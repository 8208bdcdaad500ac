import type { PostgresClient } from '../stores/postgres/client.js';
import type { PostgresRefreshTokenStore } from '../stores/postgres/refresh-token-store.js';
import type { PostgresUserStore } from '../stores/postgres/user-store.js';
import { asUsageError, UsageError } from './describe-error.js';
import { sessionTables, type StoreNames } from './store-names.js';

/** For what needs the SQL of the stores alone: they don't connect until they are used. */
export const NO_SERVER: PostgresClient = { query: () => Promise.reject(new Error('There is no server')) };

/** The app's own store classes with the app's table names. Their `schema` and `migrate()` are therefore the app's too. */
export function postgresStores(client: PostgresClient, names: StoreNames) {
  return {
    users: () => openUserStore(client, names),
    sessions: () => openSessionStore(client, names),
  };
}

async function openUserStore(
  client: PostgresClient,
  { usersTable: table, columns, identitiesTable, credentialsTable, prefix }: StoreNames,
): Promise<PostgresUserStore> {
  if (prefix !== undefined && !columns)
    throw new UsageError(
      '--prefix is for a SqliteUserStore, or for --columns: in PostgreSQL use --identities-table and --credentials-table',
    );
  const { PostgresUserStore } = await import('../stores/postgres/user-store.js');
  return asUsageError(
    () =>
      new PostgresUserStore(client, {
        ...(table !== undefined && { table }),
        ...(columns && { columns, prefix }),
        ...(identitiesTable !== undefined && { identitiesTable }),
        ...(credentialsTable !== undefined && { credentialsTable }),
      }),
  );
}

async function openSessionStore(
  client: PostgresClient,
  names: StoreNames,
): Promise<PostgresRefreshTokenStore> {
  const { PostgresRefreshTokenStore } = await import('../stores/postgres/refresh-token-store.js');
  return asUsageError(() => new PostgresRefreshTokenStore(client, sessionTables(names)));
}
