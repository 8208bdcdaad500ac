import type { PostgresClient } from './client.js';
import { pause, WAIT_MS, type RevocationReader } from '../follow-log.js';

/** What a pg `Client` has beside `query`. */
interface ListeningClient extends PostgresClient {
  connect(): Promise<unknown>;
  end(): Promise<void>;
  on(event: 'notification' | 'error' | 'end', listener: (error?: Error) => void): unknown;
  unref?(): void;
}

/** What a pg `Pool` has beside `query`: what it makes its own clients of. */
interface ClientMaker extends PostgresClient {
  Client: new (options: object) => ListeningClient;
  options: { password?: unknown };
  ending?: boolean;
}

/** Without a user: there is nothing new, and this is where to go on. */
export interface RevocationRow {
  position: string;
  user_id: string | null;
  session_id: string;
}

const CONNECT_TIMEOUT_MS = 1000;

/**
 * Reads the table of revocations the way the store reads everything, whenever a bell rings on a connection of its own that
 * listens. That one is none of the pool's: it would be missing there, and `pool.end()` would wait for it. A lone client and
 * PGlite have no bell and are asked once a second.
 *
 * @param readRows all that is new after a position
 */
export function openRevocationReader(
  client: PostgresClient,
  channel: string,
  readRows: (position: string | undefined) => Promise<RevocationRow[]>,
): RevocationReader {
  const bell = isPool(client) ? new Bell(client, channel) : undefined;
  return {
    async read(position) {
      await bell?.listening; // first, so that nothing is said in between
      const rows = await readRows(position);
      const logged = rows.filter(({ user_id }) => user_id !== null);
      return {
        revocations: logged.map(({ user_id, session_id }) => ({
          userId: user_id as string,
          sessionIds: [session_id],
        })),
        position: rows[0]?.position as string,
        more: false,
      };
    },
    wait: () => bell?.rings() ?? pause(WAIT_MS),
    close: () => bell?.close(),
  };
}

function isPool(client: PostgresClient): client is ClientMaker {
  return typeof (client as Partial<ClientMaker>).Client === 'function' && 'options' in client;
}

/** A connection that listens on a channel. */
class Bell {
  readonly listening: Promise<void>;
  readonly #pool: ClientMaker;
  readonly #client: ListeningClient;
  #rang = false;
  #broken: Error | undefined;
  #wake = () => {};

  constructor(pool: ClientMaker, channel: string) {
    this.#pool = pool;
    const { options } = pool;
    // The pool hides its password from copies.
    const { password } = options;
    this.#client = new pool.Client({ ...options, password, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
    this.#client.on('notification', () => {
      this.#rang = true;
      this.#wake();
    });
    const broke = (error = new Error('The connection to PostgreSQL has ended')) => {
      this.#broken ??= error;
      this.#wake();
    };
    this.#client.on('error', broke);
    this.#client.on('end', () => broke());
    this.listening = this.#listen(channel);
    this.listening.catch(() => undefined); // whoever reads is told
  }

  /** Resolves when it has rung since the last call, or after `WAIT_MS` if the connection still answers. */
  async rings(): Promise<void> {
    if (!this.#rang && !this.#broken) {
      const woken = new Promise<void>((resolve) => (this.#wake = resolve));
      await Promise.race([woken, pause(WAIT_MS)]);
      if (!this.#rang) await this.#client.query('SELECT 1');
    }
    this.#rang = false;
    if (this.#broken) throw this.#broken;
    if (this.#pool.ending) throw new Error('The pool has ended');
  }

  close(): void {
    this.#client.end().catch(() => undefined);
  }

  async #listen(channel: string): Promise<void> {
    if (this.#pool.ending) throw new Error('The pool has ended');
    await this.#client.connect();
    this.#client.unref?.(); // a process that has nothing else to do may end
    await this.#client.query(`LISTEN "${channel}"`);
  }
}
