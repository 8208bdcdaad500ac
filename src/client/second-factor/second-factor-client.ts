import type { AuthUser } from '../auth-client.js';

/** The second step of a login: one of the members that prove the user, and what else there is to say. */
export interface SecondStep {
  /** Of the authenticator app. White space in it is dropped. */
  code?: string;
  /** In place of `code`. Case, white space and dashes don't matter. */
  recoveryCode?: string;
  /** In place of `code`: the answer of a passkey. */
  credential?: object;
  /**
   * Whether this browser skips the second factor from now on, as long as the server's `trustedDevices` says. Default: false. Together with
   * `challenge` the server refuses `true`: it trusts browsers by a cookie.
   */
  trustDevice?: boolean;
  /** The `challenge` of the error of the first step. Only bearer clients have one. */
  challenge?: string | undefined;
}

/** What the user has for the second step. */
export interface Factors {
  /** Oldest first. */
  factors: Factor[];
  recoveryCodesLeft: number;
}

/** A second factor. Times are ISO 8601. */
export interface Factor {
  id: string;
  /** `'totp'`: an authenticator app. `'passkey'`: a passkey, with the feature `passkeys`. */
  kind: string;
  /** What the user calls it. */
  name: string | null;
  createdAt: string;
  /** The last login with it. */
  lastUsedAt: string | null;
}

/** What an authenticator app needs. It isn't shown again. */
export interface TotpEnrolment {
  id: string;
  /** In Base32, to type it. */
  secret: string;
  /** The same for a QR code: `otpauth://…`. */
  uri: string;
}

/** A code of the app shows that it has the secret. */
export interface TotpConfirmation {
  /** Of the enrolment. */
  id: string;
  code: string;
  /** What the user calls the app. At most 64 characters. Default: none. */
  name?: string;
}

/** A browser that skips the second factor, never the password. Times are ISO 8601. */
export interface TrustedDevice {
  id: string;
  /** Whether it is this browser. */
  current: boolean;
  /** Such as `Chrome 142, Windows`. */
  name: string | null;
  createdAt: string;
  expiresAt: string;
}

/**
 * Methods reject with an `AuthClientError`. Those that change a factor need a login younger than 5 minutes, by a second factor where the
 * user has one: without the option `reauthenticate` of the client they reject with `REAUTHENTICATION_REQUIRED`.
 */
export interface SecondFactorClient {
  /**
   * Makes the second step of a login that was rejected with `SECOND_FACTOR_REQUIRED`, within 5 minutes. Parallel calls with the same step
   * share one request. After `INVALID_SECOND_FACTOR` let the user try again; after `FLOW_STATE_INVALID` the login has to begin again.
   */
  finishLogin(step: SecondStep): Promise<AuthUser>;
  /** Reads what the user has. */
  list(): Promise<Factors>;
  /** Begins to enrol an authenticator app. Nothing changes until `confirmTotp`, within 10 minutes. */
  startTotp(): Promise<TotpEnrolment>;
  /**
   * From now on a login needs a code of the app. Every other session ends.
   * @returns the recovery codes if it is the user's first factor: show them, because they can't be read again
   */
  confirmTotp(confirmation: TotpConfirmation): Promise<string[] | undefined>;
  /** Removes a factor, and ends every other session. With the last factor the recovery codes go too. @param id of a `Factor` */
  remove(id: string): Promise<void>;
  /** Replaces all recovery codes. @returns the new ones, which can't be read again */
  renewRecoveryCodes(): Promise<string[]>;
  /** Lists the browsers that skip the second factor. */
  trustedDevices(): Promise<TrustedDevice[]>;
  /** Asks for the second factor in one browser again. No session ends. @param id of a `TrustedDevice` */
  endTrustedDevice(id: string): Promise<void>;
  /** Asks for the second factor in every browser again. @returns how many were trusted */
  endTrustedDevices(): Promise<number>;
}
