import { serviceUnavailable } from '../../errors.js';
import type { AttemptCounter } from '../attempt-counter.js';
import { attemptScripts, redisAttemptCounter } from './attempt-counter.js';
import { WriteDeadline } from '../write-deadline.js';
import { BoundedRedis } from './client.js';
import type { RedisDriver } from './driver.js';
import { driverOf, type RedisClient } from './redis-client.js';
import { checkedKeyPrefix, DEFAULT_KEY_PREFIX, taggedKey } from './keys.js';
import { oneTimeTokenScripts } from './one-time-token-scripts.js';
import { RedisOneTimeTokens } from './one-time-tokens.js';
import { refreshTokenScripts } from './refresh-token-scripts.js';
import { openRevocationReader } from './revocation-reader.js';
import { packSession, unpackSession, unreadablePacked } from './packed-session.js';
import { proofOf, raiseResult, rotateResult, rulesOf, type RotateReply } from './rotations.js';
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
import { lazySchema } from '../../utils/lazy-schema.js';
import { parseCall } from '../../utils/parse-call.js';
import { followLog } from '../follow-log.js';
import type { Revocation, RevocationFeed, RevocationFollower } from '../revocation-feed.js';

const SCRIPTS = { ...refreshTokenScripts, ...attemptScripts, ...oneTimeTokenScripts };

/** `isMore` is a text with `stringNumbers: true`. */
type PieceReply = [now: string, ended: string[], unannounced: string[], isMore: number | string];

/** A login ends two thousand sessions at most. What an account still has too many, its next logins end. */
const PIECES_PER_LOGIN = 10;

/** The options of `new RedisRefreshTokenStore`. */
export interface RedisRefreshTokenStoreOptions {
  /** What all keys begin with. It must not contain `{` or `}`. Default: `visa:`. */
  keyPrefix?: string;
}

const optionsSchema = lazySchema((z) => z.strictObject({ keyPrefix: z.string().optional() }));

/**
 * Sessions in Redis, on a single node (with or without Sentinel) or on a Cluster. Each user has one hash with one field for each
 * session, so every operation is one script on one user's keys. The hash lives as long as its longest session. Revocations are
 * logged in one stream, which all processes follow.
 */
export class RedisRefreshTokenStore implements RefreshTokenStore {
  readonly #driver: RedisDriver;
  readonly #redis: BoundedRedis;
  readonly #keyPrefix: string;
  readonly #deadline = new WriteDeadline();
  /** How long a revocation stays in the log; 0 while this store has no follower. */
  #keepMs = 0;

  /** Uses your client, and never closes it. @throws TypeError for a wrong client, or a `keyPrefix` with a brace */
  constructor(client: RedisClient, options: RedisRefreshTokenStoreOptions = {}) {
    const { keyPrefix = DEFAULT_KEY_PREFIX } = parseCall(
      'new RedisRefreshTokenStore()',
      optionsSchema(),
      options,
    );
    this.#driver = driverOf(client);
    this.#redis = new BoundedRedis(this.#driver, SCRIPTS);
    this.#keyPrefix = checkedKeyPrefix(keyPrefix);
  }

