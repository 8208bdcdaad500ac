import { serviceUnavailable } from '../../errors.js';
import type { AttemptCounter } from '../attempt-counter.js';
import { postgresAttemptCounter } from './attempt-counter.js';
import {
  BoundedPostgres,
  checkedTableName,
  checkTableOptions,
  migration,
  readText,
  type PostgresClient,
} from './client.js';
import { withFittingUserAgent } from './fitting-user-agent.js';
import { oneTimeTokenStatements } from './one-time-token-sql.js';
import { PostgresOneTimeTokens } from './one-time-tokens.js';
import { pruneNowAndThen } from './prune-now-and-then.js';
import { refreshTokenStatements, type SessionRow } from './refresh-token-sql.js';
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
import { WriteDeadline } from '../write-deadline.js';
import { unreadableSession } from '../session-format.js';
import { raiseResult, rotateParameters, rotateResult, type RotatedRow } from './rotations.js';
import { toSession } from './session-row.js';
import { openRevocationReader, type ReadRows } from './revocation-reader.js';
import { followLog } from '../follow-log.js';
import type { RevocationFeed, RevocationFollower } from '../revocation-feed.js';

/** The options of `new PostgresRefreshTokenStore`: table names in lower case, optionally with their schema. */
export interface PostgresRefreshTokenStoreOptions {
  /** The table of sessions. Default: `visa_refresh_tokens`. */
  table?: string;
  /** The table that counts attempts for the limits. Default: `visa_attempts`. */
  attemptsTable?: string;
  /**
   * The table that keeps the latest revocations, and the channel that announces them. At most 63 characters, including the
   * schema. Default: `visa_revocations`.
   */
  revocationsTable?: string;
  /** The table of tokens that can be used once. Default: `visa_one_time_tokens`. */
  oneTimeTokensTable?: string;
}

interface EndedRow {
  id: string | null;
  live: string;
}
type SurplusRow = EndedRow & { found: string };

/** What an account still has too many after that, its next logins end. */
const PIECES_PER_LOGIN = 10;

const TABLES = ['table', 'attemptsTable', 'revocationsTable', 'oneTimeTokensTable'];
/** PostgreSQL's limit. The channel has the name of the table. */
const MAX_CHANNEL_LENGTH = 63;

/** Sessions in a table of PostgreSQL. Each login deletes a few expired rows, so the table needs no timer and no cron job. */
export class PostgresRefreshTokenStore implements RefreshTokenStore {
  readonly #client: PostgresClient;
  readonly #postgres: BoundedPostgres;
  readonly #sql: ReturnType<typeof refreshTokenStatements>;
  readonly #oneTimeTokenSql: ReturnType<typeof oneTimeTokenStatements>;
  readonly #attemptsTable: string;
  readonly #revocationsTable: string;
  /** How long a revocation stays in the log; null while this store has no follower. */
  #keepForSeconds: number | null = null;
  readonly #deadline = new WriteDeadline();

