/** The option `limits` of `createAuth`. */
export interface LimitsOptions {
  /**
   * Failed logins in a row for one username, which is then locked for 1 minute, then 2, 4 … up to 15. Addresses where the user
   * has logged in within 30 days (IPv6: its /64) have their own count, so a stranger can't lock the user out there. False: no
   * limit. Default: `{ failures: 10 }`.
   */
  username?: false | { failures?: number };
  /**
   * Wrong passwords per minute from one address (IPv6: its /64), at /login and POST /password together. Raise it if a whole
   * office logs in from one address at 9 a.m. False: no limit. Default: `{ failures: 50 }`.
   */
  address?: false | { failures?: number };
  /** Registrations per hour from one address (IPv6: its /64). False: no limit. Default: `{ attempts: 10 }`. */
  register?: false | { attempts?: number };
  /** Wrong current passwords in a row for one user at POST /password. False: no limit. Default: `{ failures: 10 }`. */
  password?: false | { failures?: number };
  /**
   * Right passwords per minute for one user, at /login and POST /password together, from all addresses. Each of them costs as much
   * CPU as a wrong one. Raise it, or set it to false, where tests or a load test log in as one user again and again. False: no
   * limit. Default: `{ successes: 60 }`.
   */
  logins?: false | { successes?: number };
  /**
   * How many sessions a user may have: 1 to 1,000. A login beyond that ends the session that was used longest ago, and
   * `auth.events` reports it as `revoked` with the reason `'session-limit'`. GET /sessions and `auth.sessions.list` return at most
   * as many. False: no limit, and lists return at most 1,000. Needs a store that can do it, as all stores of this package can.
   * Default: 100.
   */
  sessions?: false | number;
}
