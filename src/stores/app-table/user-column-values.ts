import { serviceUnavailable } from '../../errors.js';
import { kindOf } from '../../utils/option-words.js';
import { usernameKey } from '../../utils/username.js';
import { withinTime } from '../../utils/within-time.js';
import { newUsername, usernameRefused } from '../new-username.js';
import { checkedNewUser, type UserChanges } from '../user-arguments.js';
import type { NewUser, StoredUser } from '../user-store.js';
import type { Deadline } from './deadline.js';
import type { TableFacts } from './table-facts.js';
import type { FoundRow, Row } from './user-rows.js';
import type { UserMapping } from './user-table-options.js';
import { isSameName } from './usernames.js';
import { flagIn, isSetIn, rolesIn } from './values.js';

/** Between users and the columns of the app's table. */
export class UserColumnValues {
  readonly #mapping: UserMapping;
  readonly #facts: TableFacts;

  constructor(mapping: UserMapping, facts: TableFacts) {
    this.#mapping = mapping;
    this.#facts = facts;
  }

  /** @throws TypeError for members or fields that no column takes; AuthError VALIDATION_FAILED for a username that no user may get */
  async forNewUser(user: NewUser, fields: unknown): Promise<{ username: string; values: Row }> {
    const { username: given, passwordHash, roles = [] } = checkedNewUser(user, undefined);
    const username = newUsername(given);
    await this.assertFits(username);
    const { columns, disabled } = this.#mapping;
    const values: Row = { ...this.#fields(fields), [columns.username]: username };
    if (passwordHash !== null) values[columns.passwordHash] = passwordHash;
    else await this.#assertNullable(columns.passwordHash);
    // What the app's column says by default holds, unless the user brings roles.
    if (columns.roles !== undefined && (roles.length > 0 || (await this.#mustBeFilled(columns.roles))))
      values[columns.roles] = roles;
    if (disabled && (await this.#mustBeFilled(disabled.column))) values[disabled.column] = disabled.invert;
    return { username, values: { ...values, ...(await this.verified(false)) } };
  }

  /** What the column `emailVerified` gets, which holds a flag or the time of the proof. Nothing without that column. */
  async verified(isVerified: boolean): Promise<Row> {
    const { emailVerified: column } = this.#mapping.columns;
    if (column === undefined) return {};
    if ((await this.#facts.column(column))?.kind !== 'time') return { [column]: isVerified };
    return { [column]: isVerified ? new Date() : null };
  }

  /** Whether the row has this name, and says that it is proved. */
  isVerified(row: Row, username: string): boolean {
    const { emailVerified: column, username: name } = this.#mapping.columns;
    return column !== undefined && isSameName(row[name], username) && isSetIn(row[column]);
  }

  /** @throws AuthError VALIDATION_FAILED for a name that is longer than its columns */
  async assertFits(username: string): Promise<void> {
    const { columns } = this.#mapping;
    const key = columns.usernameKey;
    for (const [name, text] of [
      [columns.username, username] as const,
      [key, usernameKey(username)] as const,
    ]) {
      const column = name === undefined ? undefined : await this.#facts.column(name);
      const { maxLength = Infinity } = column ?? {};
      if (Array.from(text).length > maxLength) throw usernameRefused('tooLong', maxLength);
    }
  }

  /** @throws TypeError if the mapping has no column for it */
  forChanges({ roles, disabled }: UserChanges): Row {
    const { columns, disabled: flag, rolesOf } = this.#mapping;
    if (roles && columns.roles === undefined) {
      const reason = rolesOf
        ? 'the roles come from the function roles of the store'
        : 'the mapping names no column for them';
      throw new TypeError(
        `users.update(): roles can't be changed here: ${reason}. Change your own table instead`,
      );
    }
    if (disabled !== undefined && !flag)
      throw new TypeError("users.update(): disabled can't be changed: name its column in columns.disabled");
    return {
      ...(roles && { [columns.roles as string]: roles }),
      ...(flag && disabled !== undefined && { [flag.column]: disabled !== flag.invert }),
    };
  }

  /**
   * @throws TypeError that names the column whose value isn't what it must be; AuthError SERVICE_UNAVAILABLE if the app's function of roles
   * doesn't answer in time
   */
  async toUser({ id, row }: FoundRow, by: Deadline): Promise<StoredUser> {
    const { columns, disabled, rolesOf } = this.#mapping;
    const [username, passwordHash] = [row[columns.username], row[columns.passwordHash] ?? null];
    if (typeof username !== 'string') throw wrong(columns.username, 'a text', username);
    if (passwordHash !== null && typeof passwordHash !== 'string')
      throw wrong(columns.passwordHash, 'a text or NULL', passwordHash);
    const flag = disabled && flagIn(row[disabled.column], disabled.column);
    return {
      id,
      username,
      passwordHash,
      roles: rolesOf ? await this.#rolesOf(row, by) : this.#rolesIn(row),
      disabled: flag === undefined ? disabled?.invert === true : flag !== disabled?.invert,
    };
  }

  #rolesIn(row: Row): string[] {
    const { roles } = this.#mapping.columns;
    return roles === undefined ? [] : rolesIn(row[roles], roles);
  }

  async #rolesOf(row: Row, by: Deadline): Promise<string[]> {
    const answer: unknown = this.#mapping.rolesOf?.(row);
    const roles = await withinTime(Promise.resolve(answer), by.step, rolesTooLate);
    if (Array.isArray(roles) && roles.every((role) => typeof role === 'string')) return [...roles];
    throw new TypeError(
      `The function roles of the store returned ${kindOf(roles)}: it must return a list of texts`,
    );
  }

  #fields(fields: unknown): Row {
    if (fields === undefined) return {};
    if (typeof fields !== 'object' || fields === null || Array.isArray(fields))
      throw new TypeError(`users.create(): fields must be an object, not ${kindOf(fields)}`);
    const filled = this.#mapping.fieldsOf(fields as Row);
    const mapped = Object.keys(filled).find((name) => this.#mapping.mapped.has(name));
    if (mapped === undefined) return filled;
    throw new TypeError(
      `users.create(): the fields name ${mapped}, a column that the mapping fills: take it out of register.schema, or say in the option fields which columns they fill`,
    );
  }

  /** Where the database isn't known to fill the column. NULL would be no role, and not disabled. */
  async #mustBeFilled(mapped: string): Promise<boolean> {
    const column = await this.#facts.column(mapped);
    return column?.hasDefault !== true;
  }

  async #assertNullable(mapped: string): Promise<void> {
    const column = await this.#facts.column(mapped);
    if (column?.nullable !== false) return;
    throw new TypeError(
      `The column ${mapped} is NOT NULL, so a user without a password can't be created. Allow NULL: then users can log in by other strategies alone`,
    );
  }
}

function rolesTooLate(): Error {
  return serviceUnavailable(new Error('The function roles of the store took too long'));
}

function wrong(column: string, expected: string, value: unknown): TypeError {
  return new TypeError(`The column ${column} holds ${kindOf(value)}, and must hold ${expected}`);
}
