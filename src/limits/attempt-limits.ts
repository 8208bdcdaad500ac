import { z } from 'zod';
import { failureOf, isAuthError } from '../errors.js';
import type { LimitName, RequestOrigin } from '../events/auth-event.js';
import type { AuthEvents } from '../events/auth-events.js';
import { digestOf } from '../utils/digest.js';
import { parseCall } from '../utils/parse-call.js';
import { usernameKey } from '../utils/username.js';
import { addressGroup } from '../utils/address-group.js';
import { ConsecutiveFailures } from './consecutive-failures.js';
import { announceLocked } from './announce-locked.js';
import { both, NOTHING_TO_DO, type CountedAttempt, type CounterStore, type Limit } from './limit.js';
import type { Requester } from './requester.js';
import { UsernameFailures } from './username-failures.js';
import { EveryAttempt, SuccessLimit, WindowLimit } from './window-limit.js';

const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** How many attempts each limit allows; undefined where it is switched off. */
export interface LimitsConfig {
  readonly username: number | undefined;
  readonly address: number | undefined;
  readonly register: number | undefined;
  readonly password: number | undefined;
  readonly logins: number | undefined;
}

/**
 * What a limit counts: failures in a row, after which each attempt waits longer than the one before (1 to 15 minutes); failures
 * in a window of time; or all attempts in a window of time.
 */
export type LimitRule =
  | { readonly failures: number; readonly windowSeconds?: number | undefined }
  | { readonly attempts: number; readonly windowSeconds: number };

const atLeastOne = z.int().min(1);
const ruleSchema = z.union(
  [
    z.strictObject({ failures: atLeastOne, windowSeconds: atLeastOne.optional() }),
    z.strictObject({ attempts: atLeastOne, windowSeconds: atLeastOne }),
  ],
  'must be { failures, windowSeconds? } or { attempts, windowSeconds }',
);

interface KnownUser {
  readonly id: string;
  readonly username: string;
}

/** One limit. Each attempt is counted before it is judged, so parallel attempts can't exceed it. */
export interface NamedLimit {
  /**
   * Counts an attempt for `key`, and makes it. It is a failure when it throws an AuthError whose row in `errors.ts` says
   * `wrongGuess`; any other error takes the count back.
   * @throws AuthError TOO_MANY_ATTEMPTS, or what `attempt` throws
   */
  count<T>(key: string, requester: Requester, attempt: () => Promise<T>): Promise<T>;
}

/** The limits on attempts: those of the options, and those that features name. */
export class AttemptLimits {
  readonly #store: CounterStore;
  readonly #events: AuthEvents;
  readonly #named = new Set<LimitName>();
  readonly #username: UsernameFailures | undefined;
  readonly #otherNames: UsernameFailures | undefined;
  readonly #address: NamedLimit;
  readonly #password: NamedLimit;
  readonly #register: NamedLimit;
  /** By the key of the username. */
  readonly #logins: Limit | undefined;

  constructor(
    { limits, refreshTokens }: { readonly limits: LimitsConfig; readonly refreshTokens: CounterStore },
    events: AuthEvents,
  ) {
    const { username, address, password, register, logins } = limits;
    this.#store = refreshTokens;
    this.#events = events;
    if (username !== undefined) {
      this.#username = UsernameFailures.byTypedName(refreshTokens, username);
      this.#otherNames = UsernameFailures.byOtherNames(refreshTokens, username);
    }
    this.#address =
      address === undefined
        ? UNLIMITED
        : this.#limit('address', { failures: address, windowSeconds: MINUTE });
    this.#password = password === undefined ? UNLIMITED : this.#limit('password', { failures: password });
    this.#register =
      register === undefined
        ? UNLIMITED
        : this.#limit('register', { attempts: register, windowSeconds: HOUR });
    this.#logins =
      logins === undefined
        ? undefined
        : hashingKeys(new SuccessLimit(refreshTokens, 'logins', logins, MINUTE));
  }

