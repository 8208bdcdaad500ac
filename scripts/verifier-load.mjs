// Measures what a start costs in CPU time: createAuth beside createVerifier, in new processes in turn.
// `npm run --silent build && node scripts/verifier-load.mjs`. Fails if the verifier takes more than a third of createAuth.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const STARTS = 15;
const SECRET = (/** @type {string} */ name) => `{ secret: '${name} secret of 32 bytes, at least' }`;
const SHARED = `issuer: 'https://login.example.com', audience: 'https://api.example.com'`;

/** @type {Record<string, string>} */
const SCRIPTS = {
  'passport-visa: import': `await import('passport-visa');`,
  'passport-visa/verifier: import': `await import('passport-visa/verifier');`,
  'passport-visa: createAuth': `
    const { createAuth, MemoryRefreshTokenStore, MemoryUserStore } = await import('passport-visa');
    createAuth({
      users: new MemoryUserStore(),
      refreshTokens: new MemoryRefreshTokenStore(),
      accessToken: ${SECRET('an access')},
      refreshToken: ${SECRET('a refresh')},
    });`,
  'passport-visa/verifier: createVerifier': `
    const { createVerifier } = await import('passport-visa/verifier');
    createVerifier({ jwks: 'http://127.0.0.1:9/jwks.json', ${SHARED} });`,
  'passport-visa/verifier: createVerifier with an ES256 key': `
    const { createVerifier } = await import('passport-visa/verifier');
    createVerifier({ jwks: { keys: [ES256] }, ${SHARED} });`,
};

const measured = Object.fromEntries(Object.keys(SCRIPTS).map((name) => [name, /** @type {number[]} */ ([])]));
// Express and Passport are loaded before: every app has them. In turn, so whatever else the machine does slows all of them alike.
for (let n = 0; n < STARTS; n += 1)
  for (const [name, script] of Object.entries(SCRIPTS)) measured[name]?.push(startOnce(script));

/** @param {string} name */
const median = (name) => [...(measured[name] ?? [])].sort((a, b) => a - b)[Math.floor(STARTS / 2)] ?? NaN;
for (const name of Object.keys(SCRIPTS)) console.log(`${median(name).toFixed(1).padStart(7)} ms  ${name}`);
const share = median('passport-visa/verifier: createVerifier') / median('passport-visa: createAuth');
console.log(`createVerifier takes ${Math.round(share * 100)} % of createAuth`);
process.exitCode = share <= 1 / 3 ? 0 : 1;

/**
 * @param {string} script
 * @returns {number} milliseconds of CPU time
 */
function startOnce(script) {
  const code = `
    import 'express';
    import 'passport';
    import { generateKeyPairSync } from 'node:crypto';
    const ES256 = { ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }), kid: 'a' };
    const startedAt = process.cpuUsage();
    ${script.replaceAll('\n', ' ')}
    const { user, system } = process.cpuUsage(startedAt);
    console.log((user + system) / 1000);
    process.exit();`;
  return Number(
    execFileSync(process.execPath, ['--input-type=module', '-e', code], { cwd: ROOT, encoding: 'utf8' }),
  );
}
