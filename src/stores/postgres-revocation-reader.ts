import { withMigrateHint, type PostgresClient } from './postgres-client.js';
import { pause, WAIT_MS, type RevocationReader } from './revocation-feed.js';

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

const CONNECT_TIMEOUT_MS = 1000;

interface RevocationRow {
  position: string;
  user_id: string | null;
  session_id: string;
}

/**
 * Reads the table of revocations over a connection of its own that listens for the bell. It is not one of the pool's: that
 * one would be missing there, and `pool.end()` would wait for it. A lone client and PGlite are asked once a second instead.
 */
export function openRevocationReader(
  client: PostgresClient,
  channel: string,
  readStatement: string,
): RevocationReader {
  const bell = isPool(client) ? new Bell(client, channel) : undefined;
  return {
    async read(position) {
      const connection = (await bell?.connected) ?? client;
      const rows = await readRows(connection, readStatement, position);
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

async function readRows(
  connection: PostgresClient,
  statement: string,
  position: string | undefined,
): Promise<RevocationRow[]> {
  try {
    return (await connection.query(statement, [position ?? null])).rows as RevocationRow[];
  } catch (error) {
    throw withMigrateHint(error);
  }
}

function isPool(client: PostgresClient): client is ClientMaker {
  return typeof (client as Partial<ClientMaker>).Client === 'function' && 'options' in client;
}

/** A connection that listens on a channel. */
class Bell {
  readonly connected: Promise<PostgresClient>;
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
    this.connected = this.#listen(channel);
    this.connected.catch(() => undefined); // whoever reads is told
  }

  /** Resolves when it has rung since the last call, or after `WAIT_MS`. */
  async rings(): Promise<void> {
    if (!this.#rang && !this.#broken) {
      const woken = new Promise<void>((resolve) => (this.#wake = resolve));
      await Promise.race([woken, pause(WAIT_MS)]);
    }
    this.#rang = false;
    if (this.#broken) throw this.#broken;
    if (this.#pool.ending) throw new Error('The pool has ended');
  }

  close(): void {
    this.#client.end().catch(() => undefined);
  }

  async #listen(channel: string): Promise<PostgresClient> {
    if (this.#pool.ending) throw new Error('The pool has ended');
    await this.#client.connect();
    this.#client.unref?.(); // a process that has nothing else to do may end
    await this.#client.query(`LISTEN "${channel}"`);
    return this.#client;
  }
}
