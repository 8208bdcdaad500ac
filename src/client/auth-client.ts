import type { TokenStorage } from './token-storage.js';

/** What `createAuthClient` takes. */
export interface AuthClientOptions {
  /** Where `auth.router` is mounted: `'/auth'`, or `'https://api.example.com/auth'`. Outside of browsers it must be absolute. */
  baseUrl: string;
  /** How tokens travel: in HttpOnly cookies, or in `Authorization: Bearer` and JSON bodies. Default: `'cookie'`. */
  transport?: 'cookie' | 'bearer';
  /** Where `'bearer'` keeps its tokens. Default: in memory, so that a reload logs out. */
  storage?: TokenStorage;
  /** Default: the global `fetch`, looked up at each call. */
  fetch?: typeof fetch;
}

/** `user` as register, login and info answer it. */
export interface AuthUser {
  id: string;
  username: string;
  roles: string[];
}

/** What the access token says of its user. */
export interface TokenUser {
  id: string;
  roles: string[];
  sessionId: string;
  /** When the password was last asked for: ISO 8601. */
  authTime: string;
}

/** One login on one device. Times are ISO 8601. */
export interface DeviceSession {
  id: string;
  /** Whether it is the one that asks. */
  current: boolean;
  createdAt: string;
  lastUsedAt: string;
  expiresAt: string;
  ip: string | null;
  userAgent: string | null;
}

/** The body of a login or a registration, as the server's `usernameField` and `passwordField` name its members. */
export interface Credentials {
  username?: string;
  password?: string;
  /** Login: whether the cookies outlive the browser. Default: false. */
  remember?: boolean;
  [field: string]: unknown;
}

/** Who is logged in has changed, in whichever tab. `expired`: the server says that the session is over, and `code` says why. */
export type AuthChange =
  { type: 'login'; user: AuthUser } | { type: 'logout' } | { type: 'expired'; code: string };

/** Every method but `fetch` rejects with an `AuthClientError`. */
export interface AuthClient {
  /** Makes a user; it doesn't log in. */
  register(credentials: Credentials): Promise<AuthUser>;
  /** Starts a session on this device. */
  login(credentials: Credentials): Promise<AuthUser>;
  /**
   * Ends the session, and wins over a refresh in flight. When it rejects, nothing has been ended: while the server is out of
   * reach the tokens would live on.
   */
  logout(): Promise<void>;
  /** Ends every session of the user, on all devices. */
  logoutAll(): Promise<void>;
  /** Who the access token says is there, or null when nobody is logged in. An outage rejects: it is not a logout. */
  check(): Promise<TokenUser | null>;
  /** Who the user store says is there. */
  info(): Promise<AuthUser>;
  /** The devices where the user is logged in. */
  sessions(): Promise<DeviceSession[]>;
  /** Logs one device out. */
  endSession(id: string): Promise<void>;
  /** @returns how many sessions ended: every one but this */
  endOtherSessions(): Promise<number>;
  /**
   * Ends all other sessions as well. After `NETWORK_ERROR` nobody is logged out, and either password may be the one that counts.
   */
  changePassword(change: { currentPassword: string; newPassword: string }): Promise<void>;
  /**
   * `fetch` that replaces an expired access token and repeats the request once. All else is handed through untouched, and so is
   * the 401 when the session is over. Rejects with an `AuthClientError` when the refresh got no answer, or none but 503.
   * Requests to another origin than `baseUrl`'s are plain `fetch`. With `'bearer'` a redirect rejects: the token would go along. A body is kept in memory until the answer is there.
   */
  fetch: typeof fetch;
  /** Replaces the tokens now. No call is needed before `fetch`. */
  refresh(): Promise<void>;
  /** Calls the listener in this tab and in all others. @returns what ends that */
  onChange: (listener: (change: AuthChange) => void) => () => void;
  /** Stops listening to other tabs, and calls no listener any more. */
  close: () => void;
}
