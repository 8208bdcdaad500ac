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
import { reauthenticateEndpoint } from './step-up/reauthenticate-endpoint.js';
import { createSessionCheck } from './session-check.js';
import { TotpSecrets } from './totp-secrets.js';
import { DeviceCookie } from './trusted-devices/device-cookie.js';
import { deviceEndpoints } from './trusted-devices/device-endpoints.js';
import { TrustedDevices } from './trusted-devices/trusted-devices.js';

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
      const { devices } = services;
      const stopFollowing = devices && context.config.users.onUserGone?.((id) => devices.endAll(id));
      return {
        endpoints: [
          secondStepEndpoint(services),
          reauthenticateEndpoint(services),
          ...enrolmentEndpoints(services),
          // Last: its `/factors/:id` fits the paths above.
          ...factorEndpoints(services),
          ...(devices ? deviceEndpoints(services, devices) : []),
        ],
        ...(devices && { onLogoutAll: async (userId: string) => void (await devices.endAll(userId)) }),
        ...(stopFollowing && {
          close: () => {
            stopFollowing();
            return Promise.resolve();
          },
        }),
        beforeSession: { check: createSessionCheck(services), failures: ['SECOND_FACTOR_REQUIRED'] },
      };
    },
  };
}

function createServices(options: SecondFactorConfig, context: FeatureContext): FactorServices {
  const { config, limits } = context;
  const tokens = context.oneTimeTokens();
  const credentials = context.credentials();
  context.sessions.assertRaises('secondFactor');
  const { trustedDeviceSeconds } = options;
  return {
    ...context,
    options,
    factors: new Factors(credentials, options.recoveryCodes),
    secrets: new TotpSecrets(options.keys),
    challenges: new Challenges(tokens),
    enrolments: new Enrolments(tokens),
    browser: new BrowserSecret(config.cookies, 'factor'),
    devices:
      trustedDeviceSeconds === undefined
        ? undefined
        : new TrustedDevices(credentials, new DeviceCookie(config.cookies), trustedDeviceSeconds),
    // A window begins with the first try, so it ends after the challenge does.
    tries: limits.named('second-factor', { failures: TRIES, windowSeconds: CHALLENGE_SECONDS }),
    failures: limits.named('second-factor-user', { failures: FAILURES }),
  };
}
