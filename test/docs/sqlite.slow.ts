import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PASSWORD } from '../helpers/apps/app';
import { eventually } from '../helpers/eventually';
import { useDocPage } from '../helpers/snippets';

const LIBS = join(__dirname, '../libs/node_modules');
const page = useDocPage('docs/sqlite.md');

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'passport-visa-sqlite-'))));
afterAll(() => rmSync(folder, { recursive: true }));

const withBetterSqlite3 = (code: string) =>
  code
    .replace("{ DatabaseSync } from 'node:sqlite'", `Database from '${LIBS}/better-sqlite3/lib/index.js'`)
    .replace('new DatabaseSync(', 'new Database(');

test.each([
  ['node:sqlite', undefined],
  ['better-sqlite3', withBetterSqlite3],
])('the app with %s goes from register to logout, in two processes', async (driver, edit) => {
  const env = { DATABASE_FILE: join(folder, `${driver.replace(':', '-')}.db`) };
  const options = { node: join(LIBS, 'node24/bin/node'), ...(edit && { edit }) };
  const here = await page.start('app', env, options);
  const there = await page.start('app', env, options);
  const post = { method: 'POST', body: JSON.stringify({ username: 'ann', password: PASSWORD }) };
  expect((await here('/auth/register', post)).status).toBe(201);
  for (const process of [here, there]) expect((await process('/auth/login', post)).status).toBe(200);
  expect((await there('/auth/refresh', { method: 'POST' })).status).toBe(200);
  expect((await there('/profile')).status).toBe(200);
  expect((await here('/auth/logout-all', { method: 'POST' })).ok).toBe(true);
  await eventually('the other process has heard it', async () => (await there('/profile')).status === 401);
  expect((await there('/auth/refresh', { method: 'POST' })).status).toBe(401);
});
