import { reasonOf } from '../utils/reason-of.js';

/** An outage without a failure for so long is over. */
const QUIET_MS = 60_000;
/** An app that shuts down may close its clients first. Its process has ended before the warning comes. */
const GRACE_MS = 500;

/** Warns of an outage once, however many requests get 503; and again when it comes back after it was over. */
export class OutageWarning {
  #lastFailureMs = -Infinity;
  #warning: NodeJS.Timeout | undefined;
  readonly #owner: string;

  /** @param owner what an app calls the object with the events: `auth` */
  constructor(owner: string) {
    this.#owner = owner;
  }

  failed(error: Error): void {
    const now = performance.now();
    const isNew = now - this.#lastFailureMs > QUIET_MS;
    this.#lastFailureMs = now;
    if (isNew) this.#warning = setTimeout(warn, GRACE_MS, error, this.#owner).unref();
  }

  healed(): void {
    clearTimeout(this.#warning);
    this.#lastFailureMs = -Infinity;
  }
}

function warn(error: Error, owner: string): void {
  process.emitWarning(
    `Requests get 503: ${reasonOf(error)}. This warning comes once for each outage. To get every failure, listen: ${owner}.events.on('unavailable', …)`,
    'PassportVisaWarning',
  );
}
