import type { PostgresClient } from './client.js';
import { CALL_TIMES } from '../call-times.js';
import { pause, WAIT_MS, type RevocationReader } from '../follow-log.js';
import { REVOCATIONS_READ } from './refresh-token-sql.js';

/** The members of a pg `Client` that are used here. */
interface ListeningClient extends PostgresClient {
  connect(): Promise<unknown>;
  end(): Promise<void>;
  on(event: 'notification' | 'error' | 'end', listener: (error?: Error) => void): unknown;
  unref?(): void;
}

/** The members of a pg `Pool` from which it makes its clients. */
interface Pool extends PostgresClient {
  Client: new (options: object) => ListeningClient;
  options: { password?: unknown };
  ending?: boolean;
}

/** A snapshot (xmin:xmax:list) in which no row is visible yet. */
const BEFORE_EVERYTHING = '1:1:';

/** One new revocation. If `userId` is null there is none, and the row only tells the position. */
export interface RevocationRow {
  position: string;
  writtenBy: string;
  userId: string | null;
  sessionId: string;
}

/** Of the pieces that have been read so far: the position of the first one, and the last row. */
interface Pieces {
  position: string;
  last: RevocationRow;
}

/** Reads a piece of the rows that are new after a position. */
export type ReadRows = (position: string, pieces: Pieces | undefined) => Promise<RevocationRow[]>;

/**
 * Reads the table of revocations through the caller's client, as soon as a notification says that there are new ones.
 * Notifications come over a separate connection. It isn't taken from the pool, which would then have one connection less, and
 * whose `end()` would wait for it. With a single `Client` or with PGlite there are no notifications, and the table is read once a
 * second.
 */
export function openRevocationReader(
  client: PostgresClient,
  channel: string,
  readRows: ReadRows,
): RevocationReader {
  const notifications = isPool(client) ? new Notifications(client, channel) : undefined;
  let pieces: Pieces | undefined;
  return {
    async read(start = BEFORE_EVERYTHING) {
      await notifications?.listening; // first, or a notification between reading and listening would be missed
      const rows = await readRows(start, pieces);
      const logged = rows.filter(({ userId }) => userId !== null);
      const position = pieces?.position ?? rows[0]?.position ?? start;
      const more = logged.length === REVOCATIONS_READ;
      pieces = more ? { position, last: logged.at(-1) as RevocationRow } : undefined;
      return {
        revocations: logged.map(({ userId, sessionId }) => ({
          userId: userId as string,
          sessionIds: [sessionId],
        })),
        position: more ? start : position,
        more,
      };
    },
    wait: () => notifications?.next() ?? pause(WAIT_MS),
    close: () => notifications?.close(),
  };
}

function isPool(client: PostgresClient): client is Pool {
  return typeof (client as Partial<Pool>).Client === 'function' && 'options' in client;
}

/** A connection that listens for notifications on a channel. */
class Notifications {
  readonly listening: Promise<void>;
  readonly #pool: Pool;
  readonly #client: ListeningClient;
  #isNotified = false;
  #failure: Error | undefined;
  #wake = () => {};

  constructor(pool: Pool, channel: string) {
    this.#pool = pool;
    const { options } = pool;
    // Passed separately: pg makes the password not enumerable, so the spread leaves it out.
    const { password } = options;
    this.#client = new pool.Client({ ...options, password, connectionTimeoutMillis: CALL_TIMES.timeout });
    this.#client.on('notification', () => {
      this.#isNotified = true;
      this.#wake();
    });
    const fail = (error = new Error('The connection to PostgreSQL has ended')) => {
      this.#failure ??= error;
      this.#wake();
    };
    this.#client.on('error', fail);
    this.#client.on('end', () => fail());
    this.listening = this.#listen(channel);
    this.listening.catch(() => undefined); // read() reports the error
  }

  /** Resolves if a notification has come since the last call; without one, after `WAIT_MS` if the connection still answers. */
  async next(): Promise<void> {
    if (!this.#isNotified && !this.#failure) {
      const woken = new Promise<void>((resolve) => (this.#wake = resolve));
      await Promise.race([woken, pause(WAIT_MS)]);
      if (!this.#isNotified) await this.#client.query('SELECT 1');
    }
    this.#isNotified = false;
    if (this.#failure) throw this.#failure;
    if (this.#pool.ending) throw new Error('The pool has ended');
  }

  close(): void {
    this.#client.end().catch(() => undefined);
  }

  async #listen(channel: string): Promise<void> {
    if (this.#pool.ending) throw new Error('The pool has ended');
    await this.#client.connect();
    this.#client.unref?.(); // this connection must not keep the process alive
    await this.#client.query(`LISTEN "${channel}"`);
  }
}
