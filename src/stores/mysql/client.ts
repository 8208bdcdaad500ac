/** A connection of mysql2/promise: the part that the store uses. */
export interface MysqlConnection {
  query(options: MysqlQuery): Promise<[unknown, unknown]>;
  execute(options: MysqlQuery): Promise<[unknown, unknown]>;
}

/** A pool of mysql2/promise: the part that the store uses. */
export interface MysqlPool extends MysqlConnection {
  getConnection(): Promise<MysqlConnection & { release(): void; destroy(): void }>;
}

/** A pool or a connection of mysql2 with callbacks. */
export interface MysqlWithPromises {
  promise(): MysqlPool | MysqlConnection;
}

/** A pool of `mysql2` or of `mysql2/promise`; inside a transaction of your own, its connection. */
export type MysqlClient = MysqlPool | MysqlConnection | MysqlWithPromises;

/** A statement, with the options that make rows what the store expects, whatever the pool's own options are. */
export interface MysqlQuery {
  sql: string;
  values: (string | number | bigint | boolean | Date | null | Buffer)[];
  supportBigNumbers: boolean;
  rowsAsArray: boolean;
  nestTables: boolean;
  namedPlaceholders: boolean;
}

const CURE = "pass a pool of mysql2: mysql.createPool({ uri: 'mysql://…' })";

/** @throws TypeError that says what was passed instead of a client, and what to pass */
export function withPromises(client: MysqlClient): MysqlPool | MysqlConnection {
  const members = (typeof client === 'object' && (client as unknown) !== null ? client : {}) as Record<
    string,
    unknown
  >;
  if (typeof members['promise'] === 'function') return (client as MysqlWithPromises).promise();
  const [query, execute] = [members['query'], members['execute']];
  if (typeof query === 'function' && typeof execute === 'function') return client as MysqlPool;
  if (typeof query === 'function' && members['config'] !== undefined)
    throw new TypeError(`MysqlUserStore got a client of the package mysql, which is not maintained: ${CURE}`);
  if (typeof members['then'] === 'function')
    throw new TypeError(`MysqlUserStore got a promise: await it first, or ${CURE}`);
  const what = typeof client === 'string' ? 'a text, not a client' : 'no client of mysql2';
  throw new TypeError(`MysqlUserStore got ${what}: ${CURE}`);
}
