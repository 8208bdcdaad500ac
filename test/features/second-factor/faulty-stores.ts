import { AuthError } from '../../../src/index';
import type { FeatureStores } from '../../helpers/apps/feature-stores';

/** Methods that return at once: parts of a store, or a function that ends something. */
const AT_ONCE = new Set([
  'credentials',
  'oneTimeTokens',
  'attemptCounter',
  'followRevocations',
  'onUserGone',
]);

/** `before`: the store never gets the call. `after`: it does what was asked, and its answer is lost. `late`: it gets the call at `arrive`. */
export type Fault = 'before' | 'after' | 'late';

/** Stores of which one call, or every call from there on, fails as in an outage. */
export class FaultyStores {
  readonly stores: FeatureStores;
  /** The calls since `failAt`, as `list` or `create`. */
  readonly calls: string[] = [];
  #failing: { at: number; fault: Fault; onwards: boolean } | undefined;
  readonly #meanwhile = new Map<string, () => Promise<unknown>>();
  readonly #late: (() => unknown)[] = [];

  constructor({ users, refreshTokens }: FeatureStores) {
    this.stores = {
      users: this.#faulty(users, 'users'),
      refreshTokens: this.#faulty(refreshTokens, 'sessions'),
    };
  }

  /** @param at 0: the next call */
  failAt(at: number, fault: Fault, { onwards = false } = {}): void {
    this.calls.length = 0;
    this.#failing = { at, fault, onwards };
  }

  /** Does something at the moment before the next call of this name, as another process may. */
  before(call: string, run: () => Promise<unknown>): void {
    this.#meanwhile.set(call, run);
  }

  /** The store gets the calls that are late. */
  async arrive(): Promise<void> {
    for (const call of this.#late.splice(0)) await call();
  }

  heal(): void {
    this.calls.length = 0;
    this.#failing = undefined;
  }

  #faulty<Store extends object>(store: Store, path: string): Store {
    return new Proxy({} as Store, {
      has: (_target, name) => name in store,
      get: (_target, name) => {
        const member: unknown = Reflect.get(store, name, store);
        if (typeof member !== 'function') return member;
        const call = (...args: unknown[]): unknown => Reflect.apply(member, store, args);
        if (AT_ONCE.has(String(name)))
          return (...args: unknown[]) => {
            const part = call(...args);
            return typeof part === 'object' && part !== null ? this.#faulty(part, String(name)) : part;
          };
        return async (...args: unknown[]) => {
          const called = `${path}.${String(name)}`;
          const count = this.calls.push(called) - 1;
          const run = this.#meanwhile.get(called);
          this.#meanwhile.delete(called);
          const before = this.#failing;
          await run?.();
          const failing = this.#failing;
          // What is to fail from now on comes after this call.
          if (!failing || failing !== before || (failing.onwards ? count < failing.at : count !== failing.at))
            return call(...args);
          if (failing.fault === 'after') await call(...args);
          if (failing.fault === 'late') this.#late.push(() => call(...args));
          throw new AuthError('SERVICE_UNAVAILABLE');
        };
      },
    });
  }
}
