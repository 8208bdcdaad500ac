import type { Pool } from 'pg';

/** How PostgreSQL runs a statement on a large table, with any parameters. */
export async function queryPlan(pool: Pool, statement: string): Promise<string> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('SET LOCAL enable_seqscan = off'); // a small table would be scanned
    await client.query('SET LOCAL plan_cache_mode = force_generic_plan'); // independent of the parameters
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
