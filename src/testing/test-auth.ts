import { randomBytes } from 'node:crypto';
import type { AuthOptions } from '../config/auth-options.js';
import type { Auth } from '../auth.js';
import { createAuth } from '../create-auth.js';
import { MemoryRefreshTokenStore } from '../stores/memory/refresh-token-store.js';
import { MemoryUserStore } from '../stores/memory/user-store.js';
import type { RefreshTokenStore } from '../stores/refresh-token-store.js';
import type { UserStore } from '../stores/user-store.js';
import { testClock, type TestClock } from './test-clock.js';

/** The options of `createAuth`. None of them is required. */
export interface TestAuthOptions<
  Users extends UserStore = UserStore,
  RefreshTokens extends RefreshTokenStore = RefreshTokenStore,
  Clock extends () => number = () => number,
> extends Omit<AuthOptions, 'users' | 'refreshTokens' | 'accessToken' | 'refreshToken' | 'clock'> {
  /** Default: a new `MemoryUserStore`, which goes by `clock`. */
  users?: Users;
  /** Default: a new `MemoryRefreshTokenStore` that uses `clock`. */
  refreshTokens?: RefreshTokens;
  /** Default: a new `testClock()`. With the fake timers of a test runner, pass `Date.now`. */
  clock?: Clock;
  /** Default of `secret`: a random one. */
  accessToken?: Partial<AuthOptions['accessToken']>;
  /** Default of `secret`: a random one. */
  refreshToken?: Partial<AuthOptions['refreshToken']>;
}

/** An Auth with its stores and its clock as additional members. */
export interface TestAuth<
  Users extends UserStore = MemoryUserStore,
  RefreshTokens extends RefreshTokenStore = MemoryRefreshTokenStore,
  Clock extends () => number = TestClock,
> extends Auth {
  readonly users: Users;
  readonly refreshTokens: RefreshTokens;
  /** The clock that tokens and sessions use. It stands still until you move it: `auth.clock.advance('31m')`. */
  readonly clock: Clock;
}

const SECRET_BYTES = 32;
const LOWEST_COST = 10;
/** No limits, because a test that registers a dozen users must not be taken for an attack. */
const NO_LIMITS = {
  username: false,
  address: false,
  register: false,
  password: false,
  logins: false,
} as const;

/**
 * `createAuth` for tests: with stores in memory, random secrets, the fastest password hashes, no limits on attempts, and cookies
 * that also work over plain HTTP. Your options replace these, group by group. Call `await auth.close()` at the end.
 * @throws TypeError that names the option and says how to fix it
 */
export function testAuth<
  Users extends UserStore = MemoryUserStore,
  RefreshTokens extends RefreshTokenStore = MemoryRefreshTokenStore,
  Clock extends () => number = TestClock,
>(options: TestAuthOptions<Users, RefreshTokens, Clock> = {}): TestAuth<Users, RefreshTokens, Clock> {
  const clock = options.clock ?? testClock();
  const users = options.users ?? new MemoryUserStore({ clock });
  const refreshTokens = options.refreshTokens ?? new MemoryRefreshTokenStore({ clock });
  const auth = createAuth({
    ...options,
    users,
    refreshTokens,
    clock,
    accessToken: { secret: randomBytes(SECRET_BYTES), ...options.accessToken },
    refreshToken: { secret: randomBytes(SECRET_BYTES), ...options.refreshToken },
    password: { cost: LOWEST_COST, ...options.password },
    cookies: { secure: false, ...options.cookies },
    limits: options.limits ?? NO_LIMITS,
  });
  return Object.assign(auth, { users, refreshTokens, clock }) as TestAuth<Users, RefreshTokens, Clock>;
}
