// Checks the OpenAPI description that the built package generates, against the specification and Redocly's recommended rules.
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { generateKeyPairSync } from 'node:crypto';
import { createAuth, MemoryRefreshTokenStore, MemoryUserStore } from 'passport-visa';

/** @type {Record<string, 'off'>} */
const RULES = {
  // The licence of an API is for the app to state, not for this package.
  'info-license': 'off',
  // GET /openapi.json can't fail. The tests compare the failures of all endpoints with their descriptions.
  'operation-4xx-response': 'off',
};

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** @type {Record<string, Partial<import('passport-visa').AuthOptions>>} */
const VARIANTS = {
  'default options': {},
  'no register, no GET aliases': { register: false, getAliases: false },
  'own field names, other cookies': {
    usernameField: 'email',
    passwordField: 'pass-phrase',
    cookies: { accessName: '__Host-access', refreshName: '__Host-refresh', secure: true },
    password: { minLength: 12 },
  },
  'no limits': {
    limits: { username: false, address: false, register: false, password: false, logins: false },
  },
  'guards that deny in an outage': { onStoreDown: 'deny' },
  RS256: { accessToken: { secret: { privateKey, publicKey }, algorithm: 'RS256' } },
  'title, version and servers': {
    openapi: {
      title: 'Accounts of ACME',
      version: '2026-11',
      servers: [{ url: 'https://acme.test/api/auth', description: 'Production' }],
    },
  },
};

const config = await createConfig({ extends: ['recommended'], rules: RULES });
for (const [name, options] of Object.entries(VARIANTS)) {
  const problems = await lintFromString({ source: JSON.stringify(describe(options)), config });
  for (const { severity, ruleId, message, location } of problems) {
    console.error(`${name}: ${severity} ${ruleId} at ${location[0]?.pointer}: ${message}`);
  }
  console.log(`lint:openapi: ${name}: ${problems.length} problems`);
  if (problems.length > 0) process.exitCode = 1;
}

/** @param {Partial<import('passport-visa').AuthOptions>} options */
function describe(options) {
  const auth = createAuth({
    users: new MemoryUserStore(),
    refreshTokens: new MemoryRefreshTokenStore(),
    accessToken: { secret: 'an access secret, for nobody to use' },
    refreshToken: { secret: 'a refresh secret, for nobody to use' },
    ...options,
  });
  void auth.close();
  return auth.openapi();
}
