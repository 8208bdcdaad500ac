import { environment } from './environment.js';

/** Runs `run` after all earlier calls have ended. */
export type Exclusively = <T>(run: () => Promise<T>) => Promise<T>;

/**
 * One at a time in this client and, with Web Locks, in all tabs. Old browsers and pages without HTTPS have no locks, so two tabs may
 * refresh at once. That is safe: within its `reuseWindow` the server gives both the same new tokens, and a tab that finds the other's
 * `Idempotency-Key` in the storage sends the same one.
 */
export function createExclusively(name: string, betweenTabs: boolean): Exclusively {
  let last: Promise<unknown> = Promise.resolve();
  return function exclusively(run) {
    const locks = betweenTabs && environment.navigator?.locks;
    const turn = last.then(() => (locks ? locks.request(name, run) : run()));
    last = turn.catch(() => undefined);
    return turn;
  };
}
