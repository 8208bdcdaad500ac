import { reasonOf } from '../utils/reason-of.js';

/** An outage without a failure for so long is over. */
const QUIET_MS = 60_000;

/** Warns of an outage once, however many requests get 503; and again when it comes back after it was over. */
export class OutageWarning {
  #lastFailureMs = -Infinity;

  failed(error: Error): void {
    const now = performance.now();
    const isNew = now - this.#lastFailureMs > QUIET_MS;
    this.#lastFailureMs = now;
    if (!isNew) return;
    process.emitWarning(
      `Requests get 503: ${reasonOf(error)}. This warning comes once for each outage. To get every failure, listen: auth.events.on('unavailable', …)`,
      'PassportVisaWarning',
    );
  }

  healed(): void {
    this.#lastFailureMs = -Infinity;
  }
}