  async create(session: NewSession, { maxSessions, onEnded }: CreateOptions = {}): Promise<string[]> {
    const { userId, sessionId } = session;
    const key = this.#key(userId);
    const first = await this.#redis.call(
      'visaCreateSession',
      key,
      outboxOf(key),
      sessionId,
      packSession({ ...session, generation: 0, rotatedAt: session.createdAt }),
      session.expiresAt.getTime() - session.createdAt.getTime(),
      this.#keepMs,
      maxSessions ?? '',
    );
    this.#deadline.learn((first as PieceReply)[0]);
    const next = () =>
      this.#redis.call('visaEndSurplus', key, outboxOf(key), sessionId, maxSessions ?? '', this.#keepMs);
    return this.#inPieces(userId, first as PieceReply, next, onEnded, PIECES_PER_LOGIN);
  }

  async rotate(request: RotateRequest): Promise<RotateResult> {
    return rotateResult(request, await this.#advance(request));
  }

  async raise(request: RaiseRequest): Promise<RaiseResult> {
    return raiseResult(request, await this.#advance(request, proofOf(request)));
  }

  /** @throws AuthError SERVICE_UNAVAILABLE also for a session that can't be read */
  async #advance(request: RotateRequest | RaiseRequest, proof?: string): Promise<RotateReply> {
    const { userId, sessionId, attempt } = request;
    if (!this.#deadline.isKnown) await this.time();
    const rules = rulesOf(request, this.#keepMs, this.#deadline.next());
    const key = this.#key(userId);
    const reply = (await this.#redis.call(
      'visaRotateSession',
      key,
      outboxOf(key),
      sessionId,
      rules,
      ...(attempt === undefined && proof === undefined ? [] : [attempt ?? '']),
      ...(proof === undefined ? [] : [proof]),
    )) as RotateReply;
    const [outcome, packed, now, unannounced] = reply;
    if (outcome === 'late') {
      this.#deadline.learn(now);
      throw serviceUnavailable(new Error('Redis was too late with a rotation'));
    }
    if (outcome === 'unreadable') throw unreadablePacked(packed);
    if (outcome === 'reused' || outcome === 'unknown') await this.#emptyOutbox(userId, unannounced);
    else if (!request.now) this.#deadline.learn(now);
    return reply;
  }

  async find(userId: string, sessionId: string): Promise<Session | undefined> {
    const packed = await this.#redis.call('visaFindSession', this.#key(userId), sessionId);
    return packed === null ? undefined : unpackSession(userId, sessionId, packed as string);
  }

  async list(userId: string, { limit }: { limit?: number | undefined } = {}): Promise<Session[]> {
    const flat = (await this.#redis.call('visaListSessions', this.#key(userId), limit ?? '')) as string[];
    const sessions: Session[] = [];
    for (let at = 0; at < flat.length; at += 2) {
      sessions.push(unpackSession(userId, flat[at] as string, flat[at + 1] as string));
    }
    return sessions;
  }

  async revoke(userId: string, sessionId: string): Promise<boolean> {
    const reply = await this.#redis.call(
      'visaRevokeSession',
      this.#key(userId),
      outboxOf(this.#key(userId)),
      sessionId,
      this.#keepMs,
    );
    const [wasLive, unannounced] = reply as [number | string, string[]]; // a text with `stringNumbers: true`
    await this.#emptyOutbox(userId, unannounced);
    return Number(wasLive) === 1;
  }

  async revokeAll(
    userId: string,
    { except, onEnded }: Pick<CreateOptions, 'onEnded'> & { except?: string | undefined } = {},
  ): Promise<string[]> {
    const key = this.#key(userId);
    const next = () => this.#redis.call('visaRevokeSessions', key, outboxOf(key), except ?? '', this.#keepMs);
    return this.#inPieces(userId, (await next()) as PieceReply, next, onEnded);
  }

  /** The clock of Redis, in milliseconds since 1970. On a Cluster, the clock of the node that has the log of revocations. */
  async time(): Promise<number> {
    const time = Number(await this.#redis.call('visaStoreTime', this.#logKey()));
    this.#deadline.learn(time);
    return time;
  }

  followRevocations(follower: RevocationFollower): RevocationFeed {
    this.#keepMs = Math.max(this.#keepMs, follower.keepForSeconds * 1000);
    const announce = (revocation: Revocation) => this.#announce(revocation);
    const stop = followLog(() => openRevocationReader(this.#driver, this.#logKey(), announce), follower);
    return { announce: (revocation) => announce(revocation).then(() => undefined), close: stop };
  }

  attemptCounter(name: string, windowSeconds: number): AttemptCounter {
    const keyPrefix = `${this.#keyPrefix}attempts:${name}`;
    return redisAttemptCounter(this.#redis, keyPrefix, windowSeconds);
  }

  oneTimeTokens(): OneTimeTokenStore {
    return new RedisOneTimeTokens(this.#redis, this.#keyPrefix);
  }

  /** Repeats a script until there is nothing more to end and to announce. @returns the ids that ended */
  async #inPieces(
    userId: string,
    first: PieceReply,
    next: () => Promise<unknown>,
    onEnded: CreateOptions['onEnded'],
    most = Infinity,
  ): Promise<string[]> {
    const ended: string[] = [];
    let reply = first;
    let emptied = () => Promise.resolve<unknown>(undefined);
    for (let pieces = 1; ; pieces += 1) {
      const [, endedNow, unannounced, isMore] = reply;
      for (const sessionId of endedNow) ended.push(sessionId);
      onEnded?.(endedNow);
      await emptied();
      emptied = await this.#emptyOutbox(userId, unannounced);
      if (Number(isMore) === 0 || pieces === most) return ended;
      // Sent right behind the removal, without waiting for its answer: in a process that closes many sockets, every answer waits long.
      reply = (await next()) as PieceReply;
    }
  }

  /**
   * Announces what is in the outbox, and starts to remove it there. If an id can't be removed, the next call for this user
   * announces it once more, which does no harm.
   * @returns a function that waits until it is removed
   */
  async #emptyOutbox(userId: string, sessionIds: string[]): Promise<() => Promise<unknown>> {
    if (sessionIds.length === 0) return () => Promise.resolve();
    await this.#announce({ userId, sessionIds });
    const removed = this.#redis.call('visaEmptyOutbox', outboxOf(this.#key(userId)), ...sessionIds);
    removed.catch(() => undefined);
    return () => removed;
  }

  /** @returns the id of the entry in the log */
  async #announce({ userId, sessionIds }: Revocation): Promise<string> {
    const ids = sessionIds.join(',');
    return String(
      await this.#redis.call('visaAnnounceRevocation', this.#logKey(), userId, ids, this.#keepMs),
    );
  }

  #logKey(): string {
    return `${this.#keyPrefix}revocations`;
  }

  #key(userId: string): string {
    return taggedKey(this.#keyPrefix, userId);
  }
}

/** Has the same hash tag as the user's sessions, so it is on the same node. */
function outboxOf(key: string): string {
  return `${key}:ended`;
}
