import { isProgrammingError } from '../../bounded-calls.js';
import { CALL_TIMES } from '../../call-times.js';
import type { ErrorKind } from '../sql-statements.js';
import { SMALL_TABLE, type ColumnKind, type Dialect } from './dialect.js';
import { errorChain } from './error-chain.js';

const DUPLICATE = 1062;
/** A deadlock, a wait for a locked row that took too long, a row that has changed since it was read, and a conflict of a group of servers. */
const ROLLED_BACK = new Set([1213, 1205, 1020, 3101]);
/** A procedure that isn't there. Or a savepoint: then the transaction that had it has been rolled back. */
const DOES_NOT_EXIST = 1305;
const MISSING = new Set([1146, 1054]);
/** Collations that can't be compared, and texts that the character set of a column doesn't know. */
const UNFIT = new Set([1267, 1270, 1271, 1366, 3854, 3988]);
/** Too many connections, shutdown, read-only server, out of memory or disk, killed, aborted, no commit. */
const OUTAGES = new Set([1040, 1041, 1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161, 1184, 1203, 1226, 1290]);
const MORE_OUTAGES = new Set([
  1021, 1037, 1038, 1047, 1114, 1129, 1135, 1180, 1317, 1836, 1927, 3024, 1969, 1792, 4031,
]);

const KINDS: Readonly<Record<string, ColumnKind>> = {
  tinyint: 'integer',
  smallint: 'integer',
  mediumint: 'integer',
  int: 'integer',
  bigint: 'bigint',
  decimal: 'number',
  float: 'number',
  double: 'number',
  char: 'text',
  varchar: 'text',
  tinytext: 'text',
  text: 'text',
  mediumtext: 'text',
  longtext: 'text',
  enum: 'text',
  json: 'json',
  uuid: 'uuid',
  datetime: 'time',
  timestamp: 'time',
  date: 'time',
};

const bytes = (type: string) => `${type} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`;

