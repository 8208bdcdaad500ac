import type { RedisClient } from './redis-client.js';
import { listenTo } from './client-events.js';

/** No command may be sent a second time after a reconnect: its caller has got an error by then. */
const ONCE = {
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  enableOfflineQueue: true,
};

/** The time limits of the app's client are switched off: every caller here has its own. */
const UNLIMITED = { commandTimeout: undefined, blockingTimeout: undefined, socketTimeout: undefined };

/**
 * For a connection that reads the log of revocations. When it fails, it is replaced and never reconnects. Reads must come from a
 * master, because a replica may not have the latest revocations yet.
 */
const READING = {
  node: { ...ONCE, ...UNLIMITED, lazyConnect: true, enableAutoPipelining: false, retryStrategy: () => null },
  cluster: {
    lazyConnect: true,
    enableOfflineQueue: true,
    enableAutoPipelining: false,
    scaleReads: 'master',
    clusterRetryStrategy: () => null,
    retryDelayOnFailover: 0,
  },
};

/** A connection that is silent while a command waits is replaced after this time. */
const SILENCE_MS = 5000;
const RETRY_MS = 500;

/** For a connection that runs the commands of a store. It connects again by itself, for as long as the app's client is in use. */
const COMMANDING = {
  node: {
    ...ONCE,
    ...UNLIMITED,
    socketTimeout: SILENCE_MS,
    lazyConnect: false,
    retryStrategy: () => RETRY_MS,
  },
  cluster: { lazyConnect: false, enableOfflineQueue: true, clusterRetryStrategy: () => RETRY_MS },
};

/** A connection of this package's own, made like the app's client and closed with it. */
export interface OwnConnection {
  readonly client: RedisClient;
  /** False once the app's client has selected another database: what the store writes there is not seen here. */
  isInSameDatabase(): boolean;
  close(): void;
}

/** Undefined for a client that can't be duplicated. */
export function openReadingConnection(client: RedisClient): OwnConnection | undefined {
  return open(client, READING);
}

/** Undefined for a client that can't be duplicated, or that the app has closed. */
export function openCommandingConnection(client: RedisClient): OwnConnection | undefined {
  return client.status === 'end' ? undefined : open(client, COMMANDING);
}

function open(
  client: RedisClient,
  { node, cluster }: { node: object; cluster: object },
): OwnConnection | undefined {
  // Passed on, because ioredis 5 would drop the nodes' other options, including the password.
  const { redisOptions } = (client.options ?? {}) as { redisOptions?: object };
  const duplicate = client.isCluster
    ? client.duplicate?.([], { ...cluster, redisOptions: { ...redisOptions, ...node } })
    : client.duplicate?.({ ...currentSettings(client), ...node });
  if (!duplicate) return undefined;
  duplicate.on('error', () => undefined); // the commands report the error
  const close = () => {
    stopListening();
    // For a connection that has ended already, ioredis would wait for another end and keep the process alive.
    if (duplicate.status !== 'end') duplicate.disconnect();
  };
  // When the app has closed its client, the duplicate must not keep the process alive.
  const stopListening = listenTo(client, 'end', close);
  const database = databaseOf(client);
  return { client: duplicate, isInSameDatabase: () => databaseOf(client) === database, close };
}

/** Members of an ioredis client that its types don't show. While it reconnects, the one before has what it will restore. */
interface Condition {
  readonly select?: number;
  readonly auth?: string | readonly [string, string] | null;
}

function conditionOf(client: RedisClient): Condition {
  const { condition, prevCondition } = client as { condition?: Condition; prevCondition?: Condition };
  return prevCondition ?? condition ?? {};
}

function databaseOf(client: RedisClient): number {
  return conditionOf(client).select ?? (client.options as { db?: number } | undefined)?.db ?? 0;
}

/**
 * What the app has changed since it made its client, by `select()` and `auth()`. A duplicate doesn't have it: in another database it
 * would find none of the sessions, which is no outage but a 401 for everyone.
 */
function currentSettings(client: RedisClient): object {
  const { select, auth } = conditionOf(client);
  const [username, password] = typeof auth === 'string' ? [undefined, auth] : (auth ?? []);
  return {
    ...(select !== undefined && { db: select }),
    ...(password && { password, ...(username && { username }) }),
  };
}
