import type { AuthUser, Credentials } from '../auth-client.js';

/** The options of `createAccountClient`. */
export interface AccountClientOptions {
  /**
   * Where a client with the transport `'bearer'` keeps what shows that it asked for a login by mail; `'cookie'` ignores it. It must
   * outlive the page or the app that asked, because the link opens a new one. Default: `localStorage`, or memory where there is none.
   */
  storage?: ChallengeStorage;
}

/** What the server returned to a bearer client that asked for a login by mail. Worthless without the link or the code. */
export interface Challenges {
  link?: string | undefined;
  code?: string | undefined;
}

/** A place for challenges. When it throws, the call that needed it rejects. */
export interface ChallengeStorage {
  /** Reads everything. @returns what was stored last; null or undefined when there is nothing */
  get(): Challenges | null | undefined | Promise<Challenges | null | undefined>;
  /** Replaces everything that is stored, in one step. */
  set(challenges: Challenges): void | Promise<void>;
}

/** Who asks for a mail. Its member has the name of the server's `usernameField`. */
export interface AddressOwner {
  username?: string;
  [field: string]: unknown;
}

/** Who asks for a login by mail. */
export interface MailLoginRequest extends AddressOwner {
  /** Whether the cookies are kept when the browser closes. Default: false. */
  remember?: boolean;
}

/** The link to confirm an address. */
export interface VerificationLink {
  /** From `takeToken()`. */
  token: string;
  /**
   * The one of the registration, under the name of the server's `passwordField`. The browser that registered needs none. Other browsers
   * do, and bearer clients always.
   */
  password?: string;
  [field: string]: unknown;
}

/** What has become of a link. */
export interface UsedLink {
  /** True when this browser has used the link in the past hour: a double click, or a second tab. Nothing was sent this time. */
  repeated: boolean;
}

/** What has become of a link that logs in. */
export interface UsedLoginLink extends UsedLink {
  /** Who is logged in now. Undefined only for a repeated link, when no one is. */
  user?: AuthUser | undefined;
}

/**
 * Methods reject with an `AuthClientError`. A link that was used up elsewhere, that expired or was replaced by a newer one rejects
 * with `ONE_TIME_TOKEN_INVALID`.
 */
export interface AccountClient {
  /**
   * Asks for an account. The answer is the same for an address that has one.
   * @returns undefined, because the account exists only when its link is opened; the user, if the server makes accounts at once
   *   (`verification: 'later'`)
   */
  register(credentials: Credentials): Promise<AuthUser | undefined>;
  /**
   * Confirms the address and logs in. When it rejects with `INVALID_CREDENTIALS` the password is needed: ask for it, and call again.
   * The link stays good.
   */
  verifyEmail(link: VerificationLink): Promise<UsedLoginLink>;
  /**
   * Asks for another link to confirm the address, in the browser that registered. A bearer client, or another browser, registers again
   * instead: it gets no mail. With `verification: 'later'` every client gets one.
   */
  resendVerification(owner: AddressOwner): Promise<void>;
  /** Asks for a link to choose a new password. */
  forgotPassword(owner: AddressOwner): Promise<void>;
  /** Sets a new password, and ends every session of the user. It does not log in. A refused password leaves the link good. */
  resetPassword(reset: { token: string; newPassword: string }): Promise<UsedLink>;
  /**
   * Asks for a link that is sent to a new address. With `REAUTHENTICATION_REQUIRED` the login is older than 5 minutes: let the user
   * log in again.
   */
  changeEmail(owner: AddressOwner): Promise<void>;
  /** Makes the new address the username. Without a login of that user it rejects, and the link stays good: let the user log in. */
  confirmEmailChange(link: { token: string }): Promise<UsedLink>;
  /** Puts the old address back, and ends every session of the user. */
  undoEmailChange(link: { token: string }): Promise<UsedLink>;
  /** Asks for a link that logs in, in this browser only. */
  askLoginLink(login: MailLoginRequest): Promise<void>;
  /** Asks for a code that logs in, in this browser only. */
  askLoginCode(login: MailLoginRequest): Promise<void>;
  /** Logs in with a link. In another browser than the one that asked it rejects, and the link stays good. */
  verifyLoginLink(link: { token: string }): Promise<UsedLoginLink>;
  /** Logs in with a code of six digits. Parallel calls with the same code share one request. */
  verifyLoginCode(code: { code: string }): Promise<AuthUser>;
  /** The same as the exported function. */
  takeToken: () => string | undefined;
}
