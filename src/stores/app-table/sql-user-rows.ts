import { types } from 'node:util';
import { briefStatements } from './brief-statements.js';
import type { Dialect } from './dialects/dialect.js';
import { insertedRow, withId } from './inserted-row.js';
import { quotedTable } from './quoted-table.js';
import type { SqlStatements, TablePlace } from './sql-statements.js';
import type { TableFacts } from './table-facts.js';
import type { FoundRow, KeyMember, Row, Spellings, UserRows } from './user-rows.js';
import type { UserMapping } from './user-table-options.js';
import { canBeId } from './values.js';

const EXACT_ID = 'passport_visa_id';
const EXACT_ROLES = 'passport_visa_roles';
const MAX_CANDIDATES = 100;

/** What all connections to one table share. */
export interface SqlTable {
  readonly dialect: Dialect;
  readonly place: TablePlace;
  readonly mapping: UserMapping;
  readonly facts: TableFacts;
}

/** The app's rows by plain SQL, for drivers that have no query builder. */
export class SqlUserRows implements UserRows {
  readonly #table: SqlTable;
  readonly #sql: SqlStatements;

  constructor(table: SqlTable, sql: SqlStatements) {
    this.#table = table;
    this.#sql = briefStatements(sql, table.dialect);
  }

  async find(member: KeyMember, values: readonly string[]): Promise<FoundRow[]> {
    const column = this.#quoted(this.#columns[member] as string);
    if (member !== 'id') return this.#select(`WHERE ${column} IN (${marks(values)})`, values);
    const { ids, mark } = await this.#possible(values);
    return ids.length === 0 ? [] : this.#select(`WHERE ${column} IN (${ids.map(mark).join(', ')})`, ids);
  }

  async named({ exact, lowered }: Spellings): Promise<FoundRow[]> {
    const column = this.#quoted(this.#columns.username);
    const lower = (await this.#table.facts.asksLowered(this.#columns.username)) ? lowered : [];
    const or = lower.length === 0 ? '' : ` OR lower(${column}) IN (${marks(lower)})`;
    return this.#select(`WHERE ${column} IN (${marks(exact)})${or} LIMIT ${MAX_CANDIDATES}`, [
      ...exact,
      ...lower,
    ]);
  }

  async lock(id: string): Promise<FoundRow | undefined> {
    const where = await this.#whereId(id);
    if (where === undefined) return undefined;
    const select = `${await this.#list()} FROM ${this.#name} ${where}`;
    const rows = await this.#sql.query(this.#table.dialect.selectForUpdate(select), [id]);
    return rows.map((row) => this.#found(row)).find((each) => each.id === id);
  }

  async insert(values: Row): Promise<FoundRow> {
    const all = await withId(this.#table, values);
    const names = Object.keys(all);
    const insert = `INSERT INTO ${this.#name} (${names.map((each) => this.#quoted(each)).join(', ')})
      VALUES (${marks(names)})`;
    const encoded = await this.#encoded(all);
    if (this.#table.dialect.name === 'mysql') {
      await this.#sql.execute(insert, encoded);
      return insertedRow(this.#table, this, this.#sql, all);
    }
    const [row] = await this.#sql.query(`${insert} RETURNING ${await this.#list('*')}`, encoded);
    return this.#found(row as Row);
  }

  async update(id: string, values: Row): Promise<void> {
    const where = await this.#whereId(id);
    if (where === undefined) return;
    const set = Object.keys(values).map((each) => `${this.#quoted(each)} = ?`);
    const update = `UPDATE ${this.#name} SET ${set.join(', ')} ${where}`;
    await this.#sql.execute(update, [...(await this.#encoded(values)), id]);
  }

  async remove(id: string): Promise<void> {
    const where = await this.#whereId(id);
    if (where !== undefined) await this.#sql.execute(`DELETE FROM ${this.#name} ${where}`, [id]);
  }

  page(after: string, limit: number): Promise<FoundRow[]> {
    const column = this.#quoted(this.#columns.username);
    return this.#select(`WHERE ${column} > ? ORDER BY ${column} LIMIT ${limit}`, [after]);
  }

  async #select(end: string, values: readonly unknown[]): Promise<FoundRow[]> {
    const rows = await this.#sql.query(`SELECT ${await this.#list()} FROM ${this.#name} ${end}`, values);
    return rows.map((row) => this.#found(row));
  }

  /**
   * An app can give its driver other parsers, and some drivers round. Texts come as they are.
   * @param everything `*` after RETURNING, where SQLite takes no name of a table
   */
  async #list(everything = `${this.#name}.*`): Promise<string> {
    const { dialect, facts } = this.#table;
    const roles = this.#columns.roles;
    const parts = [everything, `${dialect.asText(this.#quoted(this.#columns.id))} AS ${EXACT_ID}`];
    // Empty for a table that the database doesn't describe.
    const kind = roles === undefined ? undefined : (await facts.column(roles))?.kind;
    if (roles !== undefined && dialect.name === 'postgres' && kind !== 'text')
      parts.push(`to_json(${this.#quoted(roles)})::text AS ${EXACT_ROLES}`);
    return parts.join(', ');
  }

  #found({ [EXACT_ID]: exact, [EXACT_ROLES]: roles, ...row }: Row): FoundRow {
    const id = String(exact);
    const { id: idColumn, roles: rolesColumn } = this.#columns;
    if (String(row[idColumn]) !== id) row[idColumn] = id;
    if (rolesColumn !== undefined && roles !== undefined) row[rolesColumn] = roles;
    return { id, row };
  }

  async #encoded(values: Row): Promise<unknown[]> {
    const { mapping, dialect, facts } = this.#table;
    const isPostgres = dialect.name === 'postgres';
    return Promise.all(
      Object.entries(values).map(async ([name, value]) => {
        const kind = (await facts.column(name))?.kind;
        if (name === mapping.columns.roles)
          return isPostgres && kind === 'texts' ? value : JSON.stringify(value);
        // Drivers make something else of objects, each in its own way.
        if (!isPostgres && isPlain(value)) return JSON.stringify(value);
        if (typeof value === 'boolean') return isPostgres && kind === 'boolean' ? value : Number(value);
        return value;
      }),
    );
  }

  /** The ids that the column can hold, and how they stand in a statement. */
  async #possible(values: readonly string[]): Promise<{ ids: string[]; mark: (id: string) => string }> {
    const { dialect, facts } = this.#table;
    const column = await facts.column(this.#columns.id);
    // MySQL compares a text with a bigint as floating-point numbers, which are not exact.
    const isCast = dialect.name === 'mysql' && (column?.kind === 'integer' || column?.kind === 'bigint');
    const mark = (id: string) => (isCast ? `CAST(? AS ${id.startsWith('-') ? 'SIGNED' : 'UNSIGNED'})` : '?');
    return { ids: values.filter((id) => canBeId(id, column, dialect)), mark };
  }

  async #whereId(id: string): Promise<string | undefined> {
    const { ids, mark } = await this.#possible([id]);
    return ids.length === 0 ? undefined : `WHERE ${this.#quoted(this.#columns.id)} = ${mark(id)}`;
  }

  get #columns() {
    return this.#table.mapping.columns;
  }

  get #name(): string {
    return quotedTable(this.#table.dialect, this.#table.place);
  }

  #quoted(name: string): string {
    return this.#table.dialect.quoted(name);
  }
}

function marks(values: readonly unknown[]): string {
  return values.map(() => '?').join(', ');
}

function isPlain(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !types.isDate(value) && !ArrayBuffer.isView(value);
}
