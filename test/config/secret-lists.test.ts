import { execFile } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { MemoryRefreshTokenStore, MemoryUserStore } from '../../src';
import { checkSecrets } from '../../src/cli/doctor/check-secrets';
import { parseOptions } from '../../src/config/parse-options';
import { secretsIn } from '../../src/tokens/secrets-in';
import { ACCESS_SECRET, createTestApp, REFRESH_SECRET } from '../helpers/apps/app';
import { optionsWith, refusal } from '../helpers/apps/options';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';

const OLD = 'k3Jq9vR2xLm8TzWn5YpBc7HdFg4SaUe1';
const NEW = 'Zt6bQw0yMs3XoEi8KfVj1NlRuPd5GhCa';
const PHRASE = 'seven grey otters juggle nine plums by the quiet lake';

/** A variable, and the secrets in it. Every reader of variables must see the same. */
const TABLE: Readonly<Record<string, readonly string[]>> = {
  [OLD]: [OLD],
  [`${OLD} ${NEW}`]: [OLD, NEW],
  [`${NEW} ${OLD}`]: [NEW, OLD],
  [`  ${OLD}   ${NEW} `]: [OLD, NEW],
  [`${OLD}\n${NEW}\n`]: [OLD, NEW],
  [`${OLD}\t${NEW}`]: [OLD, NEW],
  [`${OLD}\n`]: [OLD],
  [PHRASE]: [PHRASE],
};
const rows = Object.entries(TABLE);

const keysOf = (secret: unknown) =>
  parseOptions(optionsWith({ 'accessToken.secret': secret })).accessToken.keys;

test.each(rows)('createAuth finds the secrets in %j, and last accepts the text as it is', (text, secrets) => {
  const keys = keysOf(text);
  const expected = keysOf([...new Set([...secrets, text])]);
  expect([...keys.kids]).toEqual([...expected.kids]);
  expect(keys.signing.kid).toBe(keysOf(secrets[0]).signing.kid);
  const { refreshToken } = parseOptions(optionsWith({ 'refreshToken.secret': text }));
  expect([...refreshToken.keys.kids]).toEqual([...expected.kids]);
});

test('a text without white space makes one key', () => {
  expect(keysOf(OLD).verificationKeys).toHaveLength(1);
});

test.each(rows)('the doctor finds the secrets in %j', (text, secrets) => {
  const findings = checkSecrets({ ACCESS_TOKEN_SECRET: text, REFRESH_TOKEN_SECRET: 'x' });
  const about = findings.filter(({ message }) => message.startsWith('ACCESS_TOKEN_SECRET'));
  expect(about.map(({ message }) => Number(/(\d+) bytes/.exec(message)?.[1]))).toEqual(
    secrets.map((secret) => Buffer.byteLength(secret)),
  );
});

const folder = mkdtempSync(join(tmpdir(), 'secret-lists-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('the example hands each variable of the table to createAuth as it is', async () => {
  const settings = pathToFileURL(resolve('example/settings.mjs'));
  const script = `
    import { readSettings } from '${settings.href}';
    const read = (text) => {
      process.env.ACCESS_TOKEN_SECRET = process.env.REFRESH_TOKEN_SECRET = text;
      return readSettings();
    };
    console.log(JSON.stringify(${JSON.stringify(Object.keys(TABLE))}.map(read)));`;
  // The example writes what is missing, and says so.
  const env = { ...process.env, ENV_FILE: join(folder, '.env'), FACTOR_KEY: 'k'.repeat(32) };
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    env,
  });
  const read = JSON.parse(stdout) as { accessTokenSecret: string; refreshTokenSecret: string }[];
  expect(read.map(({ accessTokenSecret }) => accessTokenSecret)).toEqual(Object.keys(TABLE));
  expect(read.map(({ refreshTokenSecret }) => refreshTokenSecret)).toEqual(Object.keys(TABLE));
});

test.each([`${OLD}\n`, `${OLD} ${NEW}`, `a ${OLD}`])(
  'a list of one, [%j], keeps the text as one secret',
  (text) => {
    const { keys } = parseOptions(optionsWith({ 'accessToken.secret': [text] })).accessToken;
    expect(keys.kids.size).toBe(1);
    expect(keys.signing.key.export().toString()).toBe(text);
  },
);

test.each([
  [`${OLD} short`, 'HS256', 'Word 2 of 2 has 5 bytes, but HS256 needs at least 32'],
  [`the ${OLD} of my old app`, 'HS256', 'Word 1 of 6 has 3 bytes, but HS256 needs at least 32'],
  [`${OLD}${NEW} ${OLD}`, 'HS384', 'Word 2 of 2 has 32 bytes, but HS384 needs at least 48'],
  [`${OLD}${NEW}\n${NEW}`, 'HS512', 'Word 2 of 2 has 32 bytes, but HS512 needs at least 64'],
])(
  'a list with a word too short for a secret, %j, is refused with the way to pass one secret',
  (text, algorithm, problem) => {
    const { message } = refusal({ 'accessToken.algorithm': algorithm, 'accessToken.secret': text });
    expect(message).toBe(
      `accessToken.secret is a text with white space, so it is read as a list. ${problem}. If the text is one secret, pass [text]`,
    );
    expect(() =>
      parseOptions(optionsWith({ 'accessToken.algorithm': algorithm, 'accessToken.secret': [text] })),
    ).not.toThrow();
  },
);

