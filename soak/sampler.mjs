import { Redis } from 'ioredis';
import pg from 'pg';

const MB = 1e6;

/** @typedef {Record<string, number | undefined>} Sample by series key; undefined if not measured this time */

/**
 * Takes samples of the app, its Redis and its PostgreSQL.
 *
 * @param {{ app: import('../bench/lib/child.mjs').Child, redisUrl: string, postgresUrl: string }} servers
 */
export async function createSampler({ app, redisUrl, postgresUrl }) {
  const redis = new Redis(redisUrl);
  const postgres = new pg.Client({ connectionString: postgresUrl });
  await postgres.connect();
  const countRows = await rowsQuery(postgres);

  return {
    /** @param {boolean} collect @returns {Promise<Sample>} */
    async sample(collect) {
      const [vitals, inRedis, inPostgres] = await Promise.all([
        app.call('vitals', { collect }),
        lookAtRedis(redis),
        postgres.query(countRows),
      ]);
      return { ...vitals, ...inRedis, ...inPostgres.rows[0] };
    },
    async close() {
      redis.disconnect();
      await postgres.end();
    },
  };
}

/** @param {Redis} redis */
async function lookAtRedis(redis) {
  const [keys, info] = await Promise.all([redis.dbsize(), redis.info()]);
  const field = (/** @type {string} */ name) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1]);
  return {
    redisKeys: keys,
    redisMemory: field('used_memory') / MB,
    redisClients: field('connected_clients') - 1, // this one
  };
}

/** A query with one row: the number of rows in all our tables, and of connections. @param {pg.Client} postgres */
async function rowsQuery(postgres) {
  const { rows } = await postgres.query(
    "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 'visa\\_%' ORDER BY relname",
  );
  const counts = rows.map(({ relname }) => `(SELECT count(*) FROM ${relname})`);
  return `
    SELECT (${counts.join(' + ')})::int AS "postgresRows",
      (SELECT count(*)::int FROM pg_stat_activity
       WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()) AS "postgresClients"`;
}
