import { RateLimiterRedis } from 'rate-limiter-flexible';
import { serviceUnavailable } from '../errors.js';
import { limiterCounter, type AttemptCounter } from './attempt-counter.js';
import { BoundedRedis, type RedisClient } from './redis-client.js';
import { refreshTokenScripts } from './redis-refresh-token-scripts.js';
import { packSession, unpackSession } from './redis-session.js';
import type {
  NewSession,
  RefreshTokenStore,
  RotateRequest,
  RotateResult,
  Session,
} from './refresh-token-store.js';

/** Longer than any call is waited for, and shorter than any stall that matters. */
const ROTATION_DEADLINE_MS = 1500;

export interface RedisRefreshTokenStoreOptions {
  /** What all keys begin with. Default: `visa:`. */
  keyPrefix?: string;
}

/**
 * Sessions in Redis, on a single node (Sentinel included) or a Cluster: one hash a user, one field a session, so that
 * every operation is one script on one key. The hash lives as long as its longest session.
 */
export class RedisRefreshTokenStore implements RefreshTokenStore {
  readonly #client: RedisClient;
  readonly #redis: BoundedRedis;
  readonly #keyPrefix: string;
  /** How far the clock of Redis is ahead of ours. */
  #clockOffsetMs: number | undefined;

  /** Takes the caller's client and leaves it open. */
  constructor(client: RedisClient, options: RedisRefreshTokenStoreOptions = {}) {
    this.#client = client;
    this.#redis = new BoundedRedis(client, refreshTokenScripts);
    this.#keyPrefix = options.keyPrefix ?? 'visa:';
    // A brace before the user's would take over the hash tag, and all users would share one slot.
    if (/[{}]/.test(this.#keyPrefix)) throw new TypeError('keyPrefix must not contain { or }');
  }

  async create(session: NewSession): Promise<void> {
    const now = await this.#redis.call(
      'visaCreateSession',
      this.#key(session.userId),
      session.sessionId,
      packSession({ ...session, generation: 0, rotatedAt: session.createdAt }),
      session.expiresAt.getTime() - session.createdAt.getTime(),
    );
    this.#learnTime(now as string);
  }

  async rotate(request: RotateRequest): Promise<RotateResult> {
    const reply = await this.#redis.call(
      'visaRotateSession',
      this.#key(request.userId),
      request.sessionId,
      request.generation,
      request.attempt ?? '',
      request.expiresInSeconds * 1000,
      request.maxLifetimeSeconds * 1000,
      request.reuseWindowSeconds * 1000,
      request.now?.getTime() ?? '',
      this.#deadline(),
    );
    const [outcome, packed, now] = reply as [RotateResult['outcome'] | 'late', string, string];
    if (outcome === 'late') {
      this.#learnTime(now);
      throw serviceUnavailable(new Error('Redis was too late with a rotation'));
    }
    if (outcome === 'reused' || outcome === 'unknown') return { outcome };
    if (!request.now) this.#learnTime(now);
    const session = unpackSession(request.userId, request.sessionId, packed);
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
    return (await this.#redis.call('visaRevokeSession', this.#key(userId), sessionId)) === 1;
  }

  async revokeAll(userId: string, options: { except?: string | undefined } = {}): Promise<string[]> {
    return (await this.#redis.call(
      'visaRevokeSessions',
      this.#key(userId),
      options.except ?? '',
    )) as string[];
  }

  attemptCounter(name: string, windowSeconds: number): AttemptCounter {
    const limiter = new RateLimiterRedis({
      storeClient: this.#client,
      keyPrefix: `${this.#keyPrefix}attempts:${name}`,
      points: 1,
      duration: windowSeconds,
    });
    return limiterCounter(limiter, this.#redis.run);
  }

  #learnTime(storeTime: string): void {
    this.#clockOffsetMs = Number(storeTime) - Date.now();
  }

  /** By the clock of Redis; none until its first answer has told us that. */
  #deadline(): number | '' {
    return this.#clockOffsetMs === undefined ? '' : Date.now() + this.#clockOffsetMs + ROTATION_DEADLINE_MS;
  }

  /** The braces are the hash tag (Redis Cluster specification); encoding keeps an id from closing them. */
  #key(userId: string): string {
    return `${this.#keyPrefix}{${encodeURIComponent(userId)}}`;
  }
}