/** MySQL 8 and MariaDB 10.6 and newer. */
export const MYSQL: Dialect = {
  name: 'mysql',
  title: 'MySQL',
  quoted: (name) => `\`${name.replaceAll('`', '``')}\``,
  types: {
    short: bytes('varchar(64)'),
    id: bytes('varchar(255)'),
    key: bytes('varchar(510)'),
    text: bytes('mediumtext'),
    time: 'bigint',
    flag: 'boolean',
    no: 'false',
    moment: 'timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3)',
  },
  nowMs: 'CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS SIGNED)',
  createTable: ({ name, columns, primaryKey, indexed }) => {
    const lines = [...columns, `PRIMARY KEY (${primaryKey})`];
    if (indexed !== undefined) lines.push(`INDEX (${indexed})`);
    return [`CREATE TABLE IF NOT EXISTS ${name} (\n  ${lines.join(',\n  ')}\n) ENGINE = InnoDB`];
  },
  // The values have been checked, so IGNORE ignores nothing but a row that is there.
  insertNew: (table, columns, rows) =>
    `INSERT IGNORE INTO ${table} (${columns.join(', ')}) VALUES ${Array.from(
      { length: rows },
      () => `(${columns.map(() => '?').join(', ')})`,
    ).join(', ')}`,
  // MySQL reads the first comment and has no WAIT, MariaDB reads the second. For both, the limit is the statement's alone.
  selectForUpdate: (select) =>
    `SELECT /*+ MAX_EXECUTION_TIME(${CALL_TIMES.timeout}) */ ${select} FOR UPDATE /*M! WAIT ${lockWaitSeconds()} */`,
  // MySQL has no such thing, and waits as long as its innodb_lock_wait_timeout says.
  waitingBriefly: (change) =>
    `/*M! SET STATEMENT innodb_lock_wait_timeout = ${lockWaitSeconds()} FOR */ ${change}`,
  asText: (column) => `CAST(${column} AS CHAR)`,
  padsTexts: true,
  lowersAsciiOnly: false,

  begin: () => Promise.resolve({}),
  migration: (statements) => [...statements],

  async columns(sql, { schema, table }) {
    const rows = await sql.query(
      `SELECT COLUMN_NAME AS name, DATA_TYPE AS kind, COLUMN_TYPE AS type, IS_NULLABLE AS nullable,
              (COLUMN_DEFAULT IS NOT NULL OR EXTRA LIKE '%auto_increment%' OR EXTRA LIKE '%GENERATED%' OR DATA_TYPE = 'enum') AS filled,
              (EXTRA LIKE '%auto_increment%') AS counted,
              COLLATION_NAME AS collation_name, CHARACTER_MAXIMUM_LENGTH AS length
         FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = coalesce(?, DATABASE()) AND TABLE_NAME = ?`,
      [schema ?? null, table],
    );
    return rows.map((row) => {
      const collation = row['collation_name'];
      return {
        name: textOf(row['name']),
        kind: KINDS[textOf(row['kind']).toLowerCase()] ?? 'other',
        type: textOf(row['type']),
        nullable: row['nullable'] === 'YES',
        hasDefault: Number(row['filled']) !== 0,
        countsUp: Number(row['counted']) !== 0,
        foldsCase: typeof collation === 'string' && collation.endsWith('_ci'),
        maxLength: row['length'] === null ? undefined : Number(row['length']),
      };
    });
  },
  async insertTriggers(sql, { schema, table }) {
    const rows = await sql.query(
      `SELECT ACTION_STATEMENT AS text FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = coalesce(?, DATABASE())
          AND EVENT_OBJECT_TABLE = ? AND ACTION_TIMING = 'BEFORE' AND EVENT_MANIPULATION = 'INSERT'`,
      [schema ?? null, table],
    );
    return rows.map(({ text }) => textOf(text));
  },
  async uniqueIndexes(sql, { schema, table }) {
    const rows = await sql.query(
      `SELECT INDEX_NAME AS name, COLUMN_NAME AS part, SUB_PART AS prefix_length FROM information_schema.STATISTICS
        WHERE TABLE_SCHEMA = coalesce(?, DATABASE()) AND TABLE_NAME = ? AND NON_UNIQUE = 0 ORDER BY INDEX_NAME, SEQ_IN_INDEX`,
      [schema ?? null, table],
    );
    const indexes = new Map<unknown, string[]>();
    for (const { name, part, prefix_length: prefix } of rows) {
      const text = part === null ? '(an expression)' : textOf(part);
      indexes.set(name, [
        ...(indexes.get(name) ?? []),
        prefix === null ? text : `${text}(${Number(prefix)})`,
      ]);
    }
    return Array.from(indexes.values(), (parts) => ({ parts }));
  },

  // MariaDB has no index of expressions.
  async isQuickToLower(sql, { schema, table }) {
    const [row] = await sql.query(
      `SELECT TABLE_ROWS AS size FROM information_schema.TABLES WHERE TABLE_SCHEMA = coalesce(?, DATABASE()) AND TABLE_NAME = ?`,
      [schema ?? null, table],
    );
    return row !== undefined && Number(row['size']) < SMALL_TABLE;
  },

  kindOfError(error): ErrorKind {
    const { number, isOfSavepoint } = serverErrorOf(error) ?? {};
    if (number === undefined) return isProgrammingError(error) ? 'mistake' : 'outage';
    if (number === DOES_NOT_EXIST && isOfSavepoint) return 'rolled-back';
    if (number === DUPLICATE) return 'taken';
    if (ROLLED_BACK.has(number)) return 'rolled-back';
    if (MISSING.has(number)) return 'schema';
    if (UNFIT.has(number)) return 'unfit';
    return OUTAGES.has(number) || MORE_OUTAGES.has(number) ? 'outage' : 'mistake';
  },
};

function lockWaitSeconds(): number {
  return Math.ceil(CALL_TIMES.timeout / 1000);
}

function textOf(value: unknown): string {
  return Buffer.isBuffer(value) ? value.toString('utf8') : String(value);
}

/** Undefined: not an error of the server's. */
export function mysqlNumberOf(error: unknown): number | undefined {
  return serverErrorOf(error)?.number;
}

/** Errors of the server have a positive number and an SQLSTATE; those of the socket have a negative number, or none. */
function serverErrorOf(error: unknown): { number: number; isOfSavepoint: boolean } | undefined {
  for (const each of errorChain(error) as Record<string, unknown>[]) {
    const number = each['errno'] ?? each['code'] ?? each['originalCode'];
    const isOfServer = each['sqlState'] !== undefined || each['originalCode'] !== undefined;
    if (!isOfServer || !(Number(number) > 0)) continue;
    const message = String(each['originalMessage'] ?? each['message']);
    return { number: Number(number), isOfSavepoint: /SAVEPOINT/.test(message) };
  }
  return undefined;
}
