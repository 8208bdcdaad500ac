import type { RequestHandler } from 'express';
import type { PasswordHasher } from '../accounts/password-hasher.js';
import type { AuthErrorCode } from '../errors.js';
import type { AuthEvents } from '../events/auth-events.js';
import type { FlowState } from '../flow-state/flow-state.js';
import type { AccessTokenPlaces } from '../http/authenticate-request.js';
import type { BodyConfig, BodySchemas } from '../http/body-schemas.js';
import type { SiteConfig } from '../http/cross-site.js';
import type { Endpoint, EndpointName } from '../http/endpoint.js';
import type { LocaleOf, TextsFor } from '../http/texts-for.js';
import type { DeliveryConfig } from '../http/token-response.js';
import type { AttemptLimits } from '../limits/attempt-limits.js';
import type { Locale } from '../messages/messages.js';
import type { GuardOptions } from '../middleware/guard-options.js';
import type { SessionConfig } from '../sessions/session-config.js';
import type { HasFactor } from '../sessions/amr-after.js';
import type { Sessions } from '../sessions/sessions.js';
import type { BeforeSession } from '../sessions/start-session.js';
import type { FeatureClaims } from '../sessions/token-claims.js';
import type { CredentialStore } from '../stores/credential-store.js';
import type { OneTimeTokenStore } from '../stores/one-time-token-store.js';
import type { StoredUser } from '../stores/user-store.js';
import type { TextSealer } from '../tokens/sealed-text.js';
import type { FactorPart, FactorRules } from './factor-parts.js';

/**
 * An optional part of the account, for the option `features`. Made by a function that parses its own options. Methods for the
 * app, such as `account.sendReset()`, are members of the value.
 */
export interface Feature {
  /** Its name in errors. No two features of a `createAuth` have the same. */
  readonly name: string;
  /**
   * Called once by each `createAuth`. It opens nothing.
   * @throws TypeError that names the option and the cure
   */
  setUp(context: FeatureContext): FeatureParts;
}

/** What a feature adds. */
export interface FeatureParts {
  /** Rows of the router's table, which OpenAPI describes like every other row. */
  readonly endpoints?: readonly Endpoint[];
  /** Endpoints of the core that the feature brings itself: `'POST /register'`. */
  readonly replaces?: readonly EndpointName[];
  /** Claims of its own in the access token. No two features bring the same. */
  readonly claims?: FeatureClaims;
  /** Asked between the proof of every login and its session. */
  readonly beforeSession?: SessionCheck;
  /** Asked when a user whose session has `mfa` proves the password alone: without a factor, `mfa` goes. */
  readonly hasFactor?: HasFactor;
  /**
   * The one form, of all that users may type, in which the feature stores a username: logins look it up and count it by that. A
   * name of another kind is returned as it is.
   */
  canonicalUsername?(typed: string): string;
  /** Tells a user what has happened to the account, without waiting. The feature that has a way to reach users does it. */
  notify?(notice: Notice): void;
  /** Whether the user can log in by this feature, without any other. */
  logsIn?(user: StoredUser): boolean;
  /** A kind of second factor, for `secondFactor`. One feature brings it at most. */
  readonly factor?: FactorPart;
  /** What holds for all kinds of second factors. Only `secondFactor` brings it. */
  readonly factorRules?: FactorRules;
  /** Ends what outlasts sessions, before POST /logout-all ends these. If it fails, so does the logout, and only the other sessions end. */
  onLogoutAll?(userId: string): Promise<void>;
  /** Awaited by `auth.ready()`. */
  ready?(): Promise<void>;
  /** Awaited by `auth.close()`, together with those of the other features, before anything that features use is closed. */
  close?(): Promise<void>;
}

/** What a user should know: an account that someone else has taken over shows by it. */
export interface Notice {
  readonly kind: 'factor-added' | 'factor-removed' | 'recovery-code-used' | 'recovery-codes-renewed';
  readonly user: StoredUser;
  /** The language of the request that did it. */
  readonly locale: Locale;
}

/** What features do for each other, because none imports another. All but `names` is there when a request comes, and not in `setUp`. */
export interface OtherFeatures {
  /** The names of all features. */
  readonly names: ReadonlySet<string>;
  readonly factor: () => FactorPart | undefined;
  readonly factorRules: () => FactorRules | undefined;
  /** Whether a feature logs the user in. */
  readonly logsIn: (user: StoredUser) => boolean;
  /** The form in which a username is stored. */
  readonly canonicalUsername: (typed: string) => string;
}

/** What must hold before a session begins. */
export interface SessionCheck {
  /**
   * An AuthError that it throws stops the login. Asked twice: before the session is stored, and again right after it. Code that
   * changes the answer must then call `sessions.revokeAll`: the change finds the session, or the second question finds the change.
   */
  readonly check: BeforeSession;
  /** The codes that it throws, for the OpenAPI document: every endpoint that starts a session may answer them. */
  readonly failures: readonly AuthErrorCode[];
}

/** What a feature works with. */
export interface FeatureContext {
  readonly config: Pick<SessionConfig, 'users' | 'refreshTokens' | 'now' | 'timeKnown'> &
    BodyConfig &
    DeliveryConfig &
    SiteConfig &
    AccessTokenPlaces & {
      /** Whether users may register. A feature that replaces the registration leaves its own out too. */
      readonly register: boolean;
    };
  readonly events: AuthEvents;
  readonly sessions: Sessions;
  readonly passwords: PasswordHasher;
  /** `named` gives the feature a limit of its own; `login` counts as a failed login of that name. */
  readonly limits: AttemptLimits;
  /** What a login of several requests keeps between them. */
  readonly flowState: FlowState;
  /** Seals and signs with keys that are derived from the refresh secrets. */
  readonly sealer: TextSealer;
  /** The ids of all keys that sign tokens. A feature takes none of them for its own key. */
  readonly tokenKids: ReadonlySet<string>;
  readonly guard: (options?: GuardOptions) => RequestHandler;
  readonly sameSite: RequestHandler;
  /** For forms: refuses what another site sends also where it brings no cookie. */
  readonly sameSiteAlways: RequestHandler;
  /** The schemas of the core's bodies. */
  readonly bodies: BodySchemas;
  readonly textsFor: TextsFor;
  /** The language in which a request is answered, for what is sent later. */
  readonly localeOf: LocaleOf;
  /** Asks every feature that can reach users to tell this one. */
  readonly notify: (notice: Notice) => void;
  readonly others: OtherFeatures;
  /** Short-lived tokens, kept where sessions live. @throws TypeError when that store can't keep them: ask for them in `setUp` */
  oneTimeTokens(): OneTimeTokenStore;
  /** What users have and what lasts, kept where users live. @throws TypeError when that store can't keep it: ask for it in `setUp` */
  credentials(): CredentialStore;
}
