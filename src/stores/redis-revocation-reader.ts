import type { RedisClient } from './redis-client.js';
import { pause, WAIT_MS, type Revocation, type RevocationReader } from './revocation-feed.js';

/** The commands that read a stream. */
interface StreamClient extends RedisClient {
  xrange(
    key: string,
    start: string,
    end: string,
    ...count: (string | number)[]
  ): Promise<[string, string[]][]>;
  xread(...options: (string | number)[]): Promise<unknown>;
}

const BATCH = 1000;
/** Before the first entry that a stream can have. */
const BEGINNING = '0-0';

/** A connection that fails is not mended but replaced, so that no command is sent twice behind our back. */
const CONNECTION = {
  lazyConnect: true,
  retryStrategy: () => null,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  // A read that waits on purpose is no outage; who waits sets the limit.
  commandTimeout: undefined,
  blockingTimeout: undefined,
  enableAutoPipelining: false,
};

/**
 * Reads the stream of revocations over a connection of its own, because waiting blocks it. A stream and not pub/sub: who
 * was away asks for what came meanwhile, and a reader that hears nothing knows that nothing was said.
 */
export function openRevocationReader(client: RedisClient, key: string): RevocationReader {
  if (client.status === 'end') throw new Error('The Redis client has been closed');
  const duplicate = duplicateOf(client);
  const reading = (duplicate ?? client) as StreamClient;
  // It would hold a process open that has closed its own client.
  const close = () => duplicate?.disconnect();
  client.on('end', close);
  return {
    async read(position) {
      const start = position === undefined ? '-' : `(${position}`;
      const entries = await reading.xrange(key, start, '+', 'COUNT', BATCH);
      return {
        revocations: entries.map(([, members]) => toRevocation(members)),
        position: entries.at(-1)?.[0] ?? position ?? BEGINNING,
        more: entries.length === BATCH,
      };
    },
    async wait(position) {
      if (duplicate) await reading.xread('COUNT', 1, 'BLOCK', WAIT_MS, 'STREAMS', key, position);
      else await pause(WAIT_MS);
    },
    close() {
      client.off('end', close);
      close();
    },
  };
}

/** A client that can't be duplicated is asked once a second instead. */
function duplicateOf(client: RedisClient): RedisClient | undefined {
  const connection = client.isCluster
    ? client.duplicate?.([], {
        lazyConnect: true,
        clusterRetryStrategy: () => null,
        redisOptions: CONNECTION,
      })
    : client.duplicate?.(CONNECTION);
  connection?.on('error', () => undefined); // each command reports it
  return connection;
}

/** Members are a list of names and values: `u`, the user, and `s`, the sessions. */
function toRevocation([, userId = '', , sessionIds = '']: string[]): Revocation {
  return { userId, sessionIds: sessionIds.split(',') };
}
