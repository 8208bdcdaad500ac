// Writes the pages of docs/reference/ from the doc comments in src/ and from the endpoints of the built package.
// With --check it writes nothing, and fails if a page isn't current.
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  createAuth,
  emailAccount,
  MemoryRefreshTokenStore,
  MemoryUserStore,
  secondFactor,
} from '../dist/index.mjs';
import { passkeys as passkeysFeature } from '../dist/features/passkeys/index.mjs';
import { apiPage } from './reference/api-page.mjs';
import { readExports } from './reference/declarations.mjs';
import {
  emailEndpointsPage,
  endpointsPage,
  factorEndpointsPage,
  passkeyEndpointsPage,
} from './reference/endpoints-page.mjs';
import { optionsPage } from './reference/options-page.mjs';
import {
  ACCOUNT_CLIENT_PAGE,
  AUTH_PAGE,
  CLIENT_PAGE,
  ELSEWHERE,
  HASHES_PAGE,
  MYSQL_PAGE,
  OWN_TABLE_PAGES,
  SECOND_FACTOR_CLIENT_PAGE,
  PASSKEY_CLIENT_PAGE,
  PASSKEYS_PAGE,
  SQLITE_PAGE,
  VERIFIER_PAGE,
} from './reference/pages.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const check = process.argv.includes('--check');

const server = readExports(`${root}src/index.ts`);
const client = readExports(`${root}src/client/index.ts`);
assertComplete(server, AUTH_PAGE.parts);
assertComplete(client, CLIENT_PAGE.parts);
const accountClient = readExports(`${root}src/client/account/index.ts`);
assertComplete(accountClient, ACCOUNT_CLIENT_PAGE.parts);
const secondFactorClient = readExports(`${root}src/client/second-factor/index.ts`);
assertComplete(secondFactorClient, SECOND_FACTOR_CLIENT_PAGE.parts);
const hashes = readExports(`${root}src/hashes/index.ts`);
assertComplete(hashes, HASHES_PAGE.parts);
const verifier = readExports(`${root}src/verifier/index.ts`);
assertComplete(verifier, VERIFIER_PAGE.parts);

const passkeyClient = readExports(`${root}src/client/passkeys/index.ts`);
assertComplete(passkeyClient, PASSKEY_CLIENT_PAGE.parts);
const passkeys = readExports(`${root}src/features/passkeys/index.ts`);
assertComplete(passkeys, PASSKEYS_PAGE.parts);

const mysql = readExports(`${root}src/stores/mysql/index.ts`);
assertComplete(mysql, MYSQL_PAGE.parts);
/** @type {Record<string, string>} */
const ownTablePages = {};
for (const [name, page] of Object.entries(OWN_TABLE_PAGES)) {
  const exported = readExports(`${root}src/stores/${name}/index.ts`);
  assertComplete(exported, page.parts);
  ownTablePages[`docs/reference/${name}.md`] = apiPage(page, exported);
}
const sqlite = readExports(`${root}src/stores/sqlite/index.ts`);
assertComplete(sqlite, SQLITE_PAGE.parts);

const core = describeEndpoints({});
const withKeys = describeEndpoints({
  accessToken: {
    algorithm: 'EdDSA',
    secret: generateKeyPairSync('ed25519'),
    issuer: 'https://app.example.com',
    audience: 'https://app.example.com',
  },
  jwks: true,
});
const withEmail = describeEndpoints({
  usernameField: 'email',
  features: [emailAccount({ send() {}, baseUrl: 'https://app.example.com', login: ['link', 'code'] })],
});
const withFactor = describeEndpoints({
  features: [secondFactor({ issuer: 'Example', key: 'a key of second factors, for nobody to use' })],
});

const withPasskeys = describeEndpoints({
  features: [
    passkeysFeature({ rpId: 'example.com', rpName: 'Example', origins: 'https://app.example.com' }),
    secondFactor({ issuer: 'Example', key: 'a key of second factors, for nobody to use' }),
  ],
});

const pages = {
  'docs/reference/options.md': optionsPage(server),
  'docs/reference/endpoints.md': endpointsPage(withKeys),
  'docs/reference/endpoints-email.md': emailEndpointsPage(withEmail, core),
  'docs/reference/endpoints-second-factor.md': factorEndpointsPage(withFactor, core),
  'docs/reference/endpoints-passkeys.md': passkeyEndpointsPage(withPasskeys, withFactor),
  'docs/reference/auth.md': apiPage(AUTH_PAGE, server),
  'docs/reference/hashes.md': apiPage(HASHES_PAGE, hashes),
  'docs/reference/mysql.md': apiPage(MYSQL_PAGE, mysql),
  ...ownTablePages,
  'docs/reference/verifier.md': apiPage(VERIFIER_PAGE, verifier),
  'docs/reference/client.md': apiPage(CLIENT_PAGE, client),
  'docs/reference/client-account.md': apiPage(ACCOUNT_CLIENT_PAGE, accountClient),
  'docs/reference/client-second-factor.md': apiPage(SECOND_FACTOR_CLIENT_PAGE, secondFactorClient),
  'docs/reference/client-passkeys.md': apiPage(PASSKEY_CLIENT_PAGE, passkeyClient),
  'docs/reference/passkeys.md': apiPage(PASSKEYS_PAGE, passkeys),
  'docs/reference/sqlite.md': apiPage(SQLITE_PAGE, sqlite),
};

for (const [page, text] of Object.entries(pages)) {
  const file = root + page;
  const wanted = `${text}\n`;
  if (existsSync(file) && readFileSync(file, 'utf8') === wanted) continue;
  if (check) {
    console.error(`${page} isn't current: run \`npm run docs:reference\` and commit it`);
    process.exitCode = 1;
  } else {
    writeFileSync(file, wanted);
    console.log(`${page} is written`);
  }
}

/**
 * Every export is on a page.
 * @param {Map<string, unknown>} exported
 * @param {import('./reference/api-page.mjs').Page['parts']} parts
 */
function assertComplete(exported, parts) {
  const described = new Set([...parts.flatMap(({ names }) => names), ...ELSEWHERE]);
  const missing = [...exported.keys()].filter((name) => !described.has(name));
  if (missing.length === 0) return;
  throw new Error(`Put ${missing.join(', ')} on a page: scripts/reference/pages.mjs`);
}

/** @param {Partial<import('../dist/index.js').AuthOptions>} options */
function describeEndpoints(options) {
  const auth = createAuth({
    users: new MemoryUserStore(),
    refreshTokens: new MemoryRefreshTokenStore(),
    accessToken: { secret: 'an access secret, for nobody to use' },
    refreshToken: { secret: 'a refresh secret, for nobody to use' },
    ...options,
  });
  void auth.close();
  return /** @type {any} */ (auth.openapi());
}
