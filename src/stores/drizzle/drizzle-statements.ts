import type { Dialect } from '../app-table/dialects/dialect.js';
import { MYSQL } from '../app-table/dialects/mysql.js';
import type { SqlStatements } from '../app-table/sql-statements.js';
import type { Row } from '../app-table/user-rows.js';
import type { DrizzleCalls } from './drizzle-client.js';
import type { SqlMaker } from './drizzle-sql.js';

/** What drivers answer: pg, PGlite, postgres.js, and mysql2, whose answer is a list of two. */
interface Answer {
  readonly rows?: Row[];
  readonly rowCount?: number | null;
  readonly affectedRows?: number;
  readonly count?: number;
}

/** Statements of ours, over one connection or another. */
export function drizzleStatements(db: DrizzleCalls, sql: SqlMaker, dialect: Dialect): SqlStatements {
  const send = async (text: string, values: readonly unknown[] = []) => {
    const answer = await db.execute(sql.statement(text, values));
    return (dialect === MYSQL ? (answer as unknown[])[0] : answer) as Answer;
  };
  return {
    async query(text, values) {
      const answer = await send(text, values);
      return answer.rows ?? (answer as Row[]);
    },
    async execute(text, values) {
      const { rowCount, affectedRows, count } = await send(text, values);
      return rowCount ?? affectedRows ?? count ?? 0;
    },
  };
}
