import { BrowserSecret } from '../../http/browser-secret.js';
import { assertFieldsFree } from '../assert-fields-free.js';
import { FactorSets } from '../factor-sets.js';
import type { Feature, FeatureContext } from '../feature.js';
import { CHALLENGE_SECONDS, Challenges } from './challenges.js';
import { loginEndpoints } from './login/login-endpoints.js';
import { createLoginCheck } from './login/passkey-login.js';
import { parsePasskeysOptions, type PasskeysConfig, type PasskeysOptions } from './options.js';
import { passkeyEndpoints } from './passkey-endpoints.js';
import { createPasskeyFactor } from './passkey-factor.js';
import { registrationEndpoints } from './registration/registration-endpoints.js';
import type { PasskeyServices } from './services.js';
import { StoredPasskeys } from '../stored-passkeys.js';
import { loadWebAuthn, type WebAuthnLibrary } from './webauthn-library.js';
import { WebAuthn } from './webauthn.js';

/** How many wrong answers a challenge takes. */
const TRIES = 5;
/** Challenges an address, within a minute, for names: each asks about a user. */
const NAMED = 30;
/** The same without a name. They tell nothing, and a login page asks for one at every view: behind one address there may be an office. */
const UNNAMED = 300;

/** See `passkeys`. */
export function createPasskeys(options: PasskeysOptions): Feature {
  const config = parsePasskeysOptions(options);
  const library = loadWebAuthn();
  return {
    name: 'passkeys',
    setUp(context) {
      const services = createServices(config, library, context);
      return {
        endpoints: [
          ...loginEndpoints(services),
          ...registrationEndpoints(services),
          ...passkeyEndpoints(services),
        ],
        factor: createPasskeyFactor(services),
        hasFactor: (userId) => services.factorSets.hasFactor(userId),
        // Only a login by this feature gets INVALID_PASSKEY, and its endpoint says so.
        beforeSession: { check: createLoginCheck(services), failures: [] },
      };
    },
  };
}

function createServices(
  options: PasskeysConfig,
  library: WebAuthnLibrary,
  context: FeatureContext,
): PasskeyServices {
  const { config, limits } = context;
  const credentials = context.credentials();
  assertFieldsFree('passkeys()', config, 'usernameField', ['challenge']);
  return {
    ...context,
    options,
    passkeys: new StoredPasskeys(credentials),
    factorSets: new FactorSets(credentials),
    challenges: new Challenges(context.oneTimeTokens()),
    webauthn: new WebAuthn(options, library),
    browser: new BrowserSecret(config.cookies, 'passkey'),
    // A window begins with the first answer, so it ends after the challenge does.
    tries: limits.named('passkey', { failures: TRIES, windowSeconds: CHALLENGE_SECONDS }),
    asked: {
      named: limits.named('passkey-options', { attempts: NAMED, windowSeconds: 60 }),
      unnamed: limits.named('passkey-options-unnamed', { attempts: UNNAMED, windowSeconds: 60 }),
    },
  };
}
