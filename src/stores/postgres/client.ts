import { setTimeout as sleep } from 'node:timers/promises';
import { isAscii } from '../../utils/ascii.js';
import { loadZod } from '../../utils/lazy-schema.js';
import { parseCall } from '../../utils/parse-call.js';
import {
  isOutageState,
  ROLLED_BACK,
  SCHEMA_FAULTS,
  UNFIT_STATES,
} from '../app-table/dialects/postgres-states.js';
import { BoundedCalls, isProgrammingError } from '../bounded-calls.js';
import { CALL_TIMES } from '../call-times.js';

/** The part of a PostgreSQL client that the stores use. Pass a pg `Pool`, a pg `Client` or a PGlite instance. */
export interface PostgresClient {
  /** The text contains the values as `$1`, `$2` … Each row is an object with a member for each column. */
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}

/** Less than the time limit of a call. */
const REPEAT_FOR_MS = 800;
const REPEAT_WITHIN_MS = 30;

/** A client whose queries all have a time limit. It distinguishes an outage from a mistake in the program. */
export class BoundedPostgres {
  readonly #client: PostgresClient;
  readonly #calls = new BoundedCalls('PostgreSQL', isOutage, {
    ping: async () => this.#client.query('SELECT 1'),
  });

  /** @throws TypeError that says what was passed instead of a client, and what to pass */
  constructor(client: PostgresClient) {
    this.#client = checkedPostgresClient(client);
  }

  async query<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
    const { rows } = await this.run(() => this.send(text, values));
    return rows as Row[];
  }

  /**
   * A query about texts that no row has if the encoding of the database doesn't know their characters.
   * @param about the texts. Other values are what the statement keeps, and must fit
   */
  async lookUp<Row>(about: readonly unknown[], text: string, values: unknown[]): Promise<Row[]> {
    try {
      return await this.query<Row>(text, values);
    } catch (error) {
      if (isUnfit(error) && !(await this.holds(about))) return [];
      throw error;
    }
  }

  /** Whether the encoding of the database has all characters of the texts. */
  async holds(texts: readonly unknown[]): Promise<boolean> {
    const uncertain = texts.filter((each) => !isAscii(each));
    if (uncertain.length === 0) return true;
    try {
      await this.query('SELECT cardinality($1::text[])::text', [uncertain]);
      return true;
    } catch (error) {
      if (isUnfit(error)) return false;
      throw error;
    }
  }

  /** Sends a statement, for a caller that limits the time itself. Repeats one that PostgreSQL has rolled back. */
  async send(text: string, values: unknown[]): Promise<{ rows: unknown[] }> {
    const giveUpAt = performance.now() + REPEAT_FOR_MS;
    for (;;) {
      try {
        return await this.#client.query(text, values);
      } catch (error) {
        if (!ROLLED_BACK.has(sqlState(error)) || performance.now() > giveUpAt) throw error;
        await sleep(Math.random() * REPEAT_WITHIN_MS);
      }
    }
  }

  readonly run: BoundedCalls['run'] = async (operation, undo) => {
    try {
      return await this.#calls.run(operation, undo);
    } catch (error) {
      throw withMigrateHint(error);
    }
  };

  /** Runs a `migration`. It has no time limit, because start-up may wait. */
  async migrate(block: string): Promise<void> {
    await this.#client.query(block);
  }
}

/**
 * The client, whose idle connections may break without ending the process.
 * @throws TypeError that says what was passed instead of a client, and what to pass
 */
export function checkedPostgresClient(client: PostgresClient): PostgresClient {
  assertPostgresClient(client);
  ignoreIdleErrors(client);
  return client;
}

function assertPostgresClient(client: unknown): asserts client is PostgresClient {
  const members = (typeof client === 'object' && client !== null ? client : {}) as Record<string, unknown>;
  const cure = 'pass a pool of pg: new Pool({ connectionString: url })';
  if (typeof members['query'] !== 'function') {
    const what = typeof client === 'string' ? 'a text, not a client' : 'no client of PostgreSQL';
    throw new TypeError(`The store got ${what}: ${cure}`);
  }
  // Only a Client of pg has these members. Its queries would wait until the app connects it.
  if (members['_connected'] === false && members['_connecting'] === false)
    throw new TypeError(
      `The store got a Client of pg that isn't connected: call await client.connect() first, or ${cure}`,
    );
}

/**
 * Makes one statement of PL/pgSQL statements that create what is missing. They all take effect or none does. The lock makes
 * processes migrate one after the other: without it, two that start together could both find a table missing, and then collide.
 */
