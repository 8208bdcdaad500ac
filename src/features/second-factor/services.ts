import type { BrowserSecret } from '../../http/browser-secret.js';
import type { NamedLimit } from '../../limits/attempt-limits.js';
import type { FactorSets } from '../factor-sets.js';
import type { FeatureContext } from '../feature.js';
import type { StoredPasskeys } from '../stored-passkeys.js';
import type { Challenges } from './challenges.js';
import type { Enrolments } from './enrolment/enrolments.js';
import type { Factors } from './factors.js';
import type { SecondFactorConfig } from './options.js';
import type { TotpSecrets } from './totp-secrets.js';
import type { EndDevices, TrustedDevices } from './trusted-devices/trusted-devices.js';

/** What the flows of this feature work with. */
export interface FactorServices extends Omit<FeatureContext, 'credentials' | 'oneTimeTokens'> {
  readonly options: SecondFactorConfig;
  readonly factors: Factors;
  readonly factorSets: FactorSets;
  readonly passkeys: StoredPasskeys;
  readonly secrets: TotpSecrets;
  readonly challenges: Challenges;
  readonly enrolments: Enrolments;
  /** By which a browser shows that it has made the first step of a login. */
  readonly browser: BrowserSecret;
  /** Undefined where the option `trustedDevices` is false. */
  readonly devices: TrustedDevices | undefined;
  readonly endDevices: EndDevices;
  /** Counts wrong codes by challenge, and those of step-ups by session. */
  readonly tries: NamedLimit;
  /** Counts wrong codes in a row by user. Only someone who has made the first step gets this far. */
  readonly failures: NamedLimit;
  /**
   * Count wrong codes of step-ups, for which a stolen session is enough. Logins don't wait for them. The limit of the user stops someone
   * who tries with one session after another.
   */
  readonly stepUps: { readonly session: NamedLimit; readonly user: NamedLimit };
}
