import type { BoundedDatabase } from './bounded-database.js';
import { changeRow } from './change-row.js';
import { Deadline } from './deadline.js';
import type { UserColumnValues } from './user-column-values.js';
import type { Row } from './user-rows.js';
import type { UserMapping } from './user-table-options.js';
import { isSameName } from './usernames.js';

/** Writes into the column `emailVerified` that this name is proved, unless the user has another one now. */
export async function setVerified(
  database: BoundedDatabase,
  { columns }: UserMapping,
  values: UserColumnValues,
  id: string,
  username: string,
): Promise<void> {
  if (columns.emailVerified === undefined) return;
  const by = new Deadline();
  await database.learnFacts(by);
  const verified = await values.verified(true);
  const ifSame = (row: Row) => (isSameName(row[columns.username], username) ? verified : undefined);
  await changeRow(database, id, ifSame, by);
}
