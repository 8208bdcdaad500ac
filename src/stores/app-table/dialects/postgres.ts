import { isProgrammingError } from '../../bounded-calls.js';
import { CALL_TIMES } from '../../call-times.js';
import type { ErrorKind, SqlStatements, TablePlace } from '../sql-statements.js';
import { SMALL_TABLE, type ColumnKind, type Dialect, type OpenTransaction } from './dialect.js';
import { errorChain } from './error-chain.js';
import {
  isOutageState,
  ROLLED_BACK,
  SCHEMA_FAULTS,
  UNFIT_STATES,
  UNIQUE_VIOLATION,
} from './postgres-states.js';

const SQLSTATE = /^[0-9A-Z]{5}$/;

const KINDS: Readonly<Record<string, ColumnKind>> = {
  int2: 'integer',
  int4: 'integer',
  int8: 'bigint',
  numeric: 'number',
  float4: 'number',
  float8: 'number',
  bool: 'boolean',
  text: 'text',
  varchar: 'text',
  bpchar: 'text',
  citext: 'text',
  uuid: 'uuid',
  json: 'json',
  jsonb: 'json',
  timestamp: 'time',
  timestamptz: 'time',
  date: 'time',
  _text: 'texts',
  _varchar: 'texts',
};

const relation = ({ schema, table }: TablePlace) =>
  [schema, table].flatMap((name) => (name === undefined ? [] : [quoted(name)])).join('.');

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export const POSTGRES: Dialect = {
  name: 'postgres',
  title: 'PostgreSQL',
  quoted,
  types: {
    short: 'varchar(64) COLLATE "C"',
    id: 'varchar(255) COLLATE "C"',
    key: 'varchar(510) COLLATE "C"',
    text: 'text COLLATE "C"',
    time: 'bigint',
    flag: 'boolean',
    no: 'false',
    moment: 'timestamptz NOT NULL DEFAULT now()',
  },
  nowMs: '(extract(epoch FROM clock_timestamp()) * 1000)::bigint',
  createTable: ({ name, columns, primaryKey, indexed }) => [
    `CREATE TABLE IF NOT EXISTS ${name} (\n  ${[...columns, `PRIMARY KEY (${primaryKey})`].join(',\n  ')}\n)`,
    ...(indexed === undefined ? [] : [createIndex(name, indexed)]),
  ],
  insertNew: (table, columns, rows) =>
    `INSERT INTO ${table} (${columns.join(', ')}) VALUES ${Array.from(
      { length: rows },
      () => `(${columns.map(() => '?').join(', ')})`,
    ).join(', ')} ON CONFLICT DO NOTHING`,
  // Rows of other tables may refer to this one meanwhile. `begin` has said how long to wait.
  selectForUpdate: (select) => `SELECT ${select} FOR NO KEY UPDATE`,
  asText: (column) => `(${column})::text`,
  padsTexts: false,
  lowersAsciiOnly: false,

  async begin(sql, isOfApp) {
    // OFFSET 0 keeps the setting from before apart from the new one.
    const [row] = await sql.query(
      `SELECT set_config('lock_timeout', '${CALL_TIMES.lockWait}', true), setting, current_setting('server_encoding') AS encoding
         FROM (SELECT current_setting('lock_timeout') AS setting OFFSET 0) AS before`,
    );
    return {
      ...(row?.['encoding'] !== 'UTF8' && withSavepoints(sql)), // UTF-8 has every text
      ...(isOfApp && {
        end: () => sql.query(`SELECT set_config('lock_timeout', ?, true)`, [row?.['setting']]),
      }),
    };
  },
  // One statement, because all of it takes effect or none. The lock makes processes migrate one after the other.
  migration: (statements) => [
    `DO $migrate$ BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('passport-visa'));
${statements.map((each) => `  ${each.trim().replaceAll('\n', '\n  ')};`).join('\n')}
END $migrate$`,
  ],

  async columns(sql, place) {
    const rows = await sql.query(
      `SELECT a.attname::text AS name, t.typname::text AS kind, format_type(a.atttypid, a.atttypmod) AS type,
              (NOT (a.attnotnull OR d.typnotnull))::text AS nullable,
              (a.atthasdef OR a.attidentity <> '' OR d.typdefault IS NOT NULL)::text AS filled,
              (a.attidentity <> '')::text AS counted,
              (CASE WHEN t.typname IN ('varchar', 'bpchar') AND a.atttypmod > 4 THEN a.atttypmod - 4 END)::text AS length
         FROM pg_attribute a JOIN pg_type d ON d.oid = a.atttypid
         JOIN pg_type t ON t.oid = coalesce(nullif(d.typbasetype, 0), d.oid)
        WHERE a.attrelid = to_regclass(?) AND a.attnum > 0 AND NOT a.attisdropped`,
      [relation(place)],
    );
    return rows.map((row) => ({
      name: String(row['name']),
      kind: KINDS[String(row['kind'])] ?? 'other',
      type: String(row['type']),
      nullable: row['nullable'] === 'true',
      hasDefault: row['filled'] === 'true',
      countsUp: row['counted'] === 'true',
      foldsCase: row['kind'] === 'citext',
      maxLength: row['length'] === null ? undefined : Number(row['length']),
    }));
  },
  // The bits of tgtype: for each row, before, INSERT.
  async insertTriggers(sql, place) {
    const rows = await sql.query(
      `SELECT pg_get_triggerdef(t.oid) || ' ' || p.prosrc AS text FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
        WHERE t.tgrelid = to_regclass(?) AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 7 = 7`,
      [relation(place)],
    );
    return rows.map(({ text }) => String(text));
  },
  async uniqueIndexes(sql, place) {
    const rows = await sql.query(
      `SELECT i.indexrelid::text AS id, pg_get_indexdef(i.indexrelid, k, true) AS part
         FROM pg_index i, generate_series(1, i.indnkeyatts) AS k
        WHERE i.indrelid = to_regclass(?) AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
        ORDER BY i.indexrelid, k`,
      [relation(place)],
    );
    const indexes = new Map<unknown, string[]>();
    for (const { id, part } of rows)
      indexes.set(id, [...(indexes.get(id) ?? []), String(part).replace(/^"(.*)"$/, '$1')]);
    return Array.from(indexes.values(), (parts) => ({ parts }));
  },

  async isQuickToLower(sql, place, column) {
    const rows = await sql.query(
      `SELECT (c.reltuples < ${SMALL_TABLE})::text AS small, pg_get_indexdef(i.indexrelid, 1, true) AS part
         FROM pg_class c LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisvalid AND i.indpred IS NULL
        WHERE c.oid = to_regclass(?)`,
      [relation(place)],
    );
    const plain = (part: unknown) => String(part).replaceAll(/"|::text/g, '');
    return rows.some(({ small, part }) => small === 'true' || plain(part) === `lower(${column})`);
  },

  kindOfError(error): ErrorKind {
    const state = sqlStateOf(error);
    if (state === undefined) return isProgrammingError(error) ? 'mistake' : 'outage';
    if (state === UNIQUE_VIOLATION) return 'taken';
    if (ROLLED_BACK.has(state)) return 'rolled-back';
    if (SCHEMA_FAULTS.has(state)) return 'schema';
    if (UNFIT_STATES.has(state)) return 'unfit';
    return isOutageState(state) ? 'outage' : 'mistake';
  },
};

/** After an error PostgreSQL refuses all that comes in a transaction, but for a return to a savepoint. */
function withSavepoints(sql: SqlStatements): OpenTransaction {
  return {
    async attempt(query) {
      await sql.execute('SAVEPOINT visa_attempt');
      try {
        const answer = await query();
        await sql.execute('RELEASE SAVEPOINT visa_attempt');
        return answer;
      } catch (error) {
        await sql.execute('ROLLBACK TO SAVEPOINT visa_attempt');
        throw error;
      }
    },
  };
}

/** Errors of the server have a severity in pg and PGlite. Prisma keeps the code as `originalCode`. */
function sqlStateOf(error: unknown): string | undefined {
  for (const each of errorChain(error) as { severity?: unknown; code?: unknown; originalCode?: unknown }[]) {
    const code = each.originalCode ?? (each.severity === undefined ? undefined : each.code);
    if (typeof code === 'string' && SQLSTATE.test(code)) return code;
  }
  return undefined;
}

/**
 * It looks first: CREATE INDEX IF NOT EXISTS locks its table against writes before it looks, and two tables locked in the other order
 * than a running process locks them are a deadlock.
 */
function createIndex(table: string, column: string): string {
  const [name, schema] = table.split('.').reverse() as [string, string?];
  const index = `${name}_${column}`;
  return `IF to_regclass('${schema === undefined ? index : `${schema}.${index}`}') IS NULL THEN
  CREATE INDEX IF NOT EXISTS ${index} ON ${table} (${column});
END IF`;
}
