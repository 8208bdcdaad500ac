import type { RedisClient } from './client.js';
import { pause, WAIT_MS, type RevocationReader } from '../follow-log.js';
import type { Revocation } from '../revocation-feed.js';

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

/**
 * A connection that fails is not mended but replaced, so that no command is sent twice behind our back. The caller's own
 * limits are for commands that should be quick; here who waits sets the limit.
 */
const CONNECTION = {
  lazyConnect: true,
  enableOfflineQueue: true,
  enableAutoPipelining: false,
  retryStrategy: () => null,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  commandTimeout: undefined,
  blockingTimeout: undefined,
  socketTimeout: undefined,
};

const CLUSTER_CONNECTION = {
  lazyConnect: true,
  enableOfflineQueue: true,
  enableAutoPipelining: false,
  scaleReads: 'master',
  clusterRetryStrategy: () => null,
  retryDelayOnFailover: 0,
};

/**
 * Reads the stream of revocations over a connection of its own, because waiting blocks it. A stream and not pub/sub: who
 * was away asks for what came meanwhile, and a reader that hears nothing knows that nothing was said.
 */
export function openRevocationReader(client: RedisClient, key: string): RevocationReader {
  if (client.status === 'end') throw new Error('The Redis client has been closed');
  const duplicate = duplicateOf(client);
  const reading = (duplicate ?? client) as StreamClient;
  const entriesFrom = (start: string) => reading.xrange(key, start, '+', 'COUNT', BATCH);
  const close = () => {
    client.off('end', close);
    // ioredis waits for the end of a connection that has ended already, and holds the process open.
    if (duplicate && duplicate.status !== 'end') duplicate.disconnect();
  };
  // The duplicate would hold a process open that has closed its own client.
  client.on('end', close);
  return {
    async read(position) {
      const known = position === undefined || position === BEGINNING ? undefined : position;
      let entries = known === undefined ? [] : await entriesFrom(known);
      // Where the entry read last is missing, it has run out or a failover has lost it, and others may have taken its place.
      const goesOn = known !== undefined && entries[0]?.[0] === known;
      if (!goesOn) entries = await entriesFrom('-');
      return {
        revocations: (goesOn ? entries.slice(1) : entries).map(([, members]) => toRevocation(members)),
        position: entries.at(-1)?.[0] ?? BEGINNING,
        more: entries.length === BATCH,
      };
    },
    async wait(position) {
      if (duplicate) await reading.xread('COUNT', 1, 'BLOCK', WAIT_MS, 'STREAMS', key, position);
      else await pause(WAIT_MS);
    },
    close,
  };
}

/** A client that can't be duplicated is asked once a second instead. */
function duplicateOf(client: RedisClient): RedisClient | undefined {
  // ioredis 5 would drop the other options of the nodes, the password among them.
  const { redisOptions } = (client.options ?? {}) as { redisOptions?: object };
  const duplicate = client.isCluster
    ? client.duplicate?.([], { ...CLUSTER_CONNECTION, redisOptions: { ...redisOptions, ...CONNECTION } })
    : client.duplicate?.(CONNECTION);
  duplicate?.on('error', () => undefined); // each command reports it
  return duplicate;
}

/** Members are a list of names and values: `u`, the user, and `s`, the sessions. */
function toRevocation([, userId = '', , sessionIds = '']: string[]): Revocation {
  return { userId, sessionIds: sessionIds.split(',') };
}