export function migration(statements: string): string {
  return `DO $migrate$ BEGIN
      PERFORM pg_advisory_xact_lock(hashtext('passport-visa'));
      ${statements.trim()}
    END $migrate$;`;
}

/** The SQLSTATE of an error that PostgreSQL itself sent. Those errors have a severity, both in pg and in PGlite. */
export function sqlState(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('severity' in error) || !('code' in error))
    return undefined;
  return String(error.code);
}

/** Whether the encoding of the database doesn't know a character: LATIN1 has no Korean ones. */
export function isUnfit(error: unknown): boolean {
  return UNFIT_STATES.has(sqlState(error));
}

/** A developer has to fix a mistake in the schema, so the message says how. */
function withMigrateHint(error: unknown): unknown {
  if (!SCHEMA_FAULTS.has(sqlState(error))) return error;
  return new Error(
    'A table or column of passport-visa is missing: run `npx passport-visa migrate`, or call `await store.migrate()` before the app listens',
    { cause: error },
  );
}

/** An error without an SQLSTATE comes from the connection, unless it is a mistake in the call. */
function isOutage(error: unknown): boolean {
  const state = sqlState(error);
  if (state === undefined) return !isProgrammingError(error);
  return isOutageState(state);
}

/** @throws TypeError for an option that isn't one of `names` */
export function checkTableOptions(store: string, names: readonly string[], options: unknown): void {
  const z = loadZod();
  const tables = Object.fromEntries(names.map((name) => [name, z.string().optional()]));
  parseCall(`new ${store}()`, z.strictObject(tables), options);
}

/** Table names become part of a statement's text, so only plain names are allowed. @throws TypeError that names the option */
export function checkedTableName(option: string, name: string): string {
  if (/^[a-z_][a-z0-9_]{0,50}(\.[a-z_][a-z0-9_]{0,50})?$/.test(name)) return name;
  throw new TypeError(
    `${option} must be a lower-case table name, optionally with its schema (auth.users); got ${JSON.stringify(name)}`,
  );
}

/**
 * Creates an index where it is missing. It looks first: CREATE INDEX IF NOT EXISTS locks its table against writes before it
 * looks, and two tables locked in the other order than a running process locks them are a deadlock.
 */
export function createIndex(table: string, column: string): string {
  const [name, schema] = table.split('.').reverse() as [string, string?];
  const index = `${name}_${column}`;
  // An index is in the schema of its table, so CREATE takes its bare name.
  return `IF to_regclass('${schema === undefined ? index : `${schema}.${index}`}') IS NULL THEN
        CREATE INDEX IF NOT EXISTS ${index} ON ${table} (${column});
      END IF;`;
}

/**
 * Statements return nothing but texts. An app can give pg other parsers for every type, or `binary: true`, and then an integer
 * may arrive as a BigInt, a boolean or a list as a text. These are the texts, and the functions that read them.
 */
export const asText = {
  /** Milliseconds since 1970. */
  time: (column: string) => `(extract(epoch FROM ${column}) * 1000)::numeric::text`,
  /** A number or a boolean. */
  value: (expression: string) => `(${expression})::text`,
  list: (column: string) => `array_to_json(${column})::text`,
};
export const readText = {
  time: (text: string) => new Date(Number(text)),
  boolean: (text: string) => text === 'true',
  list: (text: string) => JSON.parse(text) as string[],
};

/**
 * A condition that always holds, and limits how long its statement waits for a row that another transaction has locked. Without it,
 * requests about one locked row could take all connections of the app's pool. PostgreSQL evaluates it first, and once. The
 * setting ends with the statement, or with the transaction that the app has begun on a single client.
 */
export const lockWaitIsBounded = () =>
  `(SELECT set_config('lock_timeout', '${CALL_TIMES.lockWait}', true)) IS NOT NULL`;

/** In brackets PostgreSQL evaluates it once for a statement. Without them it would do so for each row, and could use no index. */
export const NOW = '(SELECT clock_timestamp())';

interface ErrorEmitter {
  on(event: 'error', listener: () => void): unknown;
  listeners(event: 'error'): unknown[];
}

/** Without a listener, an idle connection that breaks would end the process. The next query reports the outage instead. */
export function ignoreIdleErrors(client: PostgresClient): void {
  const emitter = client as Partial<ErrorEmitter>;
  if (emitter.on && emitter.listeners && !emitter.listeners('error').includes(ignore)) {
    emitter.on('error', ignore);
  }
}

function ignore(): void {}
