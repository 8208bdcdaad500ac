// Jest's moduleNameMapper doesn't apply to this file and its imports, so they are named without an extension.
import { startPostgres, startRedis, type TestServer } from './servers';

declare global {
  /** The servers that all test files share. */
  var sharedServers: TestServer[];
}

/** Starts one Redis and one PostgreSQL for the whole run. */
export default async function globalSetup(): Promise<void> {
  const [redis, postgres] = await Promise.allSettled([startRedis(), startPostgres()]);
  globalThis.sharedServers = [redis, postgres].flatMap((start) =>
    start.status === 'fulfilled' ? [start.value] : [],
  );
  if (redis.status === 'rejected' || postgres.status === 'rejected') {
    // After a failed setup Jest doesn't run the teardown.
    await Promise.all(globalThis.sharedServers.map((server) => server.stop()));
    const reasons = [redis, postgres].flatMap((start) =>
      start.status === 'rejected' ? [String(start.reason)] : [],
    );
    throw new Error(reasons.join('\n'));
  }
  process.env.TEST_REDIS_URL = redis.value.url;
  process.env.TEST_POSTGRES_URL = postgres.value.url;
}
