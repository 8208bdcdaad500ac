import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import fc from 'fast-check';
import {
  MemoryUserStore,
  PostgresUserStore,
  RedisRefreshTokenStore,
  type AuthError,
  type Session,
  type StoredUser,
  type UserStore,
} from '../../src';
import { packSession, unpackSession } from '../../src/stores/redis/packed-session';
import {
  brokenUsernameRule,
  hasInvisibleCharacters,
  normalizeUsername,
  usernameKey,
} from '../../src/utils/username';
import { connectRedis, createDatabase, randomPrefix, type TestDatabase } from '../helpers/apps/backends';
import { runs } from './runs';
import { anyText } from './texts';

const DAY = 86_400_000;
const inDays = (min: number, max: number) => fc.integer({ min: min * DAY, max: max * DAY });
const visible = fc.stringMatching(/^[!-~]{1,128}$/);
/** Any text without a line break. Addresses and headers contain none. */
const line = anyText.map((text) => text.replace(/[\r\n]/g, '').toWellFormed());
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const sessions: fc.Arbitrary<Session> = fc
  .record({
    createdAt: inDays(19_000, 30_000),
    rotatedAfter: inDays(-1, 365),
    expiresAfter: inDays(10_000, 40_000),
    authAfter: inDays(-365, 0),
    generation: fc.oneof(
      fc.nat(),
      fc
        .maxSafeNat()
        .map((n) => n - 2)
        .filter((n) => n >= 0),
    ),
    attempt: optional(visible),
    remember: fc.boolean(),
    ip: optional(line),
    userAgent: optional(line),
    amr: optional(fc.array(fc.stringMatching(/^[!-~]{1,10}$/), { minLength: 1, maxLength: 3 })),
  })
  .map(({ createdAt, rotatedAfter, expiresAfter, authAfter, amr, ip, userAgent, ...session }) => ({
    ...session,
    userId: randomUUID(),
    sessionId: randomUUID(),
    createdAt: new Date(createdAt),
    rotatedAt: new Date(createdAt + rotatedAfter),
    authTime: new Date(createdAt + authAfter),
    expiresAt: new Date(createdAt + expiresAfter),
    ip: ip || undefined,
    userAgent: userAgent || undefined,
    ...(amr && { amr }),
  }));

describe('a session that is packed into one text for Redis', () => {
  const keyPrefix = randomPrefix();
  let redis: Redis;
  beforeAll(() => {
    redis = connectRedis();
  });
  afterAll(() => redis.disconnect());

  test('is the same after packing and unpacking', () => {
    const property = fc.property(sessions, (session) => {
      const { userId, sessionId } = session;
      expect(unpackSession(userId, sessionId, packSession(session))).toEqual(session);
    });
    fc.assert(property, runs(300));
  });

  test('is read in the same way by the script that rotates it', async () => {
    const store = new RedisRefreshTokenStore(redis, { keyPrefix });
    const property = fc.asyncProperty(
      sessions,
      fc.nat(DAY),
      optional(visible),
      async (session, afterMs, attempt) => {
        const { userId, sessionId, createdAt, generation } = session;
        await redis.hset(`${keyPrefix}{${userId}}`, sessionId, packSession(session));
        expect(await store.find(userId, sessionId)).toEqual(session);
        const now = new Date(createdAt.getTime() + afterMs);
        const lifetimes = { expiresInSeconds: 3600, maxLifetimeSeconds: 2 * 86_400, reuseWindowSeconds: 0 };
        const request = { userId, sessionId, generation: generation + 1, attempt, now, ...lifetimes };
        const expiresAt = new Date(now.getTime() + 3_600_000);
        const rotated = { ...session, generation: generation + 1, attempt, rotatedAt: now, expiresAt };
        expect(await store.rotate(request)).toEqual({ outcome: 'rotated', session: rotated, now });
        await store.revoke(userId, sessionId);
      },
    );
    await fc.assert(property, runs(60));
  });
});

describe('PostgreSQL and memory', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database.close());

  test('agree on which usernames are taken, found and shown', async () => {
    const stores = [new PostgresUserStore(database.pool), new MemoryUserStore()] as const;
    await stores[0].migrate();
    // Usernames that the schemas accept.
    const names = anyText
      .map((text) => normalizeUsername(text.replaceAll('\0', '').toWellFormed()))
      .filter((name) => !brokenUsernameRule(name) && !hasInvisibleCharacters(name));
    const changes = fc.constantFrom<((name: string) => string)[]>(
      (name) => name.toLowerCase(),
      (name) => name.toUpperCase(),
      (name) => name.normalize('NFD'),
      (name) => ` ${name} `,
      (name) => `${name}\u0301`,
    );
    const create = (store: UserStore, username: string) =>
      store.create({ username, passwordHash: null }).then(shown, (error: AuthError) => error.code);
    const property = fc.asyncProperty(names, changes, async (username, change) => {
      const variant = change(username);
      const met = async (store: UserStore) => [
        await create(store, username),
        shown(await store.findByUsername(username)),
        shown(await store.findByUsername(variant)),
        await create(store, variant),
      ];
      const [inPostgres, inMemory] = [await met(stores[0]), await met(stores[1])];
      expect(inPostgres).toEqual(inMemory);
      const [, , foundAsVariant, createdAsVariant] = inMemory;
      expect(createdAsVariant === 'USERNAME_TAKEN').toBe(foundAsVariant !== undefined);
      if (usernameKey(variant) === usernameKey(username)) expect(foundAsVariant).toBeDefined();
    });
    await fc.assert(property, runs(40));
  });
});

const shown = (user: StoredUser | undefined) => user?.username;
