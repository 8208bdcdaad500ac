import { digestOf } from '../../utils/digest.js';
import type { Identity } from '../identity-store.js';
import type { Dialect } from './dialects/dialect.js';
import type { TableAccess } from './sql-database.js';
import type { SqlStatements } from './sql-statements.js';
import type { FoundRow } from './user-rows.js';

/** In place of the user's id, until the row has been inserted. Never seen by another transaction. */
const NOBODY_YET = '';

/** Which user an account at an identity provider belongs to: a table of ours beside the app's. */
export class Identities {
  readonly #dialect: Dialect;
  readonly #table: string;

  constructor(dialect: Dialect, table: string) {
    this.#dialect = dialect;
    this.#table = table;
  }

  /** Undefined too if the app has deleted the user's row. */
  async findUser({ rows, sql }: TableAccess, identity: Identity): Promise<FoundRow | undefined> {
    const id = await this.#userId(sql, identity);
    if (id === undefined || id === NOBODY_YET) return undefined;
    return (await rows.find('id', [id])).find((each) => each.id === id);
  }

  /**
   * Inside a transaction: takes the identity. Parallel calls for one identity wait for each other.
   * @returns the user that has it already
   */
  async reserve(access: TableAccess, identity: Identity): Promise<FoundRow | undefined> {
    if (await this.#insert(access.sql, identity, NOBODY_YET)) return undefined;
    const owner = await this.findUser(access, identity);
    if (!owner) await this.assign(access.sql, identity, NOBODY_YET);
    return owner;
  }

  async assign(sql: SqlStatements, identity: Identity, userId: string): Promise<void> {
    await sql.execute(`UPDATE ${this.#table} SET user_id = ? WHERE digest = ?`, [
      userId,
      digestOfIdentity(identity),
    ]);
  }

  /** Inside a transaction that has locked the user. @returns false if the identity belongs to another user */
  async link(access: TableAccess, userId: string, identity: Identity): Promise<boolean> {
    const owner = await this.reserve(access, identity);
    if (owner) return owner.id === userId;
    await this.assign(access.sql, identity, userId);
    return true;
  }

  async unlink({ sql }: TableAccess, userId: string, identity: Identity): Promise<boolean> {
    const remove = `DELETE FROM ${this.#table} WHERE digest = ? AND user_id = ?`;
    return (await sql.execute(remove, [digestOfIdentity(identity), userId])) > 0;
  }

  async list({ sql }: TableAccess, userId: string): Promise<Identity[]> {
    const rows = await sql.query(`SELECT issuer, subject FROM ${this.#table} WHERE user_id = ?`, [userId]);
    return rows.map(({ issuer, subject }) => ({ issuer: String(issuer), subject: String(subject) }));
  }

  async #userId(sql: SqlStatements, identity: Identity): Promise<string | undefined> {
    const digest = digestOfIdentity(identity);
    const [row] = await sql.query(`SELECT user_id FROM ${this.#table} WHERE digest = ?`, [digest]);
    return row && String(row['user_id']);
  }

  async #insert(sql: SqlStatements, identity: Identity, userId: string): Promise<boolean> {
    const { issuer, subject } = identity;
    const insert = this.#dialect.insertNew(this.#table, ['digest', 'issuer', 'subject', 'user_id'], 1);
    return (await sql.execute(insert, [digestOfIdentity(identity), issuer, subject, userId])) > 0;
  }
}

/** An issuer and a subject can have 3,072 bytes each, which is more than an index accepts. Neither has a NUL. */
function digestOfIdentity({ issuer, subject }: Identity): string {
  return digestOf(`${issuer}\0${subject}`);
}
