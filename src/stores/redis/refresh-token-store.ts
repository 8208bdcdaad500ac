import { serviceUnavailable } from '../../errors.js';
import type { AttemptCounter } from '../attempt-counter.js';
import { attemptScripts, redisAttemptCounter } from './attempt-counter.js';
import { WriteDeadline } from '../write-deadline.js';
import { assertRedisClient, BoundedRedis } from './client.js';
import type { RedisClient } from './redis-client.js';
import { checkedKeyPrefix, DEFAULT_KEY_PREFIX, taggedKey } from './keys.js';
import { oneTimeTokenScripts } from './one-time-token-scripts.js';
import { RedisOneTimeTokens } from './one-time-tokens.js';
import { refreshTokenScripts } from './refresh-token-scripts.js';
import { openRevocationReader } from './revocation-reader.js';
import { packSession, unpackSession, unreadablePacked } from './packed-session.js';
import type { OneTimeTokenStore } from '../one-time-token-store.js';
import type {
  NewSession,
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

type RotateReply = [
  outcome: RotateResult['outcome'] | 'late' | 'unreadable',
  packed: string,
  now: string,
  unannounced: string[],
];

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
  readonly #client: RedisClient;
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
    assertRedisClient(client);
    this.#client = client;
    this.#redis = new BoundedRedis(client, SCRIPTS);
    this.#keyPrefix = checkedKeyPrefix(keyPrefix);
  }

  async create(session: NewSession): Promise<void> {
    const now = await this.#redis.call(
      'visaCreateSession',
      this.#key(session.userId),
      session.sessionId,
      packSession({ ...session, generation: 0, rotatedAt: session.createdAt }),
      session.expiresAt.getTime() - session.createdAt.getTime(),
    );
    this.#deadline.learn(now as string);
  }

  async rotate(request: RotateRequest): Promise<RotateResult> {
    const { userId, sessionId, generation, attempt, now: givenTime } = request;
    if (!this.#deadline.isKnown) await this.time();
    const numbers = [
      generation,
      request.expiresInSeconds * 1000,
      request.maxLifetimeSeconds * 1000,
      request.reuseWindowSeconds * 1000,
      this.#keepMs,
      this.#deadline.next(),
      givenTime?.getTime() ?? '',
    ];
    const key = this.#key(userId);
    const reply = await this.#redis.call(
      'visaRotateSession',
      key,
      outboxOf(key),
      sessionId,
      numbers.join(' '),
      ...(attempt === undefined ? [] : [attempt]),
    );
    const [outcome, packed, now, unannounced] = reply as RotateReply;
    if (outcome === 'late') {
      this.#deadline.learn(now);
      throw serviceUnavailable(new Error('Redis was too late with a rotation'));
    }
    if (outcome === 'unreadable') throw unreadablePacked(packed);
    if (outcome === 'reused' || outcome === 'unknown') {
      await this.#emptyOutbox(userId, unannounced);
      return { outcome };
    }
    if (!givenTime) this.#deadline.learn(now);
    const session = unpackSession(userId, sessionId, packed);
    return { outcome, session, now: new Date(Number(now)) };
  }

  async find(userId: string, sessionId: string): Promise<Session | undefined> {
    const packed = await this.#redis.call('visaFindSession', this.#key(userId), sessionId);
    return packed === null ? undefined : unpackSession(userId, sessionId, packed as string);
  }

  async list(userId: string): Promise<Session[]> {
    const flat = (await this.#redis.call('visaListSessions', this.#key(userId))) as string[];
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
      this.#outboxKey(userId),
      sessionId,
      this.#keepMs,
    );
    const [wasLive, unannounced] = reply as [number | string, string[]]; // a text with `stringNumbers: true`
    await this.#emptyOutbox(userId, unannounced);
    return Number(wasLive) === 1;
  }

  async revokeAll(userId: string, options: { except?: string | undefined } = {}): Promise<string[]> {
    const reply = await this.#redis.call(
      'visaRevokeSessions',
      this.#key(userId),
      this.#outboxKey(userId),
      options.except ?? '',
      this.#keepMs,
    );
    const [ended, unannounced] = reply as [string[], string[]];
    await this.#emptyOutbox(userId, unannounced);
    return ended;
  }

  /** The clock of Redis, in milliseconds since 1970. On a Cluster, the clock of the node that has the log of revocations. */
  async time(): Promise<number> {
    const time = Number(await this.#redis.call('visaStoreTime', this.#logKey()));
    this.#deadline.learn(time);
    return time;
  }

  followRevocations(follower: RevocationFollower): RevocationFeed {
    this.#keepMs = Math.max(this.#keepMs, follower.keepForSeconds * 1000);
    const stop = followLog(() => openRevocationReader(this.#client, this.#logKey()), follower);
    return { announce: (revocation) => this.#announce(revocation), close: stop };
  }

  attemptCounter(name: string, windowSeconds: number): AttemptCounter {
    const keyPrefix = `${this.#keyPrefix}attempts:${name}`;
    return redisAttemptCounter(this.#redis, keyPrefix, windowSeconds);
  }

  oneTimeTokens(): OneTimeTokenStore {
    return new RedisOneTimeTokens(this.#redis, this.#keyPrefix);
  }

  /** If an id can't be removed, the next call for this user announces it once more, which does no harm. */
  async #emptyOutbox(userId: string, sessionIds: string[]): Promise<void> {
    if (sessionIds.length === 0) return;
    await this.#announce({ userId, sessionIds });
    this.#redis.call('srem', this.#outboxKey(userId), ...sessionIds).catch(() => undefined);
  }

  async #announce({ userId, sessionIds }: Revocation): Promise<void> {
    const ids = sessionIds.join(',');
    await this.#redis.call('visaAnnounceRevocation', this.#logKey(), userId, ids, this.#keepMs);
  }

  #logKey(): string {
    return `${this.#keyPrefix}revocations`;
  }

  #outboxKey(userId: string): string {
    return outboxOf(this.#key(userId));
  }

  #key(userId: string): string {
    return taggedKey(this.#keyPrefix, userId);
  }
}

/** Has the same hash tag as the user's sessions, so it is on the same node. */
function outboxOf(key: string): string {
  return `${key}:ended`;
}
