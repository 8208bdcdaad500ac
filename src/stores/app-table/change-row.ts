import { isKeepable } from '../../utils/keepable-text.js';
import type { BoundedDatabase } from './bounded-database.js';
import { Deadline } from './deadline.js';
import type { TableAccess } from './sql-database.js';
import type { Row } from './user-rows.js';

/**
 * Compare-and-set on a locked row. The comparison is in JavaScript, because collations don't compare by bytes.
 * @param values what to change in this row; undefined: nothing
 * @returns whether there is such a row, and it had to be changed
 */
export async function changeRow(
  database: BoundedDatabase,
  id: string,
  values: (row: Row) => Row | undefined,
  by = new Deadline(),
): Promise<boolean> {
  if (!isKeepable(id)) return false;
  const change = async ({ rows }: TableAccess) => {
    const locked = await rows.lock(id);
    const changed = locked && values(locked.row);
    if (!changed) return false;
    if (Object.keys(changed).length > 0) await rows.update(id, changed);
    return true;
  };
  return database.write(id, change, by);
}
