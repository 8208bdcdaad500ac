import { z } from 'zod';
import { BrowserSecret } from '../../http/browser-secret.js';
import { languageTag } from '../../messages/own-texts.js';
import { MAKE_A_SECRET, type KeySet } from '../../tokens/keys.js';
import { parseCall } from '../../utils/parse-call.js';
import { assertFieldsFree } from '../assert-fields-free.js';
import { FactorSets } from '../factor-sets.js';
import type { FeatureContext, FeatureParts } from '../feature.js';
import { StoredPasskeys } from '../stored-passkeys.js';
import { CHALLENGE_SECONDS, Challenges } from './challenges.js';
import { enrolmentEndpoints } from './enrolment/enrolment-endpoints.js';
import { Enrolments } from './enrolment/enrolments.js';
import { proofNames } from './fields.js';
import { factorEndpoints } from './factor-endpoints.js';
import { createFactorRules } from './factor-rules.js';
import { Factors } from './factors.js';
import type { SecondFactor } from './feature-calls.js';
import { secondStepEndpoint } from './login/second-step-endpoint.js';
import { createSecondStepForm } from './login/second-step-form.js';
import { mustEnrol } from './must-enrol.js';
import { parseSecondFactorOptions, type SecondFactorConfig, type SecondFactorOptions } from './options.js';
import { resetFactors } from './reset-factors.js';
import type { FactorServices } from './services.js';
import { reauthenticateEndpoint } from './step-up/reauthenticate-endpoint.js';
import { createSessionCheck } from './session-check.js';
import { TotpSecrets } from './totp-secrets.js';
import { DeviceCookie } from './trusted-devices/device-cookie.js';
import { deviceEndpoints } from './trusted-devices/device-endpoints.js';
import { createEndDevices, TrustedDevices } from './trusted-devices/trusted-devices.js';

/** How many wrong codes a challenge takes. After them the login has to begin again. */
const TRIES = 5;
/** How many wrong codes in a row a user has, before each further one must wait. A session has as many in a day. */
const FAILURES = 10;
/** The same for step-ups of a user: more than one session has, so a stolen one makes only itself wait. */
const STEP_UP_FAILURES = 20;
const DAY_SECONDS = 24 * 60 * 60;

const resetSchema = z.strictObject({ locale: languageTag.default('en') });

/** See `secondFactor`. */
export function createSecondFactor(options: SecondFactorOptions): SecondFactor {
  const config = parseSecondFactorOptions(options);
  let services: FactorServices | undefined;
  const servicesFor = (call: string): FactorServices => {
    if (services) return services;
    throw new TypeError(`${call}(): this feature is in no createAuth yet: put it into the option features`);
  };
  return {
    name: 'secondFactor',
    setUp(context) {
      if (services) throw new TypeError('secondFactor(): make one for each createAuth');
      services = createServices(config, context);
      return partsOf(services);
    },
    async resetFactors(userId, resetOptions = {}) {
      const { locale } = parseCall('resetFactors()', resetSchema, resetOptions);
      const given = servicesFor('resetFactors');
      const user = await given.config.users.findById(userId);
      if (!user) throw new TypeError('resetFactors(): there is no such user');
      return resetFactors(given, user, locale);
    },
    secondStep: (formOptions) => createSecondStepForm(servicesFor('secondStep'), formOptions),
  };
}

function partsOf(services: FactorServices): FeatureParts {
  const { config, devices, endDevices, options } = services;
  const stopFollowing = config.users.onUserGone?.(endDevices);
  return {
    endpoints: [
      secondStepEndpoint(services),
      reauthenticateEndpoint(services),
      ...enrolmentEndpoints(services),
      // Last: its `/factors/:id` fits the paths above.
      ...factorEndpoints(services),
      ...(devices ? deviceEndpoints(services, devices) : []),
    ],
    ...(options.required && { claims: { enrol: (user) => mustEnrol(services, user) } }),
    onLogoutAll: async (userId) => void (await endDevices(userId)),
    ...(stopFollowing && {
      close: () => {
        stopFollowing();
        return Promise.resolve();
      },
    }),
    factorRules: createFactorRules(services),
    hasFactor: (userId) => services.factorSets.hasFactor(userId),
    beforeSession: { check: createSessionCheck(services), failures: ['SECOND_FACTOR_REQUIRED'] },
  };
}

function createServices(options: SecondFactorConfig, context: FeatureContext): FactorServices {
  const { config, limits } = context;
  assertFieldsFree('secondFactor()', config, 'passwordField', proofNames(context));
  assertOwnKeys(options.keys, context.tokenKids);
  const tokens = context.oneTimeTokens();
  const credentials = context.credentials();
  const factorSets = new FactorSets(credentials);
  context.sessions.assertRaises('secondFactor');
  const { trustedDeviceSeconds } = options;
  return {
    ...context,
    options,
    factors: new Factors(credentials, factorSets, options.recoveryCodes),
    factorSets,
    passkeys: new StoredPasskeys(credentials),
    secrets: new TotpSecrets(options.keys.verificationKeys),
    challenges: new Challenges(tokens),
    enrolments: new Enrolments(tokens),
    browser: new BrowserSecret(config.cookies, 'factor'),
    devices:
      trustedDeviceSeconds === undefined
        ? undefined
        : new TrustedDevices(credentials, new DeviceCookie(config.cookies), trustedDeviceSeconds),
    endDevices: createEndDevices(credentials),
    // A window begins with the first try, so it ends after the challenge does.
    tries: limits.named('second-factor', { failures: TRIES, windowSeconds: CHALLENGE_SECONDS }),
    failures: limits.named('second-factor-user', { failures: FAILURES }),
    stepUps: {
      session: limits.named('step-up-session', { failures: FAILURES, windowSeconds: DAY_SECONDS }),
      user: limits.named('step-up-user', { failures: STEP_UP_FAILURES }),
    },
  };
}

/** Whoever has a secret that signs tokens must not be able to read the secrets of authenticator apps too. */
function assertOwnKeys({ kids }: KeySet, tokenKids: ReadonlySet<string>): void {
  for (const kid of kids)
    if (tokenKids.has(kid))
      throw new TypeError(
        'secondFactor(): key must have no key in common with accessToken.secret or refreshToken.secret: ' +
          `make one of its own with ${MAKE_A_SECRET}. If users have enrolled already, keep it and replace the other one`,
      );
}
