import { CALL_TIMES } from '../call-times.js';

/** All that a call does, in time limits of one question to the server. A request must be answered within 2 seconds. */
const WHOLE_CALL = 1.8;
/** How long a change may wait for its turn behind others of the same user. The rest is for the change itself. */
const TURN = 0.9;

/** The time that one call of the store has for all its steps: its turn, its questions to the server, and the app's own function. */
export class Deadline {
  readonly #at = performance.now() + WHOLE_CALL * CALL_TIMES.timeout;

  /** In milliseconds, for the next question to the server. 0: the time is over. */
  get step(): number {
    return Math.min(CALL_TIMES.timeout, this.left);
  }

  /** In milliseconds, for the turn of a change. */
  get turn(): number {
    return Math.min(TURN * CALL_TIMES.timeout, this.left);
  }

  /** In milliseconds, for all that is still to do. */
  get left(): number {
    return Math.max(0, this.#at - performance.now());
  }
}