  /** Uses your client, and never closes it. Does not connect. @throws TypeError for a table name that isn't allowed */
  constructor(client: PostgresClient, options: PostgresRefreshTokenStoreOptions = {}) {
    checkTableOptions('PostgresRefreshTokenStore', TABLES, options);
    this.#client = client;
    this.#postgres = new BoundedPostgres(client);
    this.#attemptsTable = checkedTableName('attemptsTable', options.attemptsTable ?? 'visa_attempts');
    this.#revocationsTable = checkedTableName(
      'revocationsTable',
      options.revocationsTable ?? 'visa_revocations',
    );
    if (this.#revocationsTable.length > MAX_CHANNEL_LENGTH)
      throw new TypeError(
        `revocationsTable must be at most ${MAX_CHANNEL_LENGTH} characters long, schema included`,
      );
    this.#sql = refreshTokenStatements(
      checkedTableName('table', options.table ?? 'visa_refresh_tokens'),
      this.#attemptsTable,
      this.#revocationsTable,
    );
    this.#oneTimeTokenSql = oneTimeTokenStatements(
      checkedTableName('oneTimeTokensTable', options.oneTimeTokensTable ?? 'visa_one_time_tokens'),
    );
  }

  /** The SQL that `migrate` runs. It is one statement, which is safe to run again. */
  get schema(): string {
    return migration(`${this.#sql.schema}${this.#oneTimeTokenSql.schema}`);
  }

  /** Creates the tables, columns and indexes that are missing. Safe to run again, and in several processes at once. */
  async migrate(): Promise<void> {
    await this.#postgres.migrate(this.schema);
  }

  async create(session: NewSession, { maxSessions, onEnded }: CreateOptions = {}): Promise<string[]> {
    const { sessionId, userId, createdAt, authTime, expiresAt, remember, ip = null, amr = null } = session;
    const insert = <Row>(statement: string, limits: unknown[] = []) =>
      withFittingUserAgent(this.#postgres, session.userAgent, (userAgent) => {
        const members = [sessionId, userId, createdAt, authTime, expiresAt, remember, ip, userAgent, amr];
        return this.#postgres.query<Row>(statement, [...members, ...limits]);
      });
    if (maxSessions === undefined) {
      await insert(this.#sql.create);
      return [];
    }
    this.#pruneLog();
    const limits = [maxSessions, this.#keepForSeconds];
    const ended: string[] = [];
    let rows = await insert<SurplusRow>(this.#sql.createWithin, limits);
    // Once more in any case, for parallel logins. Again while there was something to end, which may have been locked or too much.
    for (let pieces = 1; ; pieces += 1) {
      ended.push(...reported(rows, onEnded));
      if (pieces > 1 && !readText.boolean(rows[0]?.found ?? '')) return ended;
      if (pieces === PIECES_PER_LOGIN) return ended;
      rows = await this.#postgres.query<SurplusRow>(this.#sql.endSurplus, [userId, ...limits]);
    }
  }

  async rotate(request: RotateRequest): Promise<RotateResult> {
    return rotateResult(await this.#advance(request));
  }

  async raise(request: RaiseRequest): Promise<RaiseResult> {
    return raiseResult(await this.#advance(request));
  }

  /** @returns undefined where there is no such session. @throws AuthError SERVICE_UNAVAILABLE also for one that can't be read */
  async #advance(request: RotateRequest | RaiseRequest): Promise<RotatedRow | undefined> {
    if (!this.#deadline.isKnown) await this.time();
    const [row] = await this.#postgres.lookUp<RotatedRow>(
      [request.userId, request.sessionId],
      this.#sql.rotate,
      rotateParameters(request, this.#keepForSeconds, this.#deadline.next()),
    );
    if (row?.outcome === 'late') {
      this.#deadline.forget();
      throw serviceUnavailable(new Error('PostgreSQL was too late with a rotation'));
    }
    if (row?.outcome === 'unreadable') throw unreadableSession(row.format);
    return row;
  }

  async find(userId: string, sessionId: string): Promise<Session | undefined> {
    const values = [userId, sessionId];
    const [row] = await this.#postgres.lookUp<SessionRow>(values, this.#sql.find, values);
    return row && toSession(row);
  }

  async list(userId: string, { limit }: { limit?: number | undefined } = {}): Promise<Session[]> {
    const rows = await this.#postgres.lookUp<SessionRow>([userId], this.#sql.list, [userId, limit ?? null]);
    return rows.map(toSession);
  }

  async revoke(userId: string, sessionId: string): Promise<boolean> {
    return liveIds(await this.#end(this.#sql.revoke, userId, sessionId)).length > 0;
  }

  async revokeAll(
    userId: string,
    { except, onEnded }: Pick<CreateOptions, 'onEnded'> & { except?: string | undefined } = {},
  ): Promise<string[]> {
    const ended: string[] = [];
    for (;;) {
      const rows = await this.#end(this.#sql.revokeAll, userId, except ?? null);
      if (rows.length === 0) return ended;
      ended.push(...reported(rows, onEnded));
    }
  }

  async time(): Promise<number> {
    const [row] = await this.#postgres.query<{ now: string }>(this.#sql.time);
    const time = Number(row?.now);
    this.#deadline.learn(time);
    return time;
  }

  followRevocations(follower: RevocationFollower): RevocationFeed {
    this.#keepForSeconds = Math.max(this.#keepForSeconds ?? 0, follower.keepForSeconds);
    const readRows: ReadRows = (position, pieces) => {
      const { writtenBy = null, userId = null, sessionId = null } = pieces?.last ?? {};
      const from = [position, writtenBy, userId, sessionId, pieces?.position ?? null];
      return this.#postgres.query(this.#sql.readRevocations, from);
    };
    const stop = followLog(
      () => openRevocationReader(this.#client, this.#revocationsTable, readRows),
      follower,
    );
    return {
      announce: async ({ userId, sessionIds }) => {
        await this.#postgres.query(this.#sql.announce, [userId, sessionIds, this.#keepForSeconds]);
      },
      close: stop,
    };
  }

  attemptCounter(name: string, windowSeconds: number): AttemptCounter {
    return postgresAttemptCounter(this.#postgres, this.#sql, this.#attemptsTable, name, windowSeconds);
  }

  oneTimeTokens(): OneTimeTokenStore {
    return new PostgresOneTimeTokens(this.#postgres, this.#oneTimeTokenSql);
  }

  async #end(statement: string, userId: string, sessionId: string | null): Promise<EndedRow[]> {
    const about = [userId, sessionId];
    const rows = await this.#postgres.lookUp<EndedRow>(about, statement, [...about, this.#keepForSeconds]);
    this.#pruneLog();
    return rows;
  }

  #pruneLog(): void {
    if (this.#keepForSeconds !== null) pruneNowAndThen(this.#postgres, this.#sql.pruneRevocations);
  }
}

function reported(rows: readonly EndedRow[], onEnded: CreateOptions['onEnded']): string[] {
  const ids = liveIds(rows);
  onEnded?.(ids);
  return ids;
}

/** The live sessions among those that ended. */
function liveIds(rows: readonly EndedRow[]): string[] {
  return rows.flatMap(({ id, live }) => (id !== null && readText.boolean(live) ? [id] : []));
}
