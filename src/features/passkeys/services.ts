import type { BrowserSecret } from '../../http/browser-secret.js';
import type { NamedLimit } from '../../limits/attempt-limits.js';
import type { FactorSets } from '../factor-sets.js';
import type { FeatureContext } from '../feature.js';
import type { Challenges } from './challenges.js';
import type { PasskeysConfig } from './options.js';
import type { StoredPasskeys } from '../stored-passkeys.js';
import type { WebAuthn } from './webauthn.js';

/** What the flows of this feature work with. */
export interface PasskeyServices extends Omit<FeatureContext, 'credentials' | 'oneTimeTokens'> {
  readonly options: PasskeysConfig;
  readonly passkeys: StoredPasskeys;
  readonly factorSets: FactorSets;
  readonly challenges: Challenges;
  readonly webauthn: WebAuthn;
  /** By which a browser shows that it has asked for a challenge. */
  readonly browser: BrowserSecret;
  /** Counts wrong answers by challenge. */
  readonly tries: NamedLimit;
  /** Count challenges by address: those for the name of a user, and those without a name. */
  readonly asked: { readonly named: NamedLimit; readonly unnamed: NamedLimit };
}
