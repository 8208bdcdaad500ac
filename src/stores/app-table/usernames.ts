import { UsernameTakenError } from '../../errors.js';
import { nfc } from '../../utils/nfc.js';
import { normalizeUsername, usernameKey } from '../../utils/username.js';
import type { TableAccess } from './sql-database.js';
import type { FoundRow, Row, Spellings, UserRows } from './user-rows.js';

/** A user found by name. */
export interface NamedRow {
  readonly found: FoundRow;
  /** Inside a transaction: keeps the key, for a row that the app wrote. */
  readonly keep: ((access: TableAccess) => Promise<void>) | undefined;
}

/**
 * Who has which `usernameKey`. A row of the app's has the name that stands in it now: a key that says otherwise is stale, because the
 * app has renamed or deleted the row, and is never an answer.
 */
export interface Usernames {
  /** Of several rows with the key, always the same one: the row that has the key, else the one with the smallest id. */
  find(access: TableAccess, username: string): Promise<NamedRow | undefined>;
  /**
   * Inside a transaction: takes the key, for the user if their id is known. Parallel calls for one key wait for each other.
   * @throws UsernameTakenError if another row has the key
   */
  reserve(access: TableAccess, username: string, userId?: string): Promise<void>;
  /** Inside a transaction, after `reserve`: the row has been inserted. */
  assign(access: TableAccess, key: string, userId: string): Promise<void>;
  /** Inside a transaction: the user has another name now. */
  release(access: TableAccess, key: string, userId: string): Promise<void>;
  /** What a row gets besides the name. */
  values(key: string): Row;
  /** Keeps the keys of rows that the app wrote. @returns the ids of rows whose key another row has */
  adopt(access: TableAccess, found: readonly FoundRow[]): Promise<string[]>;
}

/** As many characters as the columns of keys have. No name that a user may get has a longer key. */
const MAX_KEY = 510;

/** More than anyone types for a name of that many characters, whatever its Unicode form, and with white space around it. */
const MAX_TYPED = 4 * MAX_KEY;

/** Whether a user can have the name. Nobody has a longer one, and to look it up could take long. */
export function canBeUsername(username: string): boolean {
  return username.length <= MAX_TYPED && usernameKey(username).length <= MAX_KEY;
}

/** The key of the name that stands in the row. Undefined for a row without a name, or with one that is too long for a user's. */
export function keyIn(row: Row, column: string): string | undefined {
  const username = row[column];
  const key = typeof username === 'string' ? usernameKey(username) : undefined;
  return key !== undefined && key.length <= MAX_KEY ? key : undefined;
}

/** Whether the name that stands in a row is this one, however it is spelled. */
export function isSameName(inRow: unknown, username: string): boolean {
  return typeof inRow === 'string' && usernameKey(inRow) === usernameKey(username);
}

/** The rows that have the key, whatever else the collation of the database has found. The smallest id comes first. */
export async function rowsNamed(rows: UserRows, username: string, column: string): Promise<FoundRow[]> {
  const key = usernameKey(username);
  const candidates = await rows.named(spellingsOf(username));
  return candidates.filter(({ row }) => keyIn(row, column) === key).sort(byId);
}

export function byId(one: FoundRow, other: FoundRow): number {
  return one.id.length - other.id.length || (one.id < other.id ? -1 : 1);
}

export function taken(): never {
  throw new UsernameTakenError();
}

/** Letters outside of ASCII, up to which every way to spell them in upper and lower case is asked for. */
const MAX_LETTERS = 3;

/** How the app may have spelled the name. @param username one that `canBeUsername` */
export function spellingsOf(username: string): Spellings {
  const name = normalizeUsername(username);
  const key = usernameKey(username);
  const [lower, upper] = [name.toLowerCase(), name.toUpperCase()];
  const title = upper.slice(0, 1) + lower.slice(1);
  return {
    exact: unique([
      username,
      name,
      key,
      lower,
      upper,
      title,
      nfc(upper),
      nfc(title),
      ...[name, lower].map((each) => each.normalize('NFD')),
    ]),
    lowered: unique([key, lower, ...asciiLowered(lower), lower.normalize('NFD')]),
  };
}

/** What `lower()` makes of the name in SQLite, and in PostgreSQL with the locale C: they know the letters of ASCII alone. */
function asciiLowered(lower: string): string[] {
  const letters = Array.from(lower);
  const places = letters.flatMap((each, n) => (each > '\x7f' && each !== each.toUpperCase() ? [n] : []));
  const withUpper = (isUpper: (nth: number) => boolean) =>
    letters
      .map((each, n) => {
        const nth = places.indexOf(n);
        return nth >= 0 && isUpper(nth) ? each.toUpperCase() : each;
      })
      .join('');
  if (places.length > MAX_LETTERS) return [withUpper(() => true), withUpper((nth) => nth === 0)];
  return Array.from({ length: 2 ** places.length }, (_, bits) =>
    withUpper((nth) => ((bits >> nth) & 1) === 1),
  );
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
