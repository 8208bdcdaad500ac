// `.env`: settings that stay out of git. The first start adds the secrets; no start changes what is there already.
import { randomBytes } from 'node:crypto';
import { appendFileSync, chmodSync, existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

const SECRETS = ['ACCESS_TOKEN_SECRET', 'REFRESH_TOKEN_SECRET', 'FACTOR_KEY'];

/**
 * Loads the file into process.env; variables that are set already win. Secrets that neither has are added to the file first.
 *
 * @param {string} path
 */
export function loadEnvFile(path) {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const saved = parseEnv(text);
  const missing = SECRETS.filter((name) => !process.env[name] && !saved[name]);
  if (missing.length > 0) {
    const separator = text === '' || text.endsWith('\n') ? '' : '\n';
    const lines = missing.map((name) => `${name}=${randomBytes(48).toString('base64url')}\n`);
    appendFileSync(path, separator + lines.join(''), { mode: 0o600 });
    chmodSync(path, 0o600); // an existing file may be readable by everyone
    console.log(`Wrote ${new Intl.ListFormat('en').format(missing)} to ${path}`);
  }
  // An empty variable counts as unset, and must not hide the one in the file.
  for (const name of SECRETS) if (!process.env[name]) delete process.env[name];
  if (existsSync(path)) process.loadEnvFile(path);
}
