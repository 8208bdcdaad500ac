import { BrowserSecret } from '../../http/browser-secret.js';
import type { Feature, FeatureContext } from '../feature.js';
import { CHALLENGE_SECONDS, Challenges } from './challenges.js';
import { enrolmentEndpoints } from './enrolment/enrolment-endpoints.js';
import { Enrolments } from './enrolment/enrolments.js';
import { factorEndpoints } from './factor-endpoints.js';
import { Factors } from './factors.js';
import { secondStepEndpoint } from './login/second-step-endpoint.js';
import { parseSecondFactorOptions, type SecondFactorConfig, type SecondFactorOptions } from './options.js';
import type { FactorServices } from './services.js';
import { createSessionCheck } from './session-check.js';
import { TotpSecrets } from './totp-secrets.js';

/** Wrong codes a challenge, after which the login has to begin again. */
const TRIES = 5;
/** Wrong codes in a row a user, after which each must wait. */
const FAILURES = 10;

/** See `secondFactor`. */
export function createSecondFactor(options: SecondFactorOptions): Feature {
  const config = parseSecondFactorOptions(options);
  return {
    name: 'secondFactor',
    setUp(context) {
      const services = createServices(config, context);
      return {
        endpoints: [
          secondStepEndpoint(services),
          ...enrolmentEndpoints(services),
          // Last: its `/factors/:id` fits the paths above.
          ...factorEndpoints(services),
        ],
        beforeSession: { check: createSessionCheck(services), failures: ['SECOND_FACTOR_REQUIRED'] },
      };
    },
  };
}

function createServices(options: SecondFactorConfig, context: FeatureContext): FactorServices {
  const { config, limits } = context;
  const tokens = context.oneTimeTokens();
  return {
    ...context,
    options,
    factors: new Factors(context.credentials(), options.recoveryCodes),
    secrets: new TotpSecrets(options.keys),
    challenges: new Challenges(tokens),
    enrolments: new Enrolments(tokens),
    browser: new BrowserSecret(config.cookies, 'factor'),
    // A window begins with the first try, so it ends after the challenge does.
    tries: limits.named('second-factor', { failures: TRIES, windowSeconds: CHALLENGE_SECONDS }),
    failures: limits.named('second-factor-user', { failures: FAILURES }),
  };
}
