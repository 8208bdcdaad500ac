import type { MysqlConnection } from '../stores/mysql/client.js';
import type { MysqlUserStore } from '../stores/mysql/user-store.js';
import { asUsageError, UsageError } from './describe-error.js';
import { prefixedTables, type StoreNames } from './store-names.js';

const noServer = () => Promise.reject(new Error('There is no server'));
/** For the SQL of the stores: no command connects to MySQL. */
const NO_SERVER: MysqlConnection = { query: noServer, execute: noServer };

/** The app's own store class with the app's table names. */
export function mysqlStores(names: StoreNames) {
  return {
    users: () => openUserStore(names),
    sessions: (): never => {
      throw new UsageError(
        'There is no store of sessions for MySQL: keep them in Redis, or in PostgreSQL or SQLite',
      );
    },
  };
}

async function openUserStore(names: StoreNames): Promise<MysqlUserStore> {
  const { MysqlUserStore } = await import('../stores/mysql/user-store.js');
  return asUsageError(() => new MysqlUserStore(NO_SERVER, prefixedTables('MySQL', names)));
}
