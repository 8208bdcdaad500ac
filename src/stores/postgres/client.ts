import { BoundedCalls, isProgrammingError } from '../bounded-calls.js';

/** What the stores need of PostgreSQL: a pg `Pool`, a pg `Client` or a PGlite instance, made by the caller. */
export interface PostgresClient {
  /** Parameters are `$1`, `$2` …; a row is an object by column name. */
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}

/** SQLSTATE classes that say "not now": connection, resources, operator, system, conflict, lock. */
const OUTAGE_CLASSES = new Set(['08', '40', '53', '55', '57', '58']);
const READ_ONLY_TRANSACTION = '25006'; // a standby that has not been promoted yet

export const UNIQUE_VIOLATION = '23505';
export const SCHEMA_FAULTS: ReadonlySet<unknown> = new Set(['42P01', '42703']); // undefined table, undefined column

/** A client whose every query is bounded in time and tells an outage from a mistake. */
export class BoundedPostgres {
  readonly #client: PostgresClient;
  readonly #calls = new BoundedCalls('PostgreSQL', isOutage);

  constructor(client: PostgresClient) {
    this.#client = client;
    ignoreIdleErrors(client);
  }

  async query<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
    const { rows } = await this.run(() => this.#client.query(text, values));
    return rows as Row[];
  }

  readonly run: BoundedCalls['run'] = async (operation, undo) => {
    try {
      return await this.#calls.run(operation, undo);
    } catch (error) {
      throw withMigrateHint(error);
    }
  };

  /**
   * Runs statements of PL/pgSQL that create what is missing, one process after the other: without the lock two that begin
   * together can both find nothing and then collide. Unbounded in time, because start-up may wait.
   */
  async migrate(block: string): Promise<void> {
    await this.#client.query(block);
  }
}

/** The one statement that a migration is: its parts happen together or not at all, and behind a lock. */
export function migration(statements: string): string {
  return `DO $migrate$ BEGIN
      PERFORM pg_advisory_xact_lock(hashtext('passport-visa'));
      ${statements.trim()}
    END $migrate$;`;
}

/** The SQLSTATE of an error that PostgreSQL itself sent; pg and PGlite both give those a severity. */
export function sqlState(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('severity' in error) || !('code' in error))
    return undefined;
  return String(error.code);
}

/** Schema mistakes are the developer's to mend, so that their message names the cure. */
function withMigrateHint(error: unknown): unknown {
  if (!SCHEMA_FAULTS.has(sqlState(error))) return error;
  return new Error(
    'A table or column of passport-visa is missing: run `npx passport-visa migrate`, or call `await store.migrate()` before the app listens',
    { cause: error },
  );
}

/** Without an SQLSTATE the error comes from the connection, unless it is a mistake in the call. */
function isOutage(error: unknown): boolean {
  const state = sqlState(error);
  if (state === undefined) return !isProgrammingError(error);
  return OUTAGE_CLASSES.has(state.slice(0, 2)) || state === READ_ONLY_TRANSACTION;
}

/** Table names are part of the statement's text, so that nothing but a plain name may pass. */
export function checkedTableName(option: string, name: string): string {
  if (/^[a-z_][a-z0-9_]{0,50}(\.[a-z_][a-z0-9_]{0,50})?$/.test(name)) return name;
  throw new TypeError(
    `${option} must be a lower-case table name, optionally with its schema (auth.users); got ${JSON.stringify(name)}`,
  );
}

/** Indexes live in the schema of their table, so that their own name goes without it. */
export function indexName(table: string, column: string): string {
  return `${table.split('.').pop() as string}_${column}`;
}

interface ErrorEmitter {
  on(event: 'error', listener: () => void): unknown;
  listeners(event: 'error'): unknown[];
}

/** An idle connection that breaks ends the process when nobody listens; the next query reports the outage. */
function ignoreIdleErrors(client: PostgresClient): void {
  const emitter = client as Partial<ErrorEmitter>;
  if (emitter.on && emitter.listeners && !emitter.listeners('error').includes(ignore)) {
    emitter.on('error', ignore);
  }
}

function ignore(): void {}
