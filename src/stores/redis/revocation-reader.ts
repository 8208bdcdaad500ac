import type { RedisDriver } from './driver.js';
import { homeDatabaseOf } from './home-database.js';
import { pause, WAIT_MS, type RevocationReader } from '../follow-log.js';
import type { Revocation } from '../revocation-feed.js';

/** Its id, and names and values in turn. */
type Entry = [id: string, members: string[]];

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
  driver: RedisDriver,
  key: string,
  announce: AnnounceRevocation,
): RevocationReader {
  if (driver.status === 'end') throw new Error('The Redis client has been closed');
  const openedIn = homeDatabaseOf(driver);
  // A client that can't be duplicated is asked once a second instead.
  const own = driver.dedicated('reading', openedIn);
  const isAtHome = () => homeDatabaseOf(driver) === (own ? openedIn : driver.database);
  const reading = own ?? driver;
  const entries = (start: string, end: string, ...count: string[]) =>
    reading.command(key, ['XRANGE', key, start, end, ...count]) as Promise<Entry[]>;
  const entriesFrom = (start: string) => entries(start, '+', 'COUNT', String(BATCH));

  /**
   * ioredis says nothing when Redis refuses the SELECT of a new connection, which then reads the log of database 0. That is the right
   * one only if Redis refuses it to the app's client as well. So the app's client writes an entry, and this connection must find it.
   */
  async function assertAtHome(): Promise<void> {
    if (!own || openedIn === undefined || openedIn === 0) return;
    const isSelected = await own.command(undefined, ['SELECT', String(openedIn)]).then(
      () => true,
      () => false,
    );
    if (isSelected) return;
    const id = await announce(NO_SESSION);
    const [entry] = await entries(id, id);
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
      let read = known === undefined ? [] : await entriesFrom(known);
      // If the entry that was read last is missing, it has expired, or a failover has lost it and others may have its place.
      const continues = known !== undefined && read[0]?.[0] === known;
      if (!continues) read = await entriesFrom('-');
      return {
        revocations: (continues ? read.slice(1) : read)
          .map(([, members]) => toRevocation(members))
          .filter(({ userId }) => userId !== NO_SESSION.userId),
        position: read.at(-1)?.[0] ?? BEGINNING,
        more: read.length === BATCH,
      };
    },
    async wait(position) {
      const blocking = ['BLOCK', String(WAIT_MS), 'STREAMS', key, position];
      if (own) await own.command(key, ['XREAD', 'COUNT', '1', ...blocking]);
      else await pause(WAIT_MS);
    },
    close: () => own?.end(),
  };
}

/** @param members names and values in turn: `u` is the user id, `s` the session ids separated by commas */
function toRevocation(members: string[]): Revocation {
  const [, userId = '', , sessionIds = ''] = members;
  return { userId, sessionIds: sessionIds.split(',') };
}
