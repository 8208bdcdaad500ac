import { environment } from './environment.js';

/** Runs one function at a time. */
export type Exclusively = <T>(run: () => Promise<T>) => Promise<T>;

/**
 * One at a time in this client and, by Web Locks, in all tabs. Old browsers and pages without https have no locks. There two tabs
 * may refresh at once, which is safe: the server answers both with the same successor within its `reuseWindow`, and a tab that
 * finds the other's `Idempotency-Key` sends the same one.
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