  /**
   * A limit of a feature's own, by its name in the event `locked`.
   * @throws TypeError when two features take the same name, or the rule is none
   */
  named(name: LimitName, rule: LimitRule): NamedLimit {
    parseCall(`limits.named('${name}')`, ruleSchema, rule);
    if (this.#named.has(name)) throw new TypeError(`There is a limit named '${name}' already`);
    this.#named.add(name);
    const limit = limitOf(this.#store, `feature:${name}`, rule);
    return this.#announced(name, hashingKeys(limit));
  }

  /** @throws AuthError TOO_MANY_ATTEMPTS, or what `guess` throws */
  login<T>(origin: RequestOrigin, username: string, guess: () => Promise<T>): Promise<T> {
    const address = addressGroup(origin.ip);
    const byUsername = this.#username ? this.#announced('username', this.#username.from(address)) : UNLIMITED;
    return this.#address.count(address, origin, () => byUsername.count(usernameKey(username), origin, guess));
  }

  /**
   * Counts a login for the user whom the typed name has found: its successes, and, if it is not the name of that user, its failures.
   * A store may find a user by several names (an address too), or by many spellings, and all of these share one count of the
   * user's failures. It is not the count of the user's own name: if guesses at one name made another name wait, the 429 would tell
   * that both have the same user.
   * @returns undefined after too many failures. Answer as to a wrong password: TOO_MANY_ATTEMPTS would tell that the name has a user
   * @throws AuthError TOO_MANY_ATTEMPTS after too many successes; so does the attempt's `succeeded`
   */
  async foundUser(
    origin: RequestOrigin,
    typed: string,
    user: KnownUser | undefined,
  ): Promise<CountedAttempt | undefined> {
    const failures = await this.#countOtherName(origin, typed, user);
    if (!failures || !this.#logins) return failures;
    const key = usernameKey(user ? user.username : typed);
    try {
      return both(failures, await this.#enter('logins', this.#logins, key, { ...origin, userId: user?.id }));
    } catch (error) {
      failures.takeBack().catch(() => undefined);
      throw error;
    }
  }

  /** @throws AuthError TOO_MANY_ATTEMPTS, or what `guess` throws */
  password<T>(
    requester: Requester & { userId: string },
    { username }: { readonly username: string },
    guess: () => Promise<T>,
  ): Promise<T> {
    const byLogins = this.#logins ? this.#announced('logins', this.#logins) : UNLIMITED;
    const byUser = () =>
      this.#password.count(requester.userId, requester, () =>
        byLogins.count(usernameKey(username), requester, guess),
      );
    return this.#address.count(addressGroup(requester.ip), requester, byUser);
  }

  /**
   * For a user whose name changes. Where the user is logged in, the address stays a known one, so failures of strangers don't lock the
   * new name there. Other counts begin again: those by the user's id go on anyway.
   * @param ips where the user's sessions come from
   */
  async renamed(from: string, to: string, ips: Iterable<string | undefined>): Promise<void> {
    const [before, after] = [usernameKey(from), usernameKey(to)];
    for (const address of new Set(Array.from(ips, addressGroup)))
      await this.#username?.follow(address, before, after);
  }

  /** Every registration counts, whatever comes of it. @throws AuthError TOO_MANY_ATTEMPTS */
  registration(origin: RequestOrigin): Promise<void> {
    return this.#register.count(addressGroup(origin.ip), origin, () => Promise.resolve());
  }

  async #countOtherName(
    origin: RequestOrigin,
    typed: string,
    user: KnownUser | undefined,
  ): Promise<CountedAttempt | undefined> {
    if (!this.#otherNames) return NOTHING_TO_DO;
    const address = addressGroup(origin.ip);
    if (!user || usernameKey(user.username) === usernameKey(typed)) {
      await this.#otherNames.pretend(address, user?.id ?? usernameKey(typed));
      return NOTHING_TO_DO;
    }
    try {
      return await this.#otherNames.from(address).enter(user.id);
    } catch (error) {
      if (!isAuthError(error, 'TOO_MANY_ATTEMPTS')) throw error;
      this.#announceLocked('username', usernameKey(user.username), { ...origin, userId: user.id }, error);
      return undefined;
    }
  }

  /** Enters a limit, and announces when it refuses: at once, or when the attempt has succeeded. */
  async #enter(name: LimitName, limit: Limit, key: string, requester: Requester): Promise<CountedAttempt> {
    const announceRefusal = (error: unknown): never => {
      this.#announceLocked(name, key, requester, error);
      throw error;
    };
    const counted = await limit.enter(key).catch(announceRefusal);
    return { ...counted, succeeded: () => counted.succeeded().catch(announceRefusal) };
  }

  #limit(name: LimitName, rule: LimitRule): NamedLimit {
    return this.#announced(name, limitOf(this.#store, name, rule));
  }

  #announced(name: LimitName, limit: Limit): NamedLimit {
    return {
      count: async (key, requester, attempt) => {
        const counted = await this.#enter(name, limit, key, requester);
        try {
          const result = await attempt();
          await counted.succeeded();
          return result;
        } catch (error) {
          // An outage, or a refusal elsewhere, is no guess. Not awaited: the store may be what is down.
          const undo = failureOf(error).wrongGuess ? counted.failed : counted.takeBack;
          undo?.().catch(() => undefined);
          throw error;
        }
      },
    };
  }

  #announceLocked(limit: LimitName, key: string, requester: Requester, error: unknown): void {
    if (!isAuthError(error, 'TOO_MANY_ATTEMPTS')) return;
    announceLocked(this.#events, { limit, key, retryAfterSeconds: error.retryAfterSeconds ?? 0 }, requester);
  }
}

function limitOf(store: CounterStore, name: string, rule: LimitRule): Limit {
  if ('attempts' in rule)
    return new EveryAttempt(new WindowLimit(store, name, rule.attempts, rule.windowSeconds));
  if (rule.windowSeconds !== undefined)
    return new WindowLimit(store, name, rule.failures, rule.windowSeconds);
  return new ConsecutiveFailures(store, name, rule.failures);
}

/** What a client types must neither be stored nor shape a key. */
function hashingKeys(limit: Limit): Limit {
  return { enter: (key) => limit.enter(digestOf(key)) };
}

const UNLIMITED: NamedLimit = { count: (_key, _requester, attempt) => attempt() };
