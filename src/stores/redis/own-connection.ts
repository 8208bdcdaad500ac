import type { RedisClient } from './redis-client.js';
import { credentialsOf } from './client-condition.js';
import { listenTo } from './client-events.js';
import type { ConnectionOptions } from './connection-options.js';
import { homeDatabaseOf } from './home-database.js';

/** A connection of this package's own, made like the app's client and closed with it. */
export interface OwnConnection {
  readonly client: RedisClient;
  close(): void;
}

/** Connects to the home database of the app's client. Undefined for a client that can't be duplicated. */
export function openOwnConnection(
  client: RedisClient,
  { node, cluster }: ConnectionOptions,
): OwnConnection | undefined {
  // Passed on, because ioredis 5 would drop the nodes' other options, including the password.
  const { redisOptions } = (client.options ?? {}) as { redisOptions?: object };
  const duplicate = client.isCluster
    ? client.duplicate?.([], { ...cluster, redisOptions: { ...redisOptions, ...node } })
    : client.duplicate?.({ db: homeDatabaseOf(client), ...credentialsOf(client), ...node });
  if (!duplicate) return undefined;
  duplicate.on('error', () => undefined); // the commands report the error
  const close = () => {
    stopListening();
    // For a connection that has ended already, ioredis would wait for another end and keep the process alive.
    if (duplicate.status !== 'end') duplicate.disconnect();
  };
  // When the app has closed its client, the duplicate must not keep the process alive.
  const stopListening = listenTo(client, 'end', close);
  return { client: duplicate, close };
}
