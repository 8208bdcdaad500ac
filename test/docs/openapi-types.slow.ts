import { execFileSync, execSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { useDocPage } from '../helpers/snippets';

const root = path.join(__dirname, '../..');
const page = useDocPage('docs/openapi.md', 'write');
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(root, 'test', '.docs-types-')); // inside this package, whose generator npx then runs
  await once(page.run('write', { OPENAPI_FILE: path.join(folder, 'auth.openapi.json') }), 'exit');
  const [command = ''] = page.unmarked.filter((code) => code.startsWith('npx openapi-typescript'));
  execSync(command, { cwd: folder, stdio: 'pipe', env: { ...process.env, npm_config_offline: 'true' } });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** @returns what the compiler finds in a client, line by line; empty if nothing */
function compile(client: string): string[] {
  writeFileSync(
    path.join(folder, 'client.ts'),
    `import type { components, paths } from './auth.openapi';\n${client}`,
  );
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  const options = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--ignoreConfig'];
  try {
    execFileSync(process.execPath, [tsc, ...options, '--target', 'es2022', 'client.ts'], { cwd: folder });
    return [];
  } catch (error) {
    return String((error as { stdout: Buffer }).stdout)
      .trim()
      .split('\n');
  }
}

const BODIES = `
  type Refused = components['responses']['AuthRefreshRefused']['content']['application/json'];
  type Body<Path extends keyof paths> = paths[Path] extends
    { post: { requestBody?: { content: { 'application/json': infer Json } } } } ? Json : never;
`;

test('members of a body that have a default are optional in the types of a client, and others are not', () => {
  const client = `${BODIES}
    export const login: Body<'/login'> = { username: 'ann', password: 'secret' };
    export const remembered: Body<'/login'> = { ...login, remember: true, transport: 'body' };
    export const register: Body<'/register'> = { username: 'ann', password: 'secret' };
    export const password: Body<'/password'> = { currentPassword: 'a', newPassword: 'b' };
    export const refresh: Body<'/refresh'> = {};
  `;
  expect(compile(client)).toEqual([]);
  const wrong = [
    `login: Body<'/login'> = { username: 'ann' }`,
    `login: Body<'/login'> = { username: 'ann', password: 'x', remember: 'yes' }`,
    `login: Body<'/login'> = { username: 'ann', password: 'x', transport: 'post' }`,
    `password: Body<'/password'> = { newPassword: 'b' }`,
  ];
  const errors = compile(BODIES + wrong.map((line, at) => `export const n${at}_${line};`).join('\n'));
  for (const at of wrong.keys())
    expect(
      errors.filter((line) => line.startsWith(`client.ts(${BODIES.split('\n').length + 1 + at},`)),
    ).toHaveLength(1);
});

test('the codes of an endpoint are a union, so a misspelt case is an error', () => {
  const client = (code: string) =>
    `${BODIES} export const isReused = (failure: Refused) => failure.code === '${code}';`;
  expect(compile(client('REFRESH_TOKEN_REUSED'))).toEqual([]);
  expect(compile(client('REFRESH_TOKEN_REUSE')).join()).toContain('REFRESH_TOKEN_REUSE');
});
