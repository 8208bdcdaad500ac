import { isProgrammingError } from '../../bounded-calls.js';
import { kindOfSqliteError, type SqliteError } from './sqlite-errors.js';
import type { ErrorKind } from '../sql-statements.js';
import { SMALL_TABLE, type ColumnKind, type Dialect } from './dialect.js';
import { errorChain } from './error-chain.js';

const KINDS: readonly [RegExp, ColumnKind][] = [
  [/^bool/i, 'boolean'],
  [/int/i, 'bigint'],
  [/json/i, 'json'],
  [/char|clob|text/i, 'text'],
  [/uuid/i, 'text'],
  [/date|time/i, 'time'],
  [/real|floa|doub|dec|num/i, 'number'],
];

export const SQLITE: Dialect = {
  name: 'sqlite',
  title: 'SQLite',
  quoted: (name) => `"${name.replaceAll('"', '""')}"`,
  types: {
    short: 'text',
    id: 'text',
    key: 'text',
    text: 'text',
    time: 'integer',
    flag: 'boolean',
    no: '0',
    moment: 'text NOT NULL DEFAULT CURRENT_TIMESTAMP',
  },
  nowMs: `CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)`,
  createTable: ({ name, columns, primaryKey, indexed }) => [
    `CREATE TABLE IF NOT EXISTS ${name} (\n  ${[...columns, `PRIMARY KEY (${primaryKey})`].join(',\n  ')}\n)`,
    ...(indexed === undefined
      ? []
      : [
          `CREATE INDEX IF NOT EXISTS ${name}_${indexed} ON ${name.split('.').at(-1) as string} (${indexed})`,
        ]),
  ],
  insertNew: (table, columns, rows) =>
    `INSERT INTO ${table} (${columns.join(', ')}) VALUES ${Array.from(
      { length: rows },
      () => `(${columns.map(() => '?').join(', ')})`,
    ).join(', ')} ON CONFLICT DO NOTHING`,
  selectForUpdate: (select) => `SELECT ${select}`, // BEGIN IMMEDIATE has locked the file
  asText: (column) => `CAST(${column} AS TEXT)`,
  padsTexts: false,
  lowersAsciiOnly: true,

  // SQLite waits for a lock by blocking the event loop: with better-sqlite3 for 5 seconds. Ours is a 503 before that.
  async begin(sql) {
    const [setting] = await sql.query('PRAGMA busy_timeout');
    const timeout = Number(setting?.['timeout'] ?? 0);
    if (timeout === 0) return {};
    await sql.query('PRAGMA busy_timeout = 0');
    return { end: () => sql.query(`PRAGMA busy_timeout = ${timeout}`) };
  },
  migration: (statements) => [...statements],

  async columns(sql, { table, schema }) {
    const rows = await sql.query(
      `SELECT name, type, "notnull" AS required, dflt_value AS filled, pk, hidden FROM pragma_table_xinfo(?, ?)`,
      [table, schema ?? 'main'],
    );
    return rows.map((row) => {
      const type = String(row['type']);
      const isKey = Number(row['pk']) > 0;
      const countsUp = isKey && /^integer$/i.test(type);
      return {
        name: String(row['name']),
        kind: KINDS.find(([pattern]) => pattern.test(type))?.[1] ?? 'other',
        type,
        nullable: Number(row['required']) === 0 && !isKey,
        hasDefault: row['filled'] !== null || Number(row['hidden']) > 0 || countsUp,
        countsUp,
        foldsCase: false,
        maxLength: undefined,
      };
    });
  },
  insertTriggers: () => Promise.resolve([]), // a trigger of SQLite can't change the row
  async uniqueIndexes(sql, { table, schema }) {
    const rows = await sql.query(
      `SELECT i.name AS id, coalesce(c.name, '(an expression)') AS part
         FROM pragma_index_list(?, ?) AS i, pragma_index_info(i.name, ?) AS c
        WHERE i."unique" = 1 AND i.partial = 0 ORDER BY i.name, c.seqno`,
      [table, schema ?? 'main', schema ?? 'main'],
    );
    const indexes = new Map<unknown, string[]>();
    // An `INTEGER PRIMARY KEY` is the number of the row, and needs no index.
    const keys = await sql.query(`SELECT name FROM pragma_table_info(?, ?) WHERE pk > 0 ORDER BY pk`, [
      table,
      schema ?? 'main',
    ]);
    indexes.set(
      undefined,
      keys.map(({ name }) => String(name)),
    );
    for (const { id, part } of rows) indexes.set(id, [...(indexes.get(id) ?? []), String(part)]);
    return Array.from(indexes.values(), (parts) => ({ parts }));
  },

  async isQuickToLower(sql, { schema, table }, column) {
    const main = `"${(schema ?? 'main').replaceAll('"', '""')}"`;
    const indexes = await sql.query(
      `SELECT sql FROM ${main}.sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL`,
      [table],
    );
    const wanted = `(lower(${column.toLowerCase()}))`;
    if (
      indexes.some((each) =>
        String(each['sql'])
          .toLowerCase()
          .replaceAll(/[\s"`[\]]/g, '')
          .includes(wanted),
      )
    )
      return true;
    const counted = `SELECT count(*) AS size FROM (SELECT 1 FROM ${main}."${table.replaceAll('"', '""')}" LIMIT ${SMALL_TABLE})`;
    const [row] = await sql.query(counted);
    return Number(row?.['size']) < SMALL_TABLE;
  },

  kindOfError(error): ErrorKind {
    for (const each of errorChain(error) as (SqliteError & { message?: unknown })[]) {
      const kind = kindOfSqliteError(each);
      if (kind === undefined) continue;
      if (/no such (table|column)/.test(String(each.message))) return 'schema';
      return kind === 'locked' ? 'rolled-back' : kind;
    }
    return isProgrammingError(error) ? 'mistake' : 'outage';
  },
};