test.each([
  ['HS384', `${OLD} ${NEW}`],
  ['HS512', `${OLD} ${NEW}`],
  ['HS512', `${OLD}0123456789 ${NEW}0123456789`],
])('for %s a text is one secret if no word is long enough: %j', (algorithm, text) => {
  const { keys } = parseOptions(
    optionsWith({ 'accessToken.algorithm': algorithm, 'accessToken.secret': text }),
  ).accessToken;
  expect(keys.kids.size).toBe(1);
  expect(keys.signing.key.export().toString()).toBe(text);
});

test('a phrase that is too short is refused as one secret', () => {
  expect(refusal({ 'accessToken.secret': 'too short a phrase' }).message).toMatch(
    /^accessToken.secret must be at least 32 bytes/,
  );
});

test('a text in an array is one secret, whatever is in it', () => {
  expect(keysOf([`${OLD} ${NEW}`]).kids.size).toBe(1);
});

describe('a text that 0.1.0 took as one secret', () => {
  // A list of one is one secret, as 0.1.0 took every text.
  const before = (text: string) => [text];

  test.each(rows.map(([text]) => text).concat(`${OLD} ${NEW}\r\n`, `\ufeff${OLD}`))(
    'logs no user out when the release is upgraded: %j',
    async (text) => {
      const stores = { users: new MemoryUserStore(), refreshTokens: new MemoryRefreshTokenStore() };
      const appWith = (access: Secret, refresh: Secret) =>
        createTestApp({ ...stores, accessToken: { secret: access }, refreshToken: { secret: refresh } });
      type Secret = string | string[];
      const old = appWith(before(text), REFRESH_SECRET);
      const oldRefresh = appWith(ACCESS_SECRET, before(text));
      await old.register('ann');
      const [byAccess, byRefresh] = [await old.tokensOf('ann'), await oldRefresh.tokensOf('ann')];

      const bearer = { Authorization: `Bearer ${byAccess.accessToken}` };
      await appWith(text, REFRESH_SECRET).client().get('/auth/check').set(bearer).expect(200);
      const upgraded = appWith(ACCESS_SECRET, text);
      const { refreshToken } = byRefresh;
      const { body } = await upgraded.client().post('/auth/refresh').send({ refreshToken }).expect(200);
      const next = (body as { refreshToken: string }).refreshToken;
      await upgraded.client().post('/auth/refresh').send({ refreshToken: next }).expect(200);
      // What the upgraded release signs, it signs with the first word.
      const first = secretsIn(text)[0] as string;
      await appWith(ACCESS_SECRET, [first])
        .client()
        .post('/auth/refresh')
        .send({ refreshToken: next })
        .expect(200);
    },
  );
});

describe('the doctor warns of a list in another notation than white space', () => {
  const warnings = (text: string) => {
    const findings = checkSecrets({ ACCESS_TOKEN_SECRET: text, REFRESH_TOKEN_SECRET: text });
    expect(JSON.stringify(findings)).not.toContain(OLD);
    return findings.filter(({ level }) => level === 'warn').map(({ message }) => message);
  };

  test.each([
    `${OLD},${NEW}`,
    `${OLD}, ${NEW}`,
    `${OLD};${NEW}`,
    `"${OLD}" "${NEW}"`,
    `'${OLD}' '${NEW}'`,
    `"${OLD}"`,
    `["${OLD}","${NEW}"]`,
    `["${OLD}", "${NEW}"]`,
    `[${OLD} ${NEW}]`,
  ])('%s', (text) => {
    expect(warnings(text)).toEqual(
      ['ACCESS_TOKEN_SECRET', 'REFRESH_TOKEN_SECRET'].map(
        (name) =>
          `${name} looks like a list with commas, quotes or brackets, which count as part of the secrets`,
      ),
    );
  });

  test.each([
    OLD,
    `${OLD} ${NEW}`,
    `${OLD}\n`,
    PHRASE,
    `k3Jq9,vR2xLm8TzW;n5YpBc7HdFg4"SaUe1'[]`,
    `${OLD},short`,
  ])('and not of %j', (text) => expect(warnings(text)).toEqual([]));
});

test.each([
  [OLD, ', enough for HS256 only'],
  [OLD + NEW.slice(0, 16), ', enough for HS256 and HS384 only'],
  [OLD + NEW, ''],
])('the doctor says which algorithms an access secret is long enough for: %s', (secret, suffix) => {
  const [access, refresh] = checkSecrets({ ACCESS_TOKEN_SECRET: secret, REFRESH_TOKEN_SECRET: secret });
  const bytes = Buffer.byteLength(secret);
  expect(access?.message).toBe(`ACCESS_TOKEN_SECRET is set, ${bytes} bytes${suffix}`);
  expect(refresh?.message).toBe(`REFRESH_TOKEN_SECRET is set, ${bytes} bytes`);
});

test('the doctor says of a short word that the text is read as a list', () => {
  const [, word] = checkSecrets({ ACCESS_TOKEN_SECRET: `${OLD} short` });
  expect(word).toMatchObject({
    level: 'fail',
    message: 'ACCESS_TOKEN_SECRET (2 of 2) has 5 bytes; 32 are the least',
  });
  expect(word?.cure).toMatch(
    /the white space makes the text a list: if it is one secret, pass \[text\] to createAuth$/,
  );
});
