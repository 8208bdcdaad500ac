import { digestOf } from '../../utils/digest.js';
import {
  checkedCredential,
  checkedRemoval,
  type Credential,
  type CredentialStore,
  type NewCredential,
  type RemoveCredentialsOptions,
} from '../credential-store.js';
import type { BoundedDatabase } from './bounded-database.js';
import type { Dialect } from './dialects/dialect.js';
import type { TableAccess } from './sql-database.js';
import type { SqlStatements } from './sql-statements.js';
import type { Row } from './user-rows.js';
import { canBeOwnId } from './values.js';

const COLUMNS = 'user_id, kind, id, data, created_at';
/** Digests are compared, because an id is longer than an index accepts, and collations don't compare texts by bytes. */
const KEY = 'kind = ? AND id_digest = ?';

/** The credentials of users in a table of ours beside the app's. */
export class AppTableCredentials implements CredentialStore {
  readonly #database: BoundedDatabase;
  readonly #dialect: Dialect;
  readonly #table: string;

  constructor(database: BoundedDatabase, dialect: Dialect, table: string) {
    this.#database = database;
    this.#dialect = dialect;
    this.#table = table;
  }

  async list(userId: string, kind?: string): Promise<Credential[]> {
    checkedCredential(kind === undefined ? { userId } : { userId, kind });
    if (!this.#canBeId(userId)) return [];
    const select = `SELECT ${COLUMNS} FROM ${this.#table} WHERE user_id = ?${kind === undefined ? '' : ' AND kind = ?'}
      ORDER BY created_at, kind, id_digest`;
    return this.#select(select, kind === undefined ? [userId] : [userId, kind]);
  }

  async find(kind: string, id: string): Promise<Credential | undefined> {
    checkedCredential({ kind, id });
    const [found] = await this.#select(`SELECT ${COLUMNS} FROM ${this.#table} WHERE ${KEY}`, [
      kind,
      digestOf(id),
    ]);
    return found;
  }

  async add({ userId, kind, id, data }: NewCredential): Promise<boolean> {
    const credential = checkedCredential({ userId, kind, id, data });
    return this.#database.write(userId, async (access) => {
      // A user who is being deleted gets no credential any more.
      if (!(await access.rows.lock(userId))) return false;
      if (await this.#insert(access.sql, credential)) return true;
      return (await this.#removeOrphan(access, kind, id)) && this.#insert(access.sql, credential);
    });
  }

  async replace({ userId, kind, id, data: previous }: NewCredential, data: string): Promise<boolean> {
    checkedCredential({ userId, kind, id, data: previous });
    checkedCredential({ data });
    if (!this.#canBeId(userId)) return false;
    const where = `WHERE ${KEY} AND user_id = ? AND data_digest = ?`;
    const key = [kind, digestOf(id), userId, digestOf(previous)];
    const isThere = async () =>
      (await this.#select(`SELECT ${COLUMNS} FROM ${this.#table} ${where}`, key)).length > 0;
    // MySQL may not count a row that is changed to what it was.
    if (data === previous) return isThere();
    const update = `UPDATE ${this.#table} SET data = ?, data_digest = ? ${where}`;
    return this.#changes(update, [data, digestOf(data), ...key]).catch(async (error: unknown) => {
      // The user's id or the data may have characters that the database doesn't know. No row has such an id.
      if (this.#database.kindOfError(error) !== 'unfit' || (await isThere())) throw error;
      return false;
    });
  }

  async remove(userId: string, kind: string, id: string): Promise<boolean> {
    checkedCredential({ userId, kind, id });
    if (!this.#canBeId(userId)) return false;
    return this.#changes(`DELETE FROM ${this.#table} WHERE ${KEY} AND user_id = ?`, [
      kind,
      digestOf(id),
      userId,
    ]);
  }

  async removeAll(userId: string, options?: RemoveCredentialsOptions): Promise<number> {
    checkedCredential({ userId });
    const { kinds, except } = checkedRemoval(options);
    if (kinds?.length === 0 || !this.#canBeId(userId)) return 0;
    const conditions = [
      'user_id = ?',
      ...(kinds ? [`kind IN (${marks(kinds)})`] : []),
      ...(except.length > 0 ? [`id_digest NOT IN (${marks(except)})`] : []),
    ];
    const remove = `DELETE FROM ${this.#table} WHERE ${conditions.join(' AND ')}`;
    const values = [userId, ...(kinds ?? []), ...except.map((id) => digestOf(id))];
    return this.#changed(remove, values);
  }

  #canBeId(userId: string): boolean {
    return canBeOwnId(userId, this.#dialect.padsTexts);
  }

  async #select(text: string, values: readonly unknown[]): Promise<Credential[]> {
    return (await this.#database.read(({ sql }) => sql.query(text, values))).map(toCredential);
  }

  async #changes(text: string, values: readonly unknown[]): Promise<boolean> {
    return (await this.#changed(text, values)) > 0;
  }

  #changed(text: string, values: readonly unknown[]): Promise<number> {
    return this.#database.write(undefined, ({ sql }) => sql.execute(text, values));
  }

  async #insert(sql: SqlStatements, { userId, kind, id, data }: NewCredential): Promise<boolean> {
    const columns = ['kind', 'id_digest', 'id', 'user_id', 'data', 'data_digest', 'created_at'];
    // The last value is not a parameter, because the database tells the time.
    const insert = this.#dialect.insertNew(this.#table, columns, 1).replace('?)', `${this.#dialect.nowMs})`);
    return (await sql.execute(insert, [kind, digestOf(id), id, userId, data, digestOf(data)])) > 0;
  }

  /** The credential of a user whose row the app has deleted. */
  async #removeOrphan({ rows, sql }: TableAccess, kind: string, id: string): Promise<boolean> {
    const key = [kind, digestOf(id)];
    const [kept] = await sql.query(`SELECT user_id FROM ${this.#table} WHERE ${KEY}`, key);
    const userId = kept && String(kept['user_id']);
    if (userId === undefined || (await rows.find('id', [userId])).some((each) => each.id === userId))
      return false;
    const remove = `DELETE FROM ${this.#table} WHERE ${KEY} AND user_id = ?`;
    return (await sql.execute(remove, [...key, userId])) > 0;
  }
}

function marks(values: readonly unknown[]): string {
  return values.map(() => '?').join(', ');
}

function toCredential(row: Row): Credential {
  return {
    userId: String(row['user_id']),
    kind: String(row['kind']),
    id: String(row['id']),
    data: String(row['data']),
    createdAt: new Date(Number(row['created_at'])),
  };
}
