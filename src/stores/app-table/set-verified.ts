import type { BoundedDatabase } from './bounded-database.js';
import { changeRow } from './change-row.js';
import type { UserColumnValues } from './user-column-values.js';
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
  await database.learnFacts();
  const verified = await values.verified(true);
  await changeRow(database, id, (row) =>
    isSameName(row[columns.username], username) ? verified : undefined,
  );
}
