import { RateLimiterRedis } from 'rate-limiter-flexible';
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

  /** Takes the caller's client and leaves it open. */
  constructor(client: RedisClient, options: RedisRefreshTokenStoreOptions = {}) {
    this.#client = client;
    this.#redis = new BoundedRedis(client, refreshTokenScripts);
    this.#keyPrefix = options.keyPrefix ?? 'visa:';
    // A brace before the user's would take over the hash tag, and all users would share one slot.
    if (/[{}]/.test(this.#keyPrefix)) throw new TypeError('keyPrefix must not contain { or }');
  }

  async create(session: NewSession): Promise<void> {
    await this.#redis.call(
      'visaCreateSession',
      this.#key(session.userId),
      session.sessionId,
      packSession({ ...session, generation: 0, rotatedAt: session.createdAt }),
      session.expiresAt.getTime(),
    );
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
    );
    const [outcome, packed, now] = reply as [RotateResult['outcome'], string, string];
    if (outcome === 'reused' || outcome === 'unknown') return { outcome };
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

  /** The braces are the hash tag (Redis Cluster specification); encoding keeps an id from closing them. */
  #key(userId: string): string {
    return `${this.#keyPrefix}{${encodeURIComponent(userId)}}`;
  }
}
