import { randomBytes } from 'node:crypto';
import { printJson, printLine, startOnNewLine, type JsonOption } from './output.js';

const NAMES = ['ACCESS_TOKEN_SECRET', 'REFRESH_TOKEN_SECRET'];
const SECRET_BYTES = 48;

/** Prints two new random secrets. */
export function secret({ json }: JsonOption): void {
  const secrets = NAMES.map((name) => [name, randomBytes(SECRET_BYTES).toString('base64')] as const);
  if (json) {
    printJson(Object.fromEntries(secrets));
    return;
  }
  startOnNewLine();
  for (const [name, value] of secrets) printLine(`${name}=${value}`);
}
