import type { Pool } from 'pg';

/** How PostgreSQL runs a statement for whatever its parameters are. */
export async function queryPlan(pool: Pool, statement: string): Promise<string> {
  const parameters = Math.max(0, ...Array.from(statement.matchAll(/\$(\d+)/g), ([, n]) => Number(n)));
  const values = Array.from({ length: parameters }, () => 'NULL').join(', ');
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('SET LOCAL plan_cache_mode = force_generic_plan');
    await client.query(`PREPARE each AS ${statement}`);
    const explain = `EXPLAIN EXECUTE each${parameters ? `(${values})` : ''}`;
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(explain);
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  } finally {
    await client.query('ROLLBACK');
    await client.query('DEALLOCATE ALL');
    client.release();
  }
}
