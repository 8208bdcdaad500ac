export { startMariaDb } from './mariadb-server';
export { startPostgres } from './postgres-server';
export { startRedisCluster, type TestCluster } from './redis-cluster';
export { startRedisSentinel, type TestSentinel } from './redis-sentinel';
export { startRedis } from './redis-server';
export type { ServerOptions, TestServer } from './test-server';
