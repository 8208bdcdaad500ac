import type { TokenStorage } from './token-storage.js';

/** The options of `createAuthClient`. */
export interface AuthClientOptions {
  /**
   * The URL where `auth.router` is mounted: `'/auth'`, or `'https://api.example.com/auth'`. Outside of browsers it must be
   * absolute.
   */
  baseUrl: string;
  /** How tokens travel: in HttpOnly cookies, or in the `Authorization: Bearer` header and JSON bodies. Default: `'cookie'`. */
  transport?: 'cookie' | 'bearer';
  /** Where `'bearer'` keeps its tokens; `'cookie'` ignores it. Default: in memory, so a reload logs the user out. */
  storage?: TokenStorage;
  /** Sends every request. Default: the global `fetch`, looked up at each call. */
  fetch?: typeof fetch;
  /**
   * What `stepUp()` of `passport-visa/client/second-factor` returns. It asks the user to prove again who they are, when the server
   * refuses a request with 401 `REAUTHENTICATION_REQUIRED`, and then repeats the request. Default: requests get the 401.
   */
  reauthenticate?: StepUp;
}

/** Made by `stepUp()`. */
export interface StepUp {
  /** @internal A method of `FetchWrapper`, whose types depend on the options of a client. */
  around: unknown;
}

/** A user, as `register`, `login` and `info` return it. */
export interface AuthUser {
  id: string;
  username: string;
  roles: string[];
  /** Of a login, with the feature `secondFactor`: the user must enrol a second factor first. */
  enrol?: true;
}

/** A user, as the access token describes it. */
export interface TokenUser {
  id: string;
  roles: string[];
  sessionId: string;
  /** When the user last had to prove who they are, in ISO 8601. */
  authTime: string;
  /** How the user proved who they are, if the login said so (RFC 8176). */
  amr?: string[];
  /** With the feature `emailAccount`: whether the address is proved. */
  emailVerified?: boolean;
  /** With the feature `secondFactor`: the user must enrol one first. */
  enrol?: true;
  /** Further claims, if the server adds some (`accessToken.claims`). */
  claims?: Record<string, unknown>;
}

/** One login on one device. Times are ISO 8601. */
export interface DeviceSession {
  id: string;
  /** Whether it is the session of this client. */
  current: boolean;
  createdAt: string;
  /** The last use, rounded down to the hour, but not to before the login. */
  lastUsedAt: string;
  /** When it ends, unless it is refreshed before, rounded up to the hour. */
  expiresAt: string;
  ip: string | null;
  userAgent: string | null;
}

/** The body of a login or a registration. Its members have the names of the server's `usernameField` and `passwordField`. */
export interface Credentials {
  username?: string;
  password?: string;
  /** Only for `login`: whether the cookies are kept when the browser closes. `register` refuses it. Default: false. */
  remember?: boolean;
  [field: string]: unknown;
}

/** A change of who is logged in, in any tab. `expired`: the server reported that the session is over; `code` says why. */
export type AuthChange =
  { type: 'login'; user: AuthUser } | { type: 'logout' } | { type: 'expired'; code: string };

/** Methods that return a promise reject with an `AuthClientError`. Only `fetch` may reject with other errors too. */
export interface AuthClient {
  /** How tokens travel, as the options say. */
  readonly transport: 'cookie' | 'bearer';
  /** Creates a user, and does not log in. */
  register(credentials: Credentials): Promise<AuthUser>;
  /**
   * Starts a session on this device.
   * @param path of another endpoint that answers as POST /login does, such as one that a feature adds. Default: `'/login'`
   */
  login(credentials: Credentials, path?: string): Promise<AuthUser>;
  /**
   * Calls an endpoint of the router that has no method here, such as one that a feature adds: `call('POST', '/terms/accept', { ticket })`.
   * Replaces an expired access token and repeats the request once, like `fetch`. It keeps no tokens: use `login` for an endpoint that
   * hands them out.
   * @param path below `baseUrl`, with a slash before it. Without one the call rejects with a TypeError.
   * @returns the JSON of the answer
   */
  call<Answer>(method: string, path: string, body?: object): Promise<Answer>;
  /**
   * Ends the session, and aborts a refresh in flight. If it rejects, this client stays logged in: the server may not have ended
   * the session, and the tokens would still be valid.
   */
  logout(): Promise<void>;
  /** Ends every session of the user, on all devices. */
  logoutAll(): Promise<void>;
  /**
   * Lets the server verify the access token. An outage rejects, because it is not a logout.
   * @returns the user of the token, or null when the user is not logged in
   */
  check(): Promise<TokenUser | null>;
  /** Reads the user from the server's user store. @returns the user as it is now */
  info(): Promise<AuthUser>;
  /** Lists the devices where the user is logged in. @returns one session for each */
  sessions(): Promise<DeviceSession[]>;
  /** Logs one device out. @param id the `id` of a `DeviceSession` */
  endSession(id: string): Promise<void>;
  /** Ends all sessions of the user but this one. @returns how many have ended */
  endOtherSessions(): Promise<number>;
  /**
   * Changes the password, ends every session of the user, and goes on in a new one. A request whose answer got lost is sent again
   * once. After `NETWORK_ERROR` either password may be the valid one: the same call within the server's `reuseWindow` gets the
   * answer; later the user may have to log in.
   */
  changePassword(change: { currentPassword: string; newPassword: string }): Promise<void>;
  /**
   * Like the global `fetch`, for requests to the origin of `baseUrl`. When the access token has expired, it replaces the token
   * and repeats the request once. It returns every other answer as it is, and also the 401 when the session is over.
   *
   * Rejects with an `AuthClientError` when the refresh got no answer, or only 503. Rejects like `fetch` when the request itself
   * got no answer. Its `signal` ends the wait for a refresh too, and the request is not repeated; the refresh goes on, because other
   * calls share it. With `'bearer'` a redirect rejects, because it could carry the token elsewhere.
   *
   * The body is kept in memory until the answer arrives. Requests to other origins go to plain `fetch`.
   */
  fetch: typeof fetch;
  /** Replaces the tokens now. You need not call it before `fetch`. */
  refresh(): Promise<void>;
  /**
   * Calls the listener after every login, logout and expiry, in this tab or another.
   * @returns a function that removes the listener
   */
  onChange: (listener: (change: AuthChange) => void) => () => void;
  /** Removes all listeners, and stops listening to other tabs. */
  close: () => void;
}
