import type { Pool } from 'pg';

/** How PostgreSQL would run a statement on a table of any size, whatever its parameters are. */
export async function queryPlan(pool: Pool, statement: string): Promise<string> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('SET LOCAL enable_seqscan = off'); // a small table would rather be read whole
    await client.query('SET LOCAL plan_cache_mode = force_generic_plan'); // for whatever the values are
    const parameters = Math.max(0, ...Array.from(statement.matchAll(/\$(\d+)/g), ([, n]) => Number(n)));
    await client.query(`PREPARE each AS ${statement}`);
    const values = Array.from({ length: parameters }, () => 'NULL').join(', ');
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(
      `EXPLAIN EXECUTE each${parameters ? `(${values})` : ''}`,
    );
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  } finally {
    await client.query('ROLLBACK');
    await client.query('DEALLOCATE ALL');
    client.release();
  }
}
