import type { AuthUser } from '../auth-client.js';

/** A passkey of the user. Times are ISO 8601. */
export interface Passkey {
  id: string;
  name: string | null;
  createdAt: string;
  lastUsedAt: string | null;
  /** Whether it is on other devices too, or kept by a provider. */
  backedUp: boolean;
}

/** A passkey that has just been registered. */
export interface RegisteredPasskey {
  passkey: Passkey;
  /** With the user's first second factor. Show them: they can't be read again. */
  recoveryCodes?: string[];
}

/** How to log in with a passkey. */
export interface PasskeyLogin {
  /** Whether the cookies are kept when the browser closes. Default: false. */
  remember?: boolean;
  /** Under the name of the server's `usernameField`. Default: the browser offers every passkey of this site. */
  username?: string;
  [field: string]: unknown;
}

/** What proves a second factor or a step-up. */
// Not an interface: TypeScript takes none where any field may follow, as in `Proof`.
export type PasskeyProof = {
  credential: object;
  /** For bearer clients. */
  challengeId?: string;
};

/**
 * Methods reject with an `AuthClientError` when the server refuses, and as `navigator.credentials` does when the browser or its user does:
 * a cancelled dialog is a `NotAllowedError`.
 */
export interface PasskeyClient {
  /** Whether this browser has passkeys, and everything that this client needs of them. */
  readonly supported: boolean;
  /**
   * Makes a passkey on this device, for the user who is logged in. With `REAUTHENTICATION_REQUIRED` the login is older than 5 minutes, or
   * lacks the second factor. A device that has one already rejects with an `InvalidStateError`.
   */
  register(details?: { name?: string }): Promise<RegisteredPasskey>;
  /** Logs in with a passkey. Call it in the handler of a click: some browsers show no dialog otherwise. */
  login(login?: PasskeyLogin & { autofill?: false }): Promise<AuthUser>;
  /**
   * Offers passkeys in the list of the input field with `autocomplete="username webauthn"`. Call it when the page opens. It waits until the
   * user picks one, for as long as the page is open.
   * @returns undefined in a browser without it, and when the user logs in otherwise or another method of this client is called meanwhile
   */
  login(login: PasskeyLogin & { autofill: true }): Promise<AuthUser | undefined>;
  /**
   * Asks for a passkey of the user who is logged in, or whose login waits for its second step: the proof for POST /login/second-factor and
   * POST /reauthenticate.
   * @param login `challenge`: what the first step has returned to a bearer client
   */
  prove(login?: { challenge?: string | undefined }): Promise<PasskeyProof>;
  /** Removes a passkey of the user, and tells the browser, which stops offering it. */
  remove(id: string): Promise<void>;
}
