import { setImmediate as nextTurn } from 'node:timers/promises';
import { loadZod } from '../../utils/lazy-schema.js';
import { parseCall } from '../../utils/parse-call.js';
import type { AttemptCounter } from '../attempt-counter.js';
import { decideRaise, decideRotation, type KeptSession } from '../decide-rotation.js';
import type { OneTimeTokenStore } from '../one-time-token-store.js';
import type {
  CreateOptions,
  NewSession,
  RaiseRequest,
  RaiseResult,
  RefreshTokenStore,
  RotateRequest,
  RotateResult,
  Session,
} from '../refresh-token-store.js';
import type { RevocationFeed, RevocationFollower } from '../revocation-feed.js';
import { sqliteAttemptCounter } from './attempt-counter.js';
import { SqliteConnection, type SqliteValue } from './connection.js';
import { assertSqliteDatabase, type SqliteDatabase } from './database.js';
import { SqliteOneTimeTokens } from './one-time-tokens.js';
import { refreshTokenSchema, type SessionTables } from './refresh-token-schema.js';
import { PIECE, sessionStatements, type SessionStatements } from './refresh-token-sql.js';
import { RevocationLog } from './revocation-log.js';
import { changingValues, newValues, toKeptSession, toSession, type SessionRow } from './session-row.js';
import { checkedTableName } from './table-name.js';
import type { Statements } from './transactions.js';

/** The options of `new SqliteRefreshTokenStore`: table names in lower case. */
export interface SqliteRefreshTokenStoreOptions {
  /** The table of sessions. Default: `visa_refresh_tokens`. */
  table?: string;
  /** The table that counts attempts for the limits. Default: `visa_attempts`. */
  attemptsTable?: string;
  /** The table that keeps the latest revocations. Default: `visa_revocations`. */
  revocationsTable?: string;
  /** The table of tokens that can be used once. Default: `visa_one_time_tokens`. */
  oneTimeTokensTable?: string;
}

/** What an account still has too many after that, its next logins end. */
const PIECES_PER_LOGIN = 10;

const DEFAULT_TABLES: SessionTables = {
  table: 'visa_refresh_tokens',
  attemptsTable: 'visa_attempts',
  revocationsTable: 'visa_revocations',
  oneTimeTokensTable: 'visa_one_time_tokens',
};

/** The live sessions among those that a transaction has ended. */
interface Piece {
  ids: string[];
  mayBeMore: boolean;
}
const NONE: Piece = { ids: [], mayBeMore: false };

interface EndedRow {
  id: string;
  expires_at: number;
}

/**
 * Sessions in a file of SQLite, for one process or several on one machine. The file must be on a disk of that machine: SQLite's
 * WAL mode doesn't work over a network.
 */
export class SqliteRefreshTokenStore implements RefreshTokenStore {
  readonly #connection: SqliteConnection;
  readonly #tables: SessionTables;
  readonly #sql: SessionStatements;
  readonly #log: RevocationLog;

  /**
   * Uses your database, and never closes it. A call while your code has a transaction open on it waits for the end of that, and
   * gets a 503 after a second: open a second `DatabaseSync` for long transactions.
   * @param database a `DatabaseSync` of node:sqlite, or a `Database` of better-sqlite3
   * @throws TypeError for anything else, and for a table name that isn't allowed
   */
  constructor(database: SqliteDatabase, options: SqliteRefreshTokenStoreOptions = {}) {
    assertSqliteDatabase('SqliteRefreshTokenStore', database);
    this.#tables = checkedTables(options);
    this.#connection = new SqliteConnection(database);
    this.#sql = sessionStatements(this.#tables.table);
    this.#log = new RevocationLog(this.#connection, this.#tables.revocationsTable);
  }

  /** The SQL that `migrate` runs. It is safe to run again. */
  get schema(): string {
    return `
  PRAGMA journal_mode = WAL;${refreshTokenSchema(this.#tables)}`;
  }

  /**
   * Creates the tables and indexes that are missing, and switches the file to WAL mode, which stays set in the file. Safe to run
   * again, and in several processes at once.
   * @throws AuthError SERVICE_UNAVAILABLE if the file is locked for 10 seconds
   */
  async migrate(): Promise<void> {
    await this.#connection.migrate(() => this.#connection.create(refreshTokenSchema(this.#tables)));
  }

  async create(
    session: NewSession,
    { maxSessions = Infinity, onEnded }: CreateOptions = {},
  ): Promise<string[]> {
    const { userId, sessionId, createdAt } = session;
    const endSurplus = (inside: Statements) => {
      if (maxSessions === Infinity) return NONE;
      inside.run(this.#sql.endExpired, userId, Date.now());
      return this.#end(inside, userId, this.#sql.endSurplus, userId, sessionId, maxSessions - 1);
    };
    const first = await this.#connection.write((inside) => {
      inside.run(this.#sql.prune, Date.now());
      inside.run(this.#sql.insert, ...newValues({ ...session, generation: 0, rotatedAt: createdAt }));
      return endSurplus(inside);
    });
    return this.#inPieces(first, endSurplus, onEnded, PIECES_PER_LOGIN);
  }

  rotate(request: RotateRequest): Promise<RotateResult> {
    return this.#change(request, (kept, now, inside): RotateResult => {
      const decision = decideRotation(kept, request, now);
      if (decision.outcome === 'reused') {
        const { userId, sessionId } = request;
        this.#end(inside, userId, this.#sql.end, sessionId, userId);
        return decision;
      }
      const { write, ...result } = decision;
      return { ...result, session: this.#write(inside, kept, write), now };
    });
  }

