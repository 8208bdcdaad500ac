import { execFile } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { checkSecrets } from '../../src/cli/doctor/check-secrets';
import { parseOptions } from '../../src/config/parse-options';
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

test.each(rows)('createAuth finds the secrets in %j', (text, secrets) => {
  const keys = keysOf(text);
  const expected = keysOf(secrets);
  expect([...keys.kids]).toEqual([...expected.kids]);
  expect(keys.signing.kid).toBe(expected.signing.kid);
  const { refreshToken } = parseOptions(optionsWith({ 'refreshToken.secret': text }));
  expect([...refreshToken.keys.kids]).toEqual([...expected.kids]);
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
  const env = { ...process.env, ENV_FILE: join(folder, '.env') };
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

test('a list with a word too short for a secret, and a short phrase, are refused', () => {
  for (const text of [`${OLD} short`, 'too short a phrase'])
    expect(refusal({ 'accessToken.secret': text }).message).toMatch(
      /^accessToken.secret must be at least 32 bytes/,
    );
});

test('a text in an array is one secret, whatever is in it', () => {
  expect(keysOf([`${OLD} ${NEW}`]).kids.size).toBe(1);
});
