// The settings that .env.example describes, read from the environment and `.env`, with defaults filled in.
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadEnvFile } from './env-file.mjs';

const ENV_FILE = fileURLToPath(new URL('../.env', import.meta.url));
const DATA_DIR = fileURLToPath(new URL('data', import.meta.url));

/** @typedef {ReturnType<typeof readSettings>} Settings */

/** @throws Error that names the variable and the fix */
export function readSettings() {
  const { env } = process;
  loadEnvFile(resolve(env['ENV_FILE'] || ENV_FILE));
  // `||` throughout: an empty variable counts as unset.
  return Object.freeze({
    // createAuth reads a list with spaces between, while a secret is being changed: docs/upgrading.md.
    accessTokenSecret: env['ACCESS_TOKEN_SECRET'],
    refreshTokenSecret: env['REFRESH_TOKEN_SECRET'],
    /** Seals the secrets of authenticator apps. The file has it, or has just got it. */
    factorKey: env['FACTOR_KEY'] ?? '',
    accessTokenExpiresIn: /** @type {import('passport-visa').Duration} */ (
      env['ACCESS_TOKEN_EXPIRES_IN'] || '30m'
    ),
    databaseUrl: env['DATABASE_URL'] || undefined,
    redisUrl: env['REDIS_URL'] || undefined,
    dataFolder: resolve(env['DATA_DIR'] || DATA_DIR),
    host: env['HOST'] || '127.0.0.1',
    port: readPort(env['PORT'] || '3000'),
    trustProxy: readTrustProxy(env['TRUST_PROXY'] || '0'),
    adminUsername: env['ADMIN_USERNAME'] || undefined,
    /** Default: where the app listens, which is known only then. */
    baseUrl: env['BASE_URL'] || undefined,
    smtpUrl: env['SMTP_URL'] || undefined,
    mailFrom: env['MAIL_FROM'] || 'passport-visa example <no-reply@localhost>',
    production: env['NODE_ENV'] === 'production',
  });
}

/** @param {string} text */
function readPort(text) {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new Error(`PORT must be a number from 0 (any free port) to 65535; got "${text}"`);
}

/**
 * The number of proxies in front of the app, or their addresses.
 *
 * @param {string} text
 */
function readTrustProxy(text) {
  if (/^\d+$/.test(text)) return Number(text);
  // Express would accept it, and then trust any address that a client claims to have.
  if (text === 'true') throw new Error('TRUST_PROXY must be the number of proxies or their addresses');
  return text;
}