  raise(request: RaiseRequest): Promise<RaiseResult> {
    return this.#change(request, (kept, now, inside): RaiseResult => {
      const decision = decideRaise(kept, request, now);
      if (decision.outcome === 'outrun') return decision;
      const write = decision.outcome === 'raised' ? decision.write : undefined;
      return { outcome: decision.outcome, session: this.#write(inside, kept, write), now };
    });
  }

  async find(userId: string, sessionId: string): Promise<Session | undefined> {
    const [row] = await this.#connection.read(({ rows }) =>
      rows<SessionRow>(this.#sql.find, sessionId, userId, Date.now()),
    );
    return row && toSession(row);
  }

  async list(userId: string, { limit = -1 }: { limit?: number | undefined } = {}): Promise<Session[]> {
    const found = await this.#connection.read(({ rows }) =>
      rows<SessionRow>(this.#sql.list, userId, Date.now(), limit),
    );
    return found.map(toSession);
  }

  async revoke(userId: string, sessionId: string): Promise<boolean> {
    const { ids } = await this.#connection.write((inside) =>
      this.#end(inside, userId, this.#sql.end, sessionId, userId),
    );
    return ids.length > 0;
  }

  async revokeAll(
    userId: string,
    { except = '', onEnded }: Pick<CreateOptions, 'onEnded'> & { except?: string | undefined } = {},
  ): Promise<string[]> {
    const endPiece = (inside: Statements) => this.#end(inside, userId, this.#sql.endAll, userId, except);
    return this.#inPieces(await this.#connection.write(endPiece), endPiece, onEnded);
  }

  /** Reads the log of revocations five times a second. */
  followRevocations(follower: RevocationFollower): RevocationFeed {
    return this.#log.follow(follower);
  }

  attemptCounter(name: string, windowSeconds: number): AttemptCounter {
    return sqliteAttemptCounter(this.#connection, this.#tables.attemptsTable, name, windowSeconds);
  }

  oneTimeTokens(): OneTimeTokenStore {
    return new SqliteOneTimeTokens(this.#connection, this.#tables.oneTimeTokensTable);
  }

  /** Decides about a live session and writes, in one transaction. */
  #change<Result>(
    { userId, sessionId, now: fixedNow }: RotateRequest | RaiseRequest,
    decide: (kept: KeptSession, now: Date, inside: Statements) => Result,
  ): Promise<Result | { outcome: 'unknown' }> {
    return this.#connection.write((inside) => {
      const now = fixedNow ?? new Date();
      const [row] = inside.rows<SessionRow>(this.#sql.find, sessionId, userId, now.getTime());
      return row ? decide(toKeptSession(row), now, inside) : { outcome: 'unknown' };
    });
  }

  /** @param write what to keep; without it, nothing changes. @returns the session as stored */
  #write(inside: Statements, { session }: KeptSession, write: KeptSession | undefined): Session {
    if (!write) return session;
    inside.run(this.#sql.update, ...changingValues(write), session.sessionId);
    return write.session;
  }

  /** Runs a statement that ends sessions, and logs them. */
  #end(inside: Statements, userId: string, statement: string, ...values: SqliteValue[]): Piece {
    const rows = inside.rows<EndedRow>(statement, ...values);
    this.#log.add(inside, userId, rows.map(({ id }) => id)); // prettier-ignore
    const now = Date.now();
    const ids = rows.flatMap((row) => (row.expires_at > now ? [row.id] : []));
    return { ids, mayBeMore: rows.length === PIECE };
  }

  /** Ends further pieces, each in a transaction of its own. */
  async #inPieces(
    first: Piece,
    endPiece: (inside: Statements) => Piece,
    onEnded: CreateOptions['onEnded'],
    maxPieces = Infinity,
  ): Promise<string[]> {
    const ended: string[] = [];
    let piece = first;
    for (let pieces = 1; ; pieces += 1) {
      ended.push(...piece.ids);
      onEnded?.(piece.ids);
      if (!piece.mayBeMore || pieces === maxPieces) return ended;
      await nextTurn(); // other requests come first
      piece = await this.#connection.write(endPiece);
    }
  }
}

function checkedTables(options: unknown): SessionTables {
  const z = loadZod();
  const names = Object.fromEntries(
    Object.entries(DEFAULT_TABLES).map(([option, name]) => [option, z.string().default(name)]),
  );
  const tables = parseCall('new SqliteRefreshTokenStore()', z.strictObject(names), options);
  for (const [option, name] of Object.entries(tables)) checkedTableName(option, name);
  return { ...DEFAULT_TABLES, ...tables };
}
