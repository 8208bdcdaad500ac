import type { AppDatabase } from './sql-database.js';
import type { FoundRow } from './user-rows.js';
import { byId, type Usernames } from './usernames.js';

const PAGE = 500;
const SHOWN = 10;

/**
 * Keeps the keys of all rows that are there, page by page. Without a time limit, because start-up may wait.
 * @param column the app's column of usernames
 * @param explain throws what is wrong with the app's table, if anything is
 */
export async function adoptRows(
  database: AppDatabase,
  usernames: Usernames,
  column: string,
  explain: () => Promise<void>,
): Promise<void> {
  const kindOfError = (error: unknown) =>
    database.kindOfError?.(error) ?? database.dialect.kindOfError(error);
  const homeless: string[] = [];
  let after: string | undefined = '';
  while (after !== undefined) {
    const reading: Promise<FoundRow[]> = database.rows.page(after, PAGE);
    const page = await reading.catch(async (error: unknown) => {
      if (kindOfError(error) === 'schema') await explain();
      throw error;
    });
    homeless.push(...(await usernames.adopt(database, page.slice().sort(byId))));
    const last: unknown = page.length < PAGE ? undefined : page.at(-1)?.row[column];
    after = typeof last === 'string' ? last : undefined;
  }
  if (homeless.length === 0) return;
  const more = homeless.length > SHOWN ? ` and ${homeless.length - SHOWN} more` : '';
  process.emitWarning(
    `Users have the same username as another user, but for case, spaces or Unicode form. They can't log in by name until one of the two gets another name: ids ${homeless.slice(0, SHOWN).join(', ')}${more}`,
    'PassportVisaWarning',
  );
}
