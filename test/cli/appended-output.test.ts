import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { MAIN } from '../helpers/apps/cli';

let folder: string;
beforeAll(() => void (folder = mkdtempSync(path.join(tmpdir(), 'passport-visa-append-'))));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a command as `command >> file`, or `command > file`, does. @returns what the file has then */
function redirect(args: string[], before: string, flags: 'a' | 'w'): string {
  const file = path.join(folder, 'output');
  writeFileSync(file, before);
  const output = openSync(file, flags);
  const { status } = spawnSync(process.execPath, ['--', MAIN, ...args], {
    stdio: ['ignore', output, 'inherit'],
  });
  closeSync(output);
  expect(status).toBe(0);
  return readFileSync(file, 'utf8');
}

test.each([
  ['without a line break', 'PORT=3000'],
  ['with a line break', 'PORT=3000\n'],
])('secret >> .env keeps a last line %s as it is', (_state, before) => {
  expect(parseEnv(redirect(['secret'], before, 'a'))).toEqual({
    PORT: '3000',
    ACCESS_TOKEN_SECRET: expect.stringMatching(/^\S{64}$/) as string,
    REFRESH_TOKEN_SECRET: expect.stringMatching(/^\S{64}$/) as string,
  });
});

test('secret into an empty file begins with the first secret', () => {
  for (const flags of ['a', 'w'] as const)
    expect(redirect(['secret'], flags === 'a' ? '' : 'PORT=3000', flags)).toMatch(/^ACCESS_TOKEN_SECRET=/);
});

test('migrate --dry-run >> schema.sql is not swallowed by a comment in the last line', () => {
  const sql = redirect(['migrate', '--dry-run'], '-- my own tables', 'a');
  expect(sql).toMatch(/^-- my own tables\n\S/);
});
