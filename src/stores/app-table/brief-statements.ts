import type { Dialect } from './dialects/dialect.js';
import type { SqlStatements } from './sql-statements.js';

/** Statements whose changes wait for locks no longer than a request may. */
export function briefStatements(sql: SqlStatements, { waitingBriefly }: Dialect): SqlStatements {
  if (!waitingBriefly) return sql;
  return {
    query: (text, values) => sql.query(text, values),
    execute: (change, values) => sql.execute(waitingBriefly(change), values),
  };
}
