/** How long the stores wait for their servers, and sessions for the app's claims, in milliseconds. docs/reliability.md promises the results. */
export interface CallTimes {
  /** How long a call may take. A request must be answered within 2 seconds. */
  timeout: number;
  /** How long a call waits for its connection. Less than `timeout`, so the error can give the reason. */
  ready: number;
  /**
   * How long the first answer of a log of revocations may take. It includes connecting, which takes many round trips over a Sentinel,
   * a Cluster or TLS.
   */
  firstLogAnswer: number;
  /**
   * How long a statement of PostgreSQL waits for a row that another transaction has locked. Much less than `timeout`: it keeps a
   * connection of the app's pool meanwhile.
   */
  lockWait: number;
  /** How often a server that doesn't answer is tried again. */
  probeInterval: number;
  /** How often a connection that may be dead is replaced, at most. */
  reconnectInterval: number;
  /**
   * How late a write may still run after its call began. A client sends a command again after a reconnect, which may be long after
   * its caller got a 503. Longer than `timeout`, and shorter than any delay that would do harm.
   */
  writeDeadline: number;
  /** How long a change of the password may take from its new hash to its last step, before its process counts as killed. */
  passwordChange: number;
}

/** Not options of the stores, but an object, because tests wait longer on a busy machine and shorter for an outage. */
export const CALL_TIMES: CallTimes = {
  timeout: 1000,
  ready: 900,
  lockWait: 250,
  firstLogAnswer: 3000,
  probeInterval: 500,
  reconnectInterval: 5000,
  writeDeadline: 1500,
  passwordChange: 2000,
};
