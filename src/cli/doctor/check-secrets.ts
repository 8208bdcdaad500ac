import { isPem, MIN_SECRET_BYTES, secretsIn } from '../../tokens/secrets-in.js';
import { hashBytes, MAKE_A_SECRET } from '../../tokens/keys.js';
import { findingsAbout, type Finding } from './finding.js';

/** 32 random hexadecimal digits have about 118 bits. Prose of that length has about as much, so it is not noticed here. */
const MIN_ENTROPY_BITS = 96;
const PLACEHOLDER =
  /change[-_ ]?(me|this|it)|secret|password|passw0rd|example|placeholder|your[-_ ]|replace|insert|todo|1234567|qwerty/i;
const CURE = 'make two with `npx passport-visa secret`';
const FACTOR_KEY_CURE = `make one with ${MAKE_A_SECRET}`;

type Environment = Readonly<Record<string, string | undefined>>;

export function checkSecrets(env: Environment): Finding[] {
  const { ACCESS_TOKEN_SECRET: access = '', REFRESH_TOKEN_SECRET: refresh = '' } = env;
  const findings = [
    ...judgeSecrets('ACCESS_TOKEN_SECRET', access),
    ...judgeSecrets('REFRESH_TOKEN_SECRET', refresh),
  ];
  if (access && access === refresh)
    findings.push(findingsAbout('secrets').fail('both secrets are the same', CURE));
  else if (secretsIn(access).some((secret) => secret && secretsIn(refresh).includes(secret)))
    findings.push(findingsAbout('secrets').fail('both lists have a secret in common', CURE));
  return [...findings, ...checkFactorKey(env)];
}

/** The key of `secondFactor()`, where the app has one. */
function checkFactorKey({ FACTOR_KEY: key, ...tokens }: Environment): Finding[] {
  if (!key) return [];
  const findings = judgeSecrets('FACTOR_KEY', key, FACTOR_KEY_CURE);
  const { fail } = findingsAbout('secrets');
  for (const name of ['ACCESS_TOKEN_SECRET', 'REFRESH_TOKEN_SECRET'])
    if (secretsIn(tokens[name] ?? '').some((secret) => secret && secretsIn(key).includes(secret)))
      findings.push(
        fail(
          `FACTOR_KEY and ${name} have a secret in common`,
          `${FACTOR_KEY_CURE}; if users have enrolled already, replace ${name} instead`,
        ),
      );
  return findings;
}

function judgeSecrets(name: string, value: string, cure = CURE): Finding[] {
  const secrets = secretsIn(value);
  const named = (at: number) => (secrets.length === 1 ? name : `${name} (${at + 1} of ${secrets.length})`);
  const findings = secrets.map((secret, at) => judgeSecret(named(at), secret, cure));
  return looksLikeOtherList(value) ? [...findings, listWarning(name)] : findings;
}

function judgeSecret(name: string, value: string, cure: string): Finding {
  const { ok, warn, fail } = findingsAbout('secrets');
  if (!value) return fail(`${name} is not set`, `${cure}, or name the file that has it with --env-file`);
  if (isPem(value))
    return warn(`${name} is a PEM key, which is not judged here`, 'createAuth judges it when the app starts');
  const bytes = Buffer.byteLength(value);
  if (bytes < MIN_SECRET_BYTES)
    return fail(`${name} has ${bytes} bytes; ${MIN_SECRET_BYTES} are the least`, shortCure(name, cure));
  if (PLACEHOLDER.test(value)) return fail(`${name} looks like a placeholder that was never replaced`, cure);
  if (entropyBits(value) < MIN_ENTROPY_BITS)
    return fail(`${name} repeats itself too much to be random`, cure);
  return ok(`${name} is set, ${bytes} bytes${name.startsWith('ACCESS') ? onlyEnoughFor(bytes) : ''}`);
}

/** A word of a list may be a piece of one secret. */
function shortCure(name: string, cure: string): string {
  if (!name.endsWith(')')) return cure;
  return `${cure}; the white space makes the text a list: if it is one secret, pass [text] to createAuth`;
}

/** The algorithm is an option in the app's code, which the doctor doesn't see. Refresh tokens are always HS256. */
function onlyEnoughFor(bytes: number): string {
  const algorithms = (['HS256', 'HS384', 'HS512'] as const).filter((each) => bytes >= hashBytes(each));
  return algorithms.length === 3 ? '' : `, enough for ${algorithms.join(' and ')} only`;
}

/** Whether the text is a list in another notation than ours, or has quotes around it. All of it counts as the secret. */
function looksLikeOtherList(text: string): boolean {
  const isLong = (part: string) => Buffer.byteLength(part) >= MIN_SECRET_BYTES;
  const isQuoted = [text.trim(), ...text.split(/\s+/).filter(isLong)].some((part) =>
    /^(["'`]).*\1[,;]?$/s.test(part),
  );
  const isBracketed = /^\[.*\]$/s.test(text.trim());
  const isSeparated = /[,;]/.test(text) && text.split(/[\s,;]+/).filter(isLong).length > 1;
  return isQuoted || isBracketed || isSeparated;
}

function listWarning(name: string): Finding {
  return findingsAbout('secrets').warn(
    `${name} looks like a list with commas, quotes or brackets, which count as part of the secrets`,
    'write a list of secrets with spaces only: old new',
  );
}

/** Shannon entropy of the text. If the text is one part repeated, only that part counts. */
function entropyBits(text: string): number {
  const unrepeated = text.slice(0, (text + text).indexOf(text, 1));
  const counts = new Map<string, number>();
  for (const character of unrepeated) counts.set(character, (counts.get(character) ?? 0) + 1);
  const length = Array.from(unrepeated).length;
  return Array.from(counts.values()).reduce((bits, count) => bits - count * Math.log2(count / length), 0);
}
