import type { RedisClient } from './redis-client.js';
import { presumedDatabaseOf } from './client-condition.js';
import { READING } from './connection-options.js';
import { homeDatabaseOf } from './home-database.js';
import { openOwnConnection } from './own-connection.js';
import { pause, WAIT_MS, type RevocationReader } from '../follow-log.js';
import type { Revocation } from '../revocation-feed.js';

/** The commands that read a stream. */
interface StreamClient extends RedisClient {
  select(database: number): Promise<unknown>;
  xrange(
    key: string,
    start: string,
    end: string,
    ...count: (string | number)[]
  ): Promise<[string, string[]][]>;
  xread(...options: (string | number)[]): Promise<unknown>;
}

/** Writes an entry of the log. @returns its id */
type AnnounceRevocation = (revocation: Revocation) => Promise<string>;

/** No user has an empty id. */
const NO_SESSION: Revocation = { userId: '', sessionIds: [] };

const BATCH = 1000;
/** The id before the first entry that a stream can have. */
const BEGINNING = '0-0';

/**
 * Reads the stream of revocations over a connection of its own, because a blocking read occupies the connection. It is a stream
 * and not pub/sub because a reader that was disconnected can read what it missed, and an empty answer proves that there was
 * nothing to miss.
 */
export function openRevocationReader(
  client: RedisClient,
  key: string,
  announce: AnnounceRevocation,
): RevocationReader {
  if (client.status === 'end') throw new Error('The Redis client has been closed');
  // A client that can't be duplicated is asked once a second instead.
  const own = openOwnConnection(client, READING);
  const openedIn = homeDatabaseOf(client);
  const isAtHome = () => homeDatabaseOf(client) === (own ? openedIn : presumedDatabaseOf(client));
  const reading = (own?.client ?? client) as StreamClient;
  const entriesFrom = (start: string) => reading.xrange(key, start, '+', 'COUNT', BATCH);

  /**
   * ioredis says nothing when Redis refuses the SELECT of a new connection, which then reads the log of database 0. That is the right
   * one only if Redis refuses it to the app's client as well. So the app's client writes an entry, and this connection must find it.
   */
  async function assertAtHome(): Promise<void> {
    if (!own || client.isCluster || openedIn === 0) return;
    const isSelected = await reading.select(openedIn).then(
      () => true,
      () => false,
    );
    if (isSelected) return;
    const id = await announce(NO_SESSION);
    const [entry] = await reading.xrange(key, id, id);
    if (!entry)
      throw new Error(
        `Redis refuses SELECT, so the log of revocations in database ${openedIn} can't be read: give the app's user +select`,
      );
  }

  return {
    async read(position) {
      if (position === undefined) await assertAtHome();
      // If the home was settled after this connection was opened, the next one is opened there.
      if (!isAtHome())
        throw new Error(
          "The app's Redis client has selected another database: give that one a client of its own, redis.duplicate({ db })",
        );
      const known = position === undefined || position === BEGINNING ? undefined : position;
      let entries = known === undefined ? [] : await entriesFrom(known);
      // If the entry that was read last is missing, it has expired, or a failover has lost it and others may have its place.
      const continues = known !== undefined && entries[0]?.[0] === known;
      if (!continues) entries = await entriesFrom('-');
      return {
        revocations: (continues ? entries.slice(1) : entries)
          .map(([, members]) => toRevocation(members))
          .filter(({ userId }) => userId !== NO_SESSION.userId),
        position: entries.at(-1)?.[0] ?? BEGINNING,
        more: entries.length === BATCH,
      };
    },
    async wait(position) {
      if (own) await reading.xread('COUNT', 1, 'BLOCK', WAIT_MS, 'STREAMS', key, position);
      else await pause(WAIT_MS);
    },
    close: () => own?.close(),
  };
}

/** @param members names and values in turn: `u` is the user id, `s` the session ids separated by commas */
function toRevocation(members: string[]): Revocation {
  const [, userId = '', , sessionIds = ''] = members;
  return { userId, sessionIds: sessionIds.split(',') };
}
